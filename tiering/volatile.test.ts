import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AlopexDB } from '../index.ts';

let folder: string;
let db: AlopexDB;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-volatile-'));
  db = await AlopexDB.open(folder);
  await db.execute('CREATE TABLE t (id INTEGER, "uuid" VARCHAR, ts TIMESTAMP)');
  await db.execute("INSERT INTO t SELECT range, 'x', '2024-01-01' FROM range(10)");
});

afterAll(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

// Each is true for all rows: only the function itself gives it away.
test.each([
  'random() < 2',
  'RANDOM () < 2',
  '"random"() < 2',
  'random(/* here */) < 2',
  "uuid() <> 'x'",
  'id IN (SELECT id FROM t WHERE gen_random_uuid() IS NOT NULL)',
  'id IN (SELECT id FROM t USING SAMPLE 5)',
  'id IN (SELECT id FROM t LIMIT 5)',
])('refuses %s', async (condition) => {
  await expect(db.execute(`ALTER TABLE t TIER PARTITION WHERE ${condition} TO COLD`)).rejects.toMatchObject({
    code: '22023',
  });
  expect((await db.query('SELECT 1 FROM alopex.snapshots')).numRows).toBe(0);
});

test.each(['ts < now()', "uuid = 'x'", "lower(uuid) = 'x' AND id IN (1, 2)", "uuid <> 'random()'"])(
  'takes %s',
  async (condition) => {
    const [result] = await db.execute(`ALTER TABLE t TIER PARTITION WHERE ${condition} TO COLD`);
    expect(result?.rowCount).toBeGreaterThan(0);
    await db.execute('ALTER TABLE t TIER PARTITION WHERE true TO HOT');
  },
);
