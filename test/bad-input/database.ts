import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlopexDB } from '../../index.ts';

export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'alopex-bad-input-'));
}

/** Small, so that a few hundred rows are written to segments at once. */
export const LIMITS = { memtableBytes: 1 << 20, largeRows: 50 };

/**
 * A database with a table `t` that has rows in memory, in hot segments and in cold files, and deletes on all of them, in the log, in delete files and
 * in Iceberg.
 */
export async function openTiered(folder: string): Promise<AlopexDB> {
  const db = await AlopexDB.open(folder, { limits: LIMITS, threads: 2 });
  for (const sql of [
    `CREATE TABLE t (id BIGINT PRIMARY KEY, ts TIMESTAMP NOT NULL, v DOUBLE, s VARCHAR, n INTEGER CHECK (n < 100))
       WITH (sort_by = 'ts', partition_by = 'month(ts)', tier_column = 'ts')`,
    `INSERT INTO t SELECT i, TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR, i / 2, 'row ' || i, i % 100 FROM range(2000) AS r(i)`,
    `ALTER TABLE t TIER PARTITION WHERE ts < '2024-02-10' TO COLD`,
    'DELETE FROM t WHERE id % 97 = 5',
    `ALTER TABLE t TIER PARTITION WHERE ts < '2024-02-20' TO COLD`,
    'DELETE FROM t WHERE id % 89 = 7',
    'CHECKPOINT',
    `INSERT INTO t VALUES (5000, '2024-03-01', 1, 'in memory', 1), (5001, '2024-03-02', 2, NULL, 2)`,
    'DELETE FROM t WHERE id IN (100, 1500, 5001)',
  ]) {
    await db.execute(sql);
  }
  return db;
}
