/* oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin */
import { parentPort, workerData } from 'node:worker_threads';
import { RowNumbers, VALUE } from './contestant.ts';
import { INSERT, openSqlite } from './sqlite.ts';

/** One of SQLite's writers: commits when it is told to, and says how many commits it made. */
const { path, writer } = workerData as { readonly path: string; readonly writer: number };
const insert = openSqlite(path).prepare(INSERT);
const numbers = new RowNumbers();

parentPort?.on('message', ({ durationMs }: { readonly durationMs: number }) => {
  const deadline = performance.now() + durationMs;
  let commits = 0;
  do {
    insert.run(numbers.of(writer), VALUE);
    commits++;
  } while (performance.now() < deadline);
  parentPort?.postMessage(commits);
});
parentPort?.postMessage('ready');
