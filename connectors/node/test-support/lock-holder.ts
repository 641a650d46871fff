// Takes the lock of a folder and prints `held`, or the error as JSON. Holds it until standard input ends, then releases it. With `nobody` as second
// argument, root gives up its rights first; everything is loaded before, for nobody may not be able to read this project.
import { DuckDBInstance } from '@duckdb/node-api';
import { AlopexError } from '../../../engine/errors.ts';
import { DirectoryLock } from '../directory-lock.ts';

const NOBODY = 65_534;

const [, , folder = '', user] = process.argv;
if (user === 'nobody' && process.getuid?.() === 0) {
  (await DuckDBInstance.create(':memory:')).closeSync();
  process.setgroups?.([]);
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}
try {
  const lock = await DirectoryLock.acquire(folder);
  process.stdout.write('held\n');
  for await (const ignored of process.stdin) void ignored;
  await lock.release();
} catch (error) {
  if (!(error instanceof AlopexError)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`);
}
