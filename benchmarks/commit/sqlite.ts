import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { RowNumbers, VALUE, type CommitContestant, type Committed } from './contestant.ts';

/** More threads than this only wait for SQLite's one lock. */
const MOST_WORKERS = 8;

export const INSERT = 'INSERT INTO t VALUES (?, ?)';

/** A connection as it is quoted in the comparison: write-ahead log, every commit synced. */
export function openSqlite(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: 60_000 });
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  return connection;
}

/** One thread, one connection: the writers take turns, as `node:sqlite` gives way to nobody during a statement. */
export function sqliteInProcess(folder: string): CommitContestant {
  const connection = openSqlite(join(folder, 'in-process.db'));
  connection.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)');
  const insert = connection.prepare(INSERT);
  const numbers = new RowNumbers();
  return {
    name: 'SQLite, one thread',
    commit: (writers, durationMs) => {
      const start = performance.now();
      const deadline = start + durationMs;
      let commits = 0;
      do {
        insert.run(numbers.of(commits % writers), VALUE);
        commits++;
      } while (performance.now() < deadline);
      return Promise.resolve({ commits, elapsedMs: performance.now() - start });
    },
    rows: () => Promise.resolve(Number(connection.prepare('SELECT count(*) AS n FROM t').get()?.['n'])),
    close: () => Promise.resolve(connection.close()),
  };
}

/** A thread and a connection for each writer, eight at most. */
export async function sqliteWorkers(folder: string): Promise<CommitContestant> {
  const path = join(folder, 'workers.db');
  const connection = openSqlite(path);
  connection.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)');
  const workers: Worker[] = [];
  for (let writer = 0; writer < MOST_WORKERS; writer++) {
    const worker = new Worker(new URL('./sqlite-writer.ts', import.meta.url), { workerData: { path, writer } });
    workers.push(worker);
    await once(worker, 'message');
  }
  return {
    name: `SQLite, threads (at most ${MOST_WORKERS})`,
    commit: async (writers, durationMs): Promise<Committed> => {
      const start = performance.now();
      const counts = await Promise.all(
        workers.slice(0, writers).map(async (worker) => {
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
          worker.postMessage({ durationMs });
          const [count] = (await once(worker, 'message')) as [number];
          return count;
        }),
      );
      return { commits: counts.reduce((sum, count) => sum + count, 0), elapsedMs: performance.now() - start };
    },
    rows: () => Promise.resolve(Number(connection.prepare('SELECT count(*) AS n FROM t').get()?.['n'])),
    close: async () => {
      for (const worker of workers) await worker.terminate();
      connection.close();
    },
  };
}
