import { readFile } from 'node:fs/promises';
import { isLoopback } from '../http/access.ts';
import { catalogEndpoint } from '../http/catalog-endpoint.ts';
import { HttpServer } from '../http/http-server.ts';
import { sqlEndpoint } from '../http/sql-endpoint.ts';
import { writeText } from '../text/output.ts';
import type { CliContext, Command } from './command.ts';
import type { CliDatabase, DatabaseOptions } from './database.ts';
import { errorText } from './error-text.ts';
import { dataDirOf, databaseOptionsOf, lastOf, optionsHelp, parseOptions, UsageError } from './options.ts';
import { withDatabase } from './with-database.ts';

const OPTIONS = {
  http: { value: 'HOST:PORT', help: 'where to listen (default 127.0.0.1:8181); port 0 is any that is free' },
  'data-dir': { value: 'DIR', help: 'directory of the database (default ./alopex-data)' },
  'token-file': { value: 'FILE', help: 'file with the bearer token that clients must send' },
  'allow-unauthenticated': { help: 'listen to other machines without a token' },
  'catalog-location': {
    value: 'ADDRESS',
    help: 'let catalog tables be here too, not just in the warehouse; may be repeated',
  },
  'memory-limit': { value: 'SIZE', help: 'memory for queries, such as 4GB' },
  threads: { value: 'N', help: 'threads for queries' },
  help: { short: 'h', help: 'this text' },
} as const;

const HELP = `Usage: alopex server [OPTION]...

Serves a database over HTTP until it is told to stop (Ctrl-C, SIGTERM): POST /sql, an Iceberg REST catalog below /catalog, GET /health.
Prints one line when it is ready: ready http=http://127.0.0.1:8181

${optionsHelp(OPTIONS)}
The token may also be in the environment variable ALOPEX__HTTP__TOKEN.
Exit status: 0 stopped, 1 an error, 2 bad usage.
`;

/** For how long requests may go on after the server was told to stop. */
const GRACE_MS = 10_000;
const DEFAULT_ADDRESS = '127.0.0.1:8181';

interface Settings {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  readonly dataDir: string;
  readonly catalogLocations: readonly string[];
  readonly database: DatabaseOptions;
}

export const serverCommand: Command = {
  name: 'server',
  summary: 'serve SQL and an Iceberg catalog over HTTP',
  help: HELP,
  async run(args, context) {
    const given = parseOptions('server', args, OPTIONS);
    if (lastOf(given, 'help') !== undefined) {
      await writeText(context.stdout, HELP);
      return 0;
    }
    const { host, port } = addressOf(lastOf(given, 'http') ?? DEFAULT_ADDRESS);
    const token = await readToken(lastOf(given, 'token-file'), context.env['ALOPEX__HTTP__TOKEN']);
    if (!isLoopback(host) && token === undefined && lastOf(given, 'allow-unauthenticated') === undefined) {
      throw new UsageError(
        `other machines can reach ${host}: give a --token-file, or --allow-unauthenticated to let anybody in`,
        'server',
      );
    }
    const settings: Settings = {
      host,
      port,
      token,
      dataDir: dataDirOf(lastOf(given, 'data-dir'), 'server'),
      catalogLocations: given.filter(({ name }) => name === 'catalog-location').map(({ value }) => value),
      database: databaseOptionsOf(lastOf(given, 'memory-limit'), lastOf(given, 'threads'), 'server'),
    };
    const db = await context.openDatabase(settings.dataDir, settings.database);
    return withDatabase(context, db, () => serve(db, settings, context));
  },
};

async function serve(db: CliDatabase, settings: Settings, { stdout, stderr, signal }: CliContext): Promise<void> {
  const { host, port, token, catalogLocations } = settings;
  const onError = (error: unknown): void => void stderr.write(errorText(error));
  const server = await HttpServer.start({
    host,
    port,
    endpoints: [sqlEndpoint(db), catalogEndpoint(db.catalog({ locations: catalogLocations, onError }))],
    ...(token === undefined ? {} : { token }),
    onError,
  });
  try {
    await writeText(stdout, `ready http=${server.url}\n`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    await server.close(GRACE_MS);
  }
}

function addressOf(text: string): { host: string; port: number } {
  const match = /^(?:(\[[^\]]+\]|[^:]+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new UsageError(`${JSON.stringify(text)} is no address; write it as 127.0.0.1:8181`, 'server');
  }
  return { host: (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port };
}

async function readToken(path: string | undefined, fromEnvironment: string | undefined): Promise<string | undefined> {
  let text = fromEnvironment;
  if (path !== undefined) {
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      throw new UsageError(
        `the token file cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        'server',
      );
    }
  }
  const token = text?.trim();
  if (token === '') throw new UsageError('the token is empty', 'server');
  return token;
}
