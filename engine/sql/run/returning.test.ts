import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { AlopexDB } from '../../../index.ts';

let folder: string;
let db: AlopexDB;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-returning-'));
  db = await AlopexDB.open(folder);
});

afterAll(async () => {
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

/** Rows 1 to 3 are in the cold tier, 4 in a hot segment, 5 in memory. */
beforeEach(async () => {
  await db.execute(`CREATE OR REPLACE TABLE t (id INTEGER PRIMARY KEY, word VARCHAR DEFAULT 'none');
    INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
    ALTER TABLE t TIER PARTITION WHERE id <= 3 TO COLD;
    INSERT INTO t VALUES (4, 'd');
    CHECKPOINT;
    INSERT INTO t VALUES (5, 'e')`);
});

async function rows(sql: string, parameters?: unknown[]): Promise<unknown[]> {
  const table = await db.query(sql, parameters as never);
  const found = table.toArray().map((row) => Object.values(row.toJSON() as Record<string, unknown>));
  return found.sort((a, b) => Number(a[0]) - Number(b[0]));
}

test('INSERT gives the rows as they are stored, defaults filled in', async () => {
  expect(await rows('INSERT INTO t (id) VALUES (6), (7) RETURNING id, word, id * 10 AS ten')).toEqual([
    [6, 'none', 60],
    [7, 'none', 70],
  ]);
  expect(await rows('INSERT INTO t VALUES ($1, $2) RETURNING *, $3 || word', [8, 'x', 'y'])).toEqual([[8, 'x', 'yx']]);
});

test('INSERT with conflicts gives what was added or updated', async () => {
  expect(await rows("INSERT INTO t VALUES (1, 'z'), (9, 'n') ON CONFLICT DO NOTHING RETURNING id, word")).toEqual([
    [9, 'n'],
  ]);
  expect(
    await rows(
      "INSERT INTO t AS o VALUES (1, 'z'), (10, 'n') ON CONFLICT (id) DO UPDATE SET word = o.word || excluded.word RETURNING o.id, word",
    ),
  ).toEqual([
    [1, 'az'],
    [10, 'n'],
  ]);
  expect(await rows("INSERT OR REPLACE INTO t VALUES (2, 'r') RETURNING word, id")).toEqual([['r', 2]]);
});

test('UPDATE gives the new rows, of every tier', async () => {
  expect(await rows('UPDATE t AS u SET word = upper(word) WHERE id IN (2, 4, 5) RETURNING u.id, word')).toEqual([
    [2, 'B'],
    [4, 'D'],
    [5, 'E'],
  ]);
  expect(
    await rows('UPDATE t SET word = v.w FROM (VALUES (3, 33)) AS v(k, w) WHERE id = k RETURNING id, t.word'),
  ).toEqual([[3, '33']]);
});

test('DELETE gives the old rows, of every tier', async () => {
  expect(await rows('DELETE FROM t WHERE id % 2 = 1 RETURNING *')).toEqual([
    [1, 'a'],
    [3, 'c'],
    [5, 'e'],
  ]);
  expect(await rows('DELETE FROM t USING (VALUES (4)) AS v(k) WHERE id = k RETURNING id + 1')).toEqual([[5]]);
  expect(await rows('SELECT id FROM t')).toEqual([[2]]);
});

test('subqueries see the rows from before the statement', async () => {
  expect(await rows('DELETE FROM t WHERE id = 1 RETURNING id, (SELECT count(*)::INTEGER FROM t)')).toEqual([[1, 5]]);
});

test('an error in an expression leaves everything as it was', async () => {
  await expect(db.query('DELETE FROM t RETURNING word::INTEGER')).rejects.toMatchObject({ code: '22P02' });
  await expect(db.query("INSERT INTO t VALUES (11, 'k') RETURNING nothing")).rejects.toMatchObject({ code: '42703' });
  await expect(db.query("INSERT INTO t VALUES (11, 'k') RETURNING")).rejects.toMatchObject({ code: '42601' });
  expect(await rows('SELECT count(*)::INTEGER FROM t')).toEqual([[5]]);
});

test('within a transaction it gives what the transaction changed', async () => {
  const connection = await db.connect();
  await connection.execute("BEGIN; INSERT INTO t VALUES (12, 'l')");
  const deleted = await connection.query('DELETE FROM t WHERE id >= 5 RETURNING id');
  expect(
    deleted
      .toArray()
      .map((row) => (row.toJSON() as { id: number }).id)
      .sort((a, b) => a - b),
  ).toEqual([5, 12]);
  await connection.close();
  expect(await rows('SELECT count(*)::INTEGER FROM t')).toEqual([[5]]);
});
