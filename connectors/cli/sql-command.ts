import type { Readable } from 'node:stream';
import { AlopexError } from '../../engine/errors.ts';
import { transactionLeftOpen } from '../../engine/sql/scope.ts';
import type { CliContext, Command } from './command.ts';
import type { CliConnection, DatabaseOptions } from './database.ts';
import { withDatabase } from './with-database.ts';
import { FORMATS, type Format, printerOf } from '../text/formats/format.ts';
import { readInputFile, readStream } from './input.ts';
import { History } from './history.ts';
import {
  dataDirOf,
  databaseOptionsOf,
  formatOf,
  type GivenOption,
  lastOf,
  optionsHelp,
  parseOptions,
  UsageError,
} from './options.ts';
import { Output, terminalWidth, writeText } from '../text/output.ts';
import { Repl } from './repl.ts';
import { runStatements } from './run-statements.ts';

const OPTIONS = {
  command: { short: 'c', value: 'SQL', help: 'run these statements; may be repeated' },
  file: { short: 'f', value: 'FILE', help: 'run the statements of a file, - for standard input; may be repeated' },
  'data-dir': { value: 'DIR', help: 'directory of the database (default ./alopex-data)' },
  output: { value: 'FORMAT', help: `${FORMATS.join(', ')} (default table)` },
  'memory-limit': { value: 'SIZE', help: 'memory for queries, such as 4GB' },
  threads: { value: 'N', help: 'threads for queries' },
  help: { short: 'h', help: 'this text' },
} as const;

const HELP = `Usage: alopex sql [OPTION]...

Runs SQL statements: those of -c and -f in the order given, or else those of standard input.
On a terminal without -c and -f it reads and runs them one by one.

${optionsHelp(OPTIONS)}
Exit status: 0 ok, 1 SQL or runtime error, 2 bad usage. The first failing statement ends the run.
`;

/** Where statements come from. */
type Source = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'file'; readonly path: string };

interface Settings {
  readonly help: boolean;
  readonly sources: readonly Source[];
  readonly dataDir: string;
  readonly format: Format;
  readonly database: DatabaseOptions;
}

export const sqlCommand: Command = {
  name: 'sql',
  summary: 'run SQL statements, or read them from the terminal',
  help: HELP,
  async run(args, context) {
    const settings = readSettings(parseOptions('sql', args, OPTIONS));
    if (settings.help) {
      await writeText(context.stdout, HELP);
      return 0;
    }
    const interactive = settings.sources.length === 0 && context.stdin.isTTY === true;
    // All is read before anything runs: a file that is missing leaves nothing half done.
    const texts = interactive ? [] : await readSources(settings.sources, context);
    const db = await context.openDatabase(settings.dataDir, settings.database);
    return withDatabase(context, db, async () => {
      const connection = await db.connect();
      return withDatabase(context, connection, () =>
        interactive ? runRepl(connection, settings, context) : runTexts(connection, texts, settings, context),
      );
    });
  },
};

async function runTexts(
  db: CliConnection,
  texts: readonly string[],
  { format }: Settings,
  { stdout, signal }: CliContext,
): Promise<void> {
  const output = new Output(stdout);
  const print = printerOf(format, { maxWidth: terminalWidth(stdout), maxRows: undefined, types: false });
  for (const text of texts) {
    await runStatements(db, text, { output, print, announceCommands: format === 'table', signal });
  }
  if (!db.isInTransaction) return;
  throw transactionLeftOpen('End the statements with COMMIT.');
}

async function runRepl(db: CliConnection, { dataDir, format }: Settings, context: CliContext): Promise<void> {
  const { stdin, stdout, stderr, signal, env, version } = context;
  const history = History.open(env, (message) => stderr.write(`${message}\n`));
  await new Repl({ db, stdin, stdout, stderr, history, format, signal, now: () => performance.now() }).run(
    `AlopexDB ${version}, data in ${dataDir}\nStatements end with a semicolon; \\? explains the other commands, \\q quits.\n`,
  );
}

function readSettings(given: readonly GivenOption<keyof typeof OPTIONS>[]): Settings {
  const last = (name: keyof typeof OPTIONS): string | undefined => lastOf(given, name);
  const format = formatOf(last('output') ?? 'table', 'sql');
  const dataDir = dataDirOf(last('data-dir'), 'sql');
  const database = databaseOptionsOf(last('memory-limit'), last('threads'), 'sql');
  const sources = given.flatMap(({ name, value }): Source[] => {
    if (name === 'command') return [{ kind: 'text', text: value }];
    return name === 'file' ? [{ kind: 'file', path: value }] : [];
  });
  if (sources.filter((source) => source.kind === 'file' && source.path === '-').length > 1) {
    throw new UsageError('standard input can be read once only', 'sql');
  }
  return {
    help: last('help') !== undefined,
    sources,
    dataDir,
    format,
    database,
  };
}

async function readSources(sources: readonly Source[], { stdin, signal }: CliContext): Promise<string[]> {
  if (sources.length === 0) return [await readText(stdin, signal)];
  const texts: string[] = [];
  for (const source of sources) {
    if (source.kind === 'text') texts.push(source.text);
    else if (source.path === '-') texts.push(await readText(stdin, signal));
    else texts.push(decode(await readInputFile(source.path), source.path));
  }
  return texts;
}

async function readText(stream: Readable, signal: AbortSignal): Promise<string> {
  return decode(await readStream(stream, signal), 'standard input');
}

/** A byte order mark is dropped. */
function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AlopexError('22021', `${name} is not UTF-8 text`, { cause });
  }
}
