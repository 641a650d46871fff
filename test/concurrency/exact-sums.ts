import { AlopexDB, AlopexError } from '../../index.ts';
import { openAccounts, readSums, rearrange, rewrite, ROWS, TOTAL, transfer } from './money.ts';
import { Random } from './random.ts';

const READERS = 16;

export interface Tally {
  reads: number;
  transfers: number;
  rearrangements: number;
  /** Changes that lost against others: that may be. */
  conflicts: number;
  readonly wrong: string[];
}

/** Readers and writers at the same time; ends after `durationMs`, or with the first wrong sum. */
export async function exactSums(dataDir: string, durationMs: number, seed: number): Promise<Tally> {
  const db = await AlopexDB.open(dataDir, { limits: { memtableBytes: 256 * 1024 } });
  const tally: Tally = { reads: 0, transfers: 0, rearrangements: 0, conflicts: 0, wrong: [] };
  const endMs = performance.now() + durationMs;
  const isOver = (): boolean => performance.now() >= endMs || tally.wrong.length > 0;
  const repeat = async (step: () => Promise<void>): Promise<void> => {
    while (!isOver()) {
      try {
        await step();
      } catch (error) {
        if (!(error instanceof AlopexError) || !RETRIED.has(error.code)) throw error;
        tally.conflicts++;
      }
    }
  };
  const read = async (): Promise<void> => {
    const { total, rows, byRegion } = await readSums(db);
    tally.reads++;
    if (total === TOTAL && byRegion === TOTAL && rows === 2 * ROWS) return;
    tally.wrong.push(`sum ${total} and ${byRegion} instead of ${TOTAL}, ${rows} rows instead of ${2 * ROWS}`);
  };
  try {
    await openAccounts(db);
    const writers = [1, 2].map((n) => {
      const random = new Random(seed * 100 + n);
      return repeat(async () => {
        await (random.below(4) === 0 ? rewrite(db, random) : transfer(db, random));
        tally.transfers++;
      });
    });
    const random = new Random(seed * 100);
    const mover = repeat(async () => {
      await rearrange(db, random);
      tally.rearrangements++;
    });
    await Promise.all([...Array.from({ length: READERS }, () => repeat(read)), ...writers, mover]);
    await read();
    return tally;
  } finally {
    await db.close();
  }
}

/** A conflict that was lost too often. */
const RETRIED: ReadonlySet<string> = new Set(['40001']);
