import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AlopexDB } from '../../../index.ts';

let folder: string;
let db: AlopexDB;
let duckdb: DuckDBInstance;
let plain: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-merge-'));
  db = await AlopexDB.open(folder);
  duckdb = await DuckDBInstance.create(':memory:');
  plain = await duckdb.connect();
});

afterAll(async () => {
  plain.closeSync();
  duckdb.closeSync();
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

const CREATE = `CREATE OR REPLACE TABLE stock (id INTEGER PRIMARY KEY, name VARCHAR, amount INTEGER DEFAULT 7);
  INSERT INTO stock SELECT i, 'item ' || i, i * 10 FROM range(1, 11) AS r(i);
  CREATE OR REPLACE TABLE delta (id INTEGER, amount INTEGER, name VARCHAR);
  INSERT INTO delta VALUES (2, 5, 'two'), (4, NULL, NULL), (8, -80, 'eight'), (20, 1, 'twenty'), (21, 2, NULL)`;

/** Rows 1 to 3 cold, 4 to 6 in a segment, the others in memory. */
const SPLIT = `CREATE OR REPLACE TABLE stock (id INTEGER PRIMARY KEY, name VARCHAR, amount INTEGER DEFAULT 7);
  INSERT INTO stock SELECT i, 'item ' || i, i * 10 FROM range(1, 4) AS r(i);
  ALTER TABLE stock TIER PARTITION WHERE true TO COLD;
  INSERT INTO stock SELECT i, 'item ' || i, i * 10 FROM range(4, 7) AS r(i);
  CHECKPOINT;
  INSERT INTO stock SELECT i, 'item ' || i, i * 10 FROM range(7, 11) AS r(i);
  CREATE OR REPLACE TABLE delta (id INTEGER, amount INTEGER, name VARCHAR);
  INSERT INTO delta VALUES (2, 5, 'two'), (4, NULL, NULL), (8, -80, 'eight'), (20, 1, 'twenty'), (21, 2, NULL)`;

const MERGES = [
  'MERGE INTO stock USING delta ON stock.id = delta.id WHEN MATCHED THEN UPDATE SET amount = stock.amount + delta.amount',
  'MERGE INTO stock AS s USING delta AS d ON s.id = d.id WHEN MATCHED AND s.amount + d.amount <= 0 THEN DELETE WHEN MATCHED THEN UPDATE SET amount = s.amount + d.amount, name = coalesce(d.name, s.name) WHEN NOT MATCHED THEN INSERT VALUES (d.id, d.name, d.amount)',
  "MERGE INTO stock AS s USING delta AS d USING (id) WHEN NOT MATCHED THEN INSERT (name, id) VALUES (CASE WHEN d.name IS NULL THEN 'none' ELSE d.name END, d.id)",
  'MERGE INTO stock AS s USING (SELECT id, amount FROM delta WHERE amount > 0) AS d ON s.id = d.id WHEN NOT MATCHED BY SOURCE AND s.id > 8 THEN DELETE WHEN NOT MATCHED BY SOURCE AND s.id < 3 THEN UPDATE SET name = upper(s.name) WHEN MATCHED THEN DO NOTHING',
  'MERGE INTO stock USING delta ON stock.id = delta.id WHEN MATCHED THEN UPDATE BY NAME WHEN NOT MATCHED BY TARGET THEN INSERT BY NAME',
  "MERGE INTO stock AS s USING (VALUES (3, 'x', 1), (30, 'y', 2)) AS v(a, b, c) ON s.id = v.a WHEN MATCHED THEN UPDATE BY POSITION WHEN NOT MATCHED THEN INSERT",
  'WITH d AS (SELECT * FROM delta WHERE id > 5) MERGE INTO stock USING d ON (stock.id = d.id) WHEN MATCHED AND d.amount < 0 THEN DELETE WHEN NOT MATCHED AND d.name IS NOT NULL THEN INSERT (id) VALUES (d.id)',
  'MERGE INTO stock USING range(9, 13) AS r(n) ON id = n WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (n, NULL, DEFAULT)',
  'MERGE INTO stock USING delta ON false WHEN NOT MATCHED AND delta.id >= 20 THEN INSERT (id, amount) VALUES (delta.id, delta.amount)',
];

async function shown(sql: string): Promise<unknown> {
  const table = await db.query(`SELECT to_json(list(t ORDER BY t)) AS j FROM (${sql}) AS t`);
  return JSON.parse(String(table.get(0)?.['j']));
}

async function expected(sql: string): Promise<unknown> {
  const result = await plain.runAndReadAll(`SELECT to_json(list(t ORDER BY t))::VARCHAR AS j FROM (${sql}) AS t`);
  return JSON.parse(String(result.getRows()[0]?.[0]));
}

describe.each([
  ['in memory', CREATE],
  ['in every tier', SPLIT],
])('like DuckDB, with the rows %s', (_, create) => {
  test.each(MERGES)('%s', async (merge) => {
    await db.execute(create);
    await plain.run(CREATE);
    const [result] = await db.execute(merge);
    const { rowsChanged } = await plain.run(merge);
    expect(result).toEqual({ command: 'MERGE', rowCount: rowsChanged });
    expect(await shown('SELECT * FROM stock')).toEqual(await expected('SELECT * FROM stock'));
  });
});

test('RETURNING tells what was done with each row', async () => {
  await db.execute(SPLIT);
  await plain.run(CREATE);
  const merge =
    'MERGE INTO stock USING delta ON stock.id = delta.id WHEN MATCHED AND delta.amount < 0 THEN DELETE WHEN MATCHED THEN UPDATE SET amount = 0 WHEN NOT MATCHED THEN INSERT BY NAME RETURNING merge_action, id, stock.amount + 1';
  const table = await db.query(merge);
  const rows = table.toArray().map((row) => Object.values(row.toJSON() as Record<string, unknown>));
  const sorted = (found: unknown[][]): unknown[][] => found.sort((a, b) => Number(a[1]) - Number(b[1]));
  expect(sorted(rows)).toEqual(sorted((await plain.runAndReadAll(merge)).getRows()));
});

test('errors leave everything as it was', async () => {
  await db.execute(SPLIT);
  const before = await shown('SELECT * FROM stock');
  const merge = 'MERGE INTO stock USING (SELECT 1 AS a UNION ALL SELECT 1) AS s ON id = a';
  const codes = {
    '21000': `${merge} WHEN MATCHED THEN DELETE`,
    P0001: `${merge} WHEN MATCHED THEN ERROR 'no ' || a`,
    '23505': 'MERGE INTO stock USING range(3) AS r(n) ON false WHEN NOT MATCHED THEN INSERT (id) VALUES (1)',
    '23502': 'MERGE INTO stock USING range(1) AS r(n) ON false WHEN NOT MATCHED THEN INSERT (id) VALUES (NULL)',
    '42601': 'MERGE INTO stock USING range(1) AS r(n) ON false WHEN NOT MATCHED THEN DELETE',
    '42703': 'MERGE INTO stock USING range(1) AS r(n) ON id = n WHEN MATCHED THEN UPDATE SET nothing = 1',
    '42P01': 'MERGE INTO nowhere USING range(1) AS r(n) ON id = n WHEN MATCHED THEN DELETE',
  };
  for (const [code, sql] of Object.entries(codes)) await expect(db.execute(sql)).rejects.toMatchObject({ code });
  expect(await shown('SELECT * FROM stock')).toEqual(before);
});

test('a key may pass from a row that leaves to one that comes', async () => {
  await db.execute(SPLIT);
  await db.execute(
    'MERGE INTO stock AS s USING (VALUES (1), (2), (40)) AS v(n) ON s.id = v.n WHEN MATCHED AND n = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET id = 1 WHEN NOT MATCHED THEN INSERT (id) VALUES (2)',
  );
  expect(await shown('SELECT id, amount FROM stock WHERE id < 4')).toEqual([
    { id: 1, amount: 20 },
    { id: 2, amount: 7 },
    { id: 3, amount: 30 },
  ]);
});
