import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AlopexDB } from '../index.ts';

let folder: string;
let db: AlopexDB;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-move-deletes-'));
  db = await AlopexDB.open(folder);
  await db.execute(`CREATE TABLE t (id INTEGER PRIMARY KEY) WITH (partition_by = 'truncate(10, id)')`);
  await db.execute('INSERT INTO t SELECT range FROM range(30)');
  await db.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
});

afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

async function operations(): Promise<string[]> {
  const rows = (await db.query('SELECT operation FROM alopex.snapshots ORDER BY sequence_number')).toArray();
  return rows.map((row: { operation: string }) => row.operation);
}

async function ids(): Promise<number[]> {
  const rows = (await db.query('SELECT id FROM t ORDER BY id')).toArray();
  return rows.map((row: { id: number }) => row.id);
}

test('deletes of cold rows are committed by a move to the cold tier that has no rows to move', async () => {
  await db.execute('DELETE FROM t WHERE id % 10 <> 0');
  await db.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
  expect(await operations()).toEqual(['append', 'delete']);
  expect(await ids()).toEqual([0, 10, 20]);

  // They are committed once.
  await db.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
  expect(await operations()).toHaveLength(2);

  await db.execute('DELETE FROM t WHERE id = 10');
  await db.close();
  db = await AlopexDB.open(folder);
  await db.execute('ALTER TABLE t TIER PARTITION WHERE false TO COLD');
  expect(await operations()).toHaveLength(3);
  expect(await ids()).toEqual([0, 20]);
});

test('a move that has neither rows nor deletes commits nothing', async () => {
  await db.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
  await db.execute('ALTER TABLE t TIER PARTITION WHERE false TO HOT');
  expect(await operations()).toEqual(['append']);
});
