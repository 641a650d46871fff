import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AlopexDB, type IsolationLevel } from '../../index.ts';
import { makeTempFolder, removeFolder } from '../differential/test-support/temp-folder.ts';
import { checkHistory } from './test-support/check-history.ts';
import type { TransactionRecord } from './test-support/history.ts';
import { runHistory } from './test-support/run-history.ts';

let folder: string;
let db: AlopexDB;

beforeEach(async () => {
  folder = await makeTempFolder();
  db = await AlopexDB.open(folder, {
    threads: 2,
    limits: { kvMemtableBytes: 16_384, memtableBytes: 3000, openFiles: 5, blockCacheBytes: 50_000 },
    onWarning: (warning) => {
      throw new Error('the database warned of trouble', { cause: warning });
    },
  });
  await db.execute("CREATE TABLE lists (id VARCHAR PRIMARY KEY, list VARCHAR) WITH (sort_by = 'id')");
});

afterEach(async () => {
  await db.close();
  await removeFolder(folder);
});

const LEVELS: readonly IsolationLevel[] = ['snapshot', 'serializable'];

/** Write skew is what sets the levels apart; of the rest neither may have any. */
function expectIsolated(history: readonly TransactionRecord[], isolation: IsolationLevel): void {
  const anomalies = checkHistory(history);
  const worse = isolation === 'snapshot' ? anomalies.filter(({ kind }) => kind !== 'G2') : anomalies;
  expect(worse).toEqual([]);
}

function committed(history: readonly TransactionRecord[]): number {
  return history.filter(({ outcome }) => outcome === 'committed').length;
}

const moveLists = async (): Promise<void> => {
  await db.execute("ALTER TABLE lists TIER PARTITION WHERE id < 'row-2' TO COLD");
  await db.execute("ALTER TABLE lists TIER PARTITION WHERE id < 'both-1' TO HOT");
};

describe.each(LEVELS)('isolation level %s', (isolation) => {
  test.each([11, 12])('over keys, with flushes and compactions all the time, seed %i', async (seed) => {
    const history = await runHistory(db, {
      isolation,
      seed,
      keys: ['value-0', 'value-1', 'value-2', 'moving-0', 'moving-1', 'moving-2'],
      workers: 8,
      transactions: 80,
      upkeep: [() => db.kv.flush(), () => db.kv.settled()],
    });
    expectIsolated(history, isolation);
    expect(committed(history)).toBeGreaterThan(100);
    expect(db.kv.metrics().flushes).toBeGreaterThan(1);
  });

  test.each([21])(
    'over rows and keys together, with checkpoints and moves between the tiers, seed %i',
    async (seed) => {
      const history = await runHistory(db, {
        isolation,
        seed,
        keys: ['row-0', 'row-1', 'row-2', 'both-0', 'both-1', 'value-0', 'moving-0'],
        workers: 4,
        transactions: 25,
        upkeep: [async () => void (await db.execute('CHECKPOINT')), moveLists],
      });
      expectIsolated(history, isolation);
      expect(committed(history)).toBeGreaterThan(12);
    },
  );

  test('over rows alone, in memory', async () => {
    const history = await runHistory(db, {
      isolation,
      seed: 31,
      keys: ['row-0', 'row-1', 'row-2', 'row-3'],
      workers: 4,
      transactions: 25,
      upkeep: [],
    });
    expectIsolated(history, isolation);
    expect(committed(history)).toBeGreaterThan(12);
  });
});

test('write skew, which snapshot allows, is seen by the checker', async () => {
  const lists = ['x', 'y'].map((key) => ({ key, value: key === 'x' ? 1 : 2 }));
  let arrived = 0;
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const history = await Promise.all(
    lists.map(async ({ key, value }, id): Promise<TransactionRecord> => {
      const reads = await db.transaction(async (tx) => {
        const [x, y] = await tx.kv.getMany(['x', 'y']);
        await tx.kv.put(key, Uint8Array.of(value));
        if (++arrived === 2) open();
        await gate;
        return [
          { kind: 'read', key: 'x', list: [...(x ?? [])] },
          { kind: 'read', key: 'y', list: [...(y ?? [])] },
        ] as const;
      });
      return { id, operations: [...reads, { kind: 'append', key, value }], outcome: 'committed', began: 0, ended: 1 };
    }),
  );
  const [x, y] = await db.kv.getMany(['x', 'y']);
  const last: TransactionRecord = {
    id: 2,
    operations: [
      { kind: 'read', key: 'x', list: [...(x ?? [])] },
      { kind: 'read', key: 'y', list: [...(y ?? [])] },
    ],
    outcome: 'committed',
    began: 2,
    ended: 3,
  };
  expect([...new Set(checkHistory([...history, last]).map(({ kind }) => kind))]).toEqual(['G2']);
});
