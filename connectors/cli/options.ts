import { parseArgs } from 'node:util';

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

/**
 * Options in the order given. An option's value may begin with a dash (`-c '-- a comment'`).
 *
 * @throws UsageError for an unknown option, a missing or needless value, and arguments that are no options
 */
export function parseOptions<Name extends string>(
  command: string,
  args: readonly string[],
  specs: Readonly<Record<Name, OptionSpec>>,
): GivenOption<Name>[] {
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
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional')
      throw new UsageError(`unexpected argument ${JSON.stringify(token.value)}`, command);
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
  return given;
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
