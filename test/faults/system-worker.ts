// Commits and says so on standard output, in a process of which system calls fail; after a refusal it goes on trying for a while.
// Arguments: the data directory, the durability, and how many commits are made at a time.
import { writeSync } from 'node:fs';
import { AlopexDB, AlopexError, type Durability } from '../../index.ts';
import { COMMITS, keyOf, perform, type Line } from './system-commits.ts';

const TRIES_AFTER_REFUSAL = 6;
const [, , folder = '', durability = 'full', atATime = '3'] = process.argv;

function say(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Runs something that may be refused; other errors end the process. */
async function attempt(number: number, work: () => Promise<unknown>): Promise<boolean> {
  say({ line: 'try', number });
  try {
    await work();
    say({ line: 'done', number });
    return true;
  } catch (error) {
    if (!(error instanceof AlopexError)) throw error;
    say({ line: 'refused', number, code: error.code, message: error.message });
    return false;
  }
}

let db: AlopexDB | undefined;
const isOpen = await attempt(-1, async () => {
  db = await AlopexDB.open(folder, {
    durability: durability as Durability,
    syncIntervalMs: 3,
    threads: 1,
    limits: { kvMemtableBytes: 1_000_000 },
  });
  await db.execute('CREATE TABLE IF NOT EXISTS t (id BIGINT PRIMARY KEY, v VARCHAR)');
});
if (isOpen && db !== undefined) {
  const open = db;
  let left = TRIES_AFTER_REFUSAL;
  const together = Array.from({ length: Number(atATime) }, (_, each) => each);
  for (let number = 0; number < COMMITS && left > 0; number += together.length) {
    // Several share a write; those alone are written within the call while the disk is quick.
    const done = await Promise.all(together.map((each) => attempt(number + each, () => perform(open, number + each))));
    if (done.includes(false)) left--;
  }
  await open.kv.get(keyOf(0)).catch((error: unknown) => {
    if (!(error instanceof AlopexError)) throw error;
  });
}
await db?.close().catch((error: unknown) => {
  if (!(error instanceof AlopexError)) throw error;
});
