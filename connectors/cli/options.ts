import { parseArgs } from 'node:util';
import type { DatabaseOptions } from './database.ts';
import { FORMATS, isFormat, type Format } from '../text/formats/format.ts';

/** Bad usage: the message says what is wrong with the command line. Exit status 2. */
export class UsageError extends Error {
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.name = 'UsageError';
    this.command = command;
  }
}

export interface OptionSpec {
  readonly short?: string;
  /** What stands for the value in the help; an option without it is a flag. */
  readonly value?: string;
  readonly help: string;
}

export interface GivenOption<Name extends string> {
  readonly name: Name;
  /** The empty string for a flag. */
  readonly value: string;
}

export interface GivenArguments<Name extends string> {
  /** In the order given. */
  readonly options: GivenOption<Name>[];
  /** What is no option, nor the value of one, in the order given. */
  readonly positionals: string[];
}

/**
 * The options of a command that takes nothing else.
 *
 * @throws UsageError as `parseArguments`, and for arguments that are no options
 */
export function parseOptions<Name extends string>(
  command: string,
  args: readonly string[],
  specs: Readonly<Record<Name, OptionSpec>>,
): GivenOption<Name>[] {
  const { options, positionals } = parseArguments(command, args, specs);
  const [unexpected] = positionals;
  if (unexpected !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(unexpected)}`, command);
  return options;
}

/**
 * Options and other arguments. An option's value may begin with a dash (`-c '-- a comment'`); what follows `--` is no option.
 *
 * @throws UsageError for an unknown option, and for a missing or needless value
 */
export function parseArguments<Name extends string>(
  command: string,
  args: readonly string[],
  specs: Readonly<Record<Name, OptionSpec>>,
): GivenArguments<Name> {
  const entries = Object.entries<OptionSpec>(specs);
  const options = Object.fromEntries(
    entries.map(([name, { short, value }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  // Not strict: it would refuse values that begin with a dash. The tokens say all that is needed to check.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const given: GivenOption<Name>[] = [];
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      positionals.push(token.value);
      continue;
    }
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name as Name] : undefined;
    if (spec === undefined) throw new UsageError(`unknown option ${token.rawName}`, command);
    if (spec.value !== undefined && token.value === undefined) {
      throw new UsageError(`option ${token.rawName} needs a value: ${spec.value}`, command);
    }
    if (spec.value === undefined && token.value !== undefined) {
      throw new UsageError(`option ${token.rawName} takes no value`, command);
    }
    given.push({ name: token.name as Name, value: token.value ?? '' });
  }
  return { options: given, positionals };
}

/** The value of an option; of one that is given several times, the last. The empty string for a flag. */
export function lastOf<Name extends string>(given: readonly GivenOption<Name>[], name: Name): string | undefined {
  return given.findLast((option) => option.name === name)?.value;
}

/** The directory of the database. */
export function dataDirOf(value: string | undefined, command: string): string {
  if (value === '') throw new UsageError('option --data-dir needs a directory', command);
  return value ?? './alopex-data';
}

/** What queries may use. */
export function databaseOptionsOf(
  memoryLimit: string | undefined,
  threads: string | undefined,
  command: string,
): DatabaseOptions {
  if (memoryLimit !== undefined && !/^\d+(\.\d+)?\s*([KMGT]i?)?B$/i.test(memoryLimit)) {
    throw new UsageError(`${JSON.stringify(memoryLimit)} is no amount of memory; write it as 4GB or 512MB`, command);
  }
  if (threads !== undefined && !/^[1-9]\d{0,3}$/.test(threads)) {
    throw new UsageError(`${JSON.stringify(threads)} is no number of threads`, command);
  }
  return {
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(threads === undefined ? {} : { threads: Number(threads) }),
  };
}

/** An output format. */
export function formatOf(value: string, command: string): Format {
  if (isFormat(value)) return value;
  throw new UsageError(`there is no format ${JSON.stringify(value)}; the formats are: ${FORMATS.join(', ')}`, command);
}

/** Lines of help, one for each option. */
export function optionsHelp(specs: Readonly<Record<string, OptionSpec>>): string {
  const rows = Object.entries(specs).map(([name, { short, value, help }]) => {
    const names = `${short === undefined ? '    ' : `-${short}, `}--${name}`;
    return [value === undefined ? names : `${names} ${value}`, help] as const;
  });
  const width = Math.max(...rows.map(([names]) => names.length));
  return rows.map(([names, help]) => `  ${names.padEnd(width)}  ${help}\n`).join('');
}
