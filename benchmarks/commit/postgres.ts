import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { VALUE, type CommitContestant } from './contestant.ts';

const DEBIAN_BINARIES = '/usr/lib/postgresql/15/bin';
const PROGRAMS = ['initdb', 'postgres', 'psql', 'pgbench'] as const;
const START_ATTEMPTS = 100;
const START_POLL_MS = 100;
const ROWS_PER_TURN = 1_000_000_000;

/** A client has its own sequence of rows, as the other contestants' writers have. */
const SCRIPT = `\\set n :n + 1
\\set id :client_id * 1000000000000 + :n
INSERT INTO t VALUES (:id, :v);
`;

const SETTINGS = [
  'listen_addresses=',
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  'max_connections=100',
];

const run = promisify(execFile);

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** The folder of PostgreSQL's programs, or why there is none. */
export async function findPostgres(): Promise<{ binaries: string; version: string } | { missing: string }> {
  const candidates = [await configured(), DEBIAN_BINARIES].filter((folder) => folder !== undefined);
  const binaries = candidates.find((folder) => PROGRAMS.every((program) => existsSync(join(folder, program))));
  if (binaries === undefined) {
    return { missing: `${PROGRAMS.join(', ')} are not in ${candidates.join(' or ')}` };
  }
  const { stdout } = await run(join(binaries, 'postgres'), ['--version']);
  return { binaries, version: stdout.trim() };
}

/** A private cluster that listens on a socket in its folder only; `pgbench` plays the writers, with two threads. */
export async function postgres(base: string, binaries: string): Promise<CommitContestant> {
  const folder = await mkdtemp(join(base, 'alopex-pg-'));
  let server: ChildProcess | undefined;
  const close = async (): Promise<void> => {
    if (server !== undefined) await stop(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const account = await serverAccount();
    if (account.uid !== undefined) await chown(folder, account.uid, account.gid ?? account.uid);
    const data = join(folder, 'data');
    const script = join(folder, 'insert.sql');
    await writeFile(script, SCRIPT, { mode: 0o644 });
    const inFolder = { cwd: folder, ...account };
    await run(
      join(binaries, 'initdb'),
      ['-D', data, '-A', 'trust', '-U', 'bench', '-E', 'UTF8', '--locale=C'],
      inFolder,
    );
    server = await start(binaries, folder, data, inFolder);
    const client = ['-h', folder, '-U', 'bench'];
    const sql = async (text: string): Promise<string> => {
      const { stdout } = await run(join(binaries, 'psql'), [...client, '-d', 'postgres', '-XAtc', text], inFolder);
      return stdout.trim();
    };
    await answering(() => sql('SELECT 1'), server, join(folder, 'server.log'));
    await sql('CREATE TABLE t (id bigint PRIMARY KEY, v text)');
    let turns = 0;
    return {
      name: 'PostgreSQL',
      commit: async (writers, durationMs) => {
        const settings = ['-D', `n=${turns++ * ROWS_PER_TURN}`, '-D', `v=${VALUE}`];
        const load = ['-c', `${writers}`, '-j', `${Math.min(writers, 2)}`, '-T', `${Math.ceil(durationMs / 1000)}`];
        const { stdout } = await run(
          join(binaries, 'pgbench'),
          ['-n', '-M', 'prepared', '-f', script, ...settings, ...load, ...client, 'postgres'],
          inFolder,
        );
        const commits = figure(stdout, /^number of transactions actually processed: (\d+)/m);
        return { commits, elapsedMs: (commits / figure(stdout, /^tps = ([\d.]+)/m)) * 1000 };
      },
      rows: async () => Number(await sql('SELECT count(*) FROM t')),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function configured(): Promise<string | undefined> {
  try {
    return (await run('pg_config', ['--bindir'])).stdout.trim();
  } catch {
    return undefined; // Without pg_config the usual folder is looked into.
  }
}

/** PostgreSQL does not run as root: it gets the account that its package made, or that of nobody. */
async function serverAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  for (const user of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(
        ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)),
      );
      if (uid !== undefined && gid !== undefined) return { uid, gid };
    } catch {
      continue; // There is no such user.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user "postgres" nor "nobody"');
}

async function start(
  binaries: string,
  folder: string,
  data: string,
  options: { readonly cwd: string } & Account,
): Promise<ChildProcess> {
  const log = await open(join(folder, 'server.log'), 'w');
  try {
    const settings = [...SETTINGS, `unix_socket_directories=${folder}`].flatMap((setting) => ['-c', setting]);
    return spawn(join(binaries, 'postgres'), ['-D', data, ...settings], {
      ...options,
      stdio: ['ignore', log.fd, log.fd],
    });
  } finally {
    await log.close();
  }
}

async function answering(ask: () => Promise<unknown>, server: ChildProcess, log: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await ask();
      return;
    } catch (error) {
      const gone = server.exitCode !== null || server.signalCode !== null;
      if (gone || attempt === START_ATTEMPTS)
        throw new Error(`PostgreSQL does not start; see ${log}`, { cause: error });
      await sleep(START_POLL_MS);
    }
  }
}

/** PostgreSQL's fast shutdown. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, 'exit');
  server.kill('SIGINT');
  await exit;
}

function figure(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`pgbench did not print ${pattern.source}:\n${text}`);
  return Number(found);
}
