// Takes the lock of a folder and prints `held`, or the error as JSON. Holds it until standard input ends, then releases it.
import { AlopexError } from '../../../engine/errors.ts';
import { DirectoryLock } from '../directory-lock.ts';

try {
  const lock = await DirectoryLock.acquire(process.argv[2] ?? '');
  process.stdout.write('held\n');
  for await (const ignored of process.stdin) void ignored;
  await lock.release();
} catch (error) {
  if (!(error instanceof AlopexError)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`);
}
