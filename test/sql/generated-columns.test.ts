import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;

/** Rows 1 and 2 are in the cold tier, 3 in a hot segment, 4 in memory. */
beforeEach(async () => {
  database = await TestDatabase.open();
  await database.execute(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, price INTEGER, total AS (price * 2), half DOUBLE GENERATED ALWAYS AS (price / 2) STORED)',
    'INSERT INTO t VALUES (1, 10), (2, 20)',
    'ALTER TABLE t TIER PARTITION WHERE true TO COLD',
    'INSERT INTO t (price, id) VALUES (30, 3)',
    'CHECKPOINT',
    'INSERT INTO t BY NAME SELECT 4 AS id, 40 AS price',
  );
});
afterEach(async () => database.close());

const all = (): Promise<unknown[]> => database.rows('FROM t ORDER BY id');

test('are worked out when rows are written, and stored in files', async () => {
  const expected = [1, 2, 3, 4].map((id) => ({ id, price: id * 10, total: id * 20, half: id * 5 }));
  expect(await all()).toEqual(expected);
  await database.reopen();
  expect(await all()).toEqual(expected);
  const [file] = await database.values(`SELECT path FROM alopex.segments WHERE tier = 'cold'`);
  expect(await database.values(`SELECT total FROM read_parquet('${String(file)}') ORDER BY total`)).toEqual([20, 40]);
});

test('follow their sources in UPDATE, MERGE and ON CONFLICT, and in what RETURNING gives', async () => {
  expect(await database.values('UPDATE t SET price = 0 WHERE id < 4 RETURNING total')).toEqual([0, 0, 0]);
  expect(
    await database.rows(
      'INSERT INTO t VALUES (4, 5), (5, 6) ON CONFLICT (id) DO UPDATE SET price = t.price + excluded.price + excluded.total RETURNING id, total',
    ),
  ).toEqual(
    expect.arrayContaining([
      { id: 4, total: 110 },
      { id: 5, total: 12 },
    ]),
  );
  expect(
    await database.rows(
      'MERGE INTO t USING (VALUES (1, 7), (6, 8)) AS s(k, p) ON t.id = k WHEN MATCHED THEN UPDATE SET price = p WHEN NOT MATCHED THEN INSERT VALUES (k, p) RETURNING id, total',
    ),
  ).toEqual(
    expect.arrayContaining([
      { id: 1, total: 14 },
      { id: 6, total: 16 },
    ]),
  );
  await database.execute('INSERT OR REPLACE INTO t (id, price) VALUES (2, 100)', 'DELETE FROM t WHERE total = 0');
  expect(await all()).toEqual([
    { id: 1, price: 7, total: 14, half: 3.5 },
    { id: 2, price: 100, total: 200, half: 50 },
    { id: 4, price: 55, total: 110, half: 27.5 },
    { id: 5, price: 6, total: 12, half: 3 },
    { id: 6, price: 8, total: 16, half: 4 },
  ]);
});

test('follow their sources in a transaction', async () => {
  await database.db.transaction(async (transaction) => {
    await transaction.execute('UPDATE t SET price = price + 1');
    expect(await database.values('SELECT sum(total)::INTEGER FROM t', transaction)).toEqual([208]);
  });
  expect(await database.values('SELECT total FROM t ORDER BY id')).toEqual([22, 42, 62, 82]);
});

const REFUSED = [
  ['INSERT INTO t (id, total) VALUES (9, 9)', '428C9'],
  ['INSERT INTO t BY NAME SELECT 9 AS id, 9 AS total', '428C9'],
  ['UPDATE t SET total = 9', '428C9'],
  ['MERGE INTO t USING (VALUES (1)) AS s(k) ON id = k WHEN MATCHED THEN UPDATE SET total = 1', '428C9'],
  ['MERGE INTO t USING (VALUES (9)) AS s(k) ON id = k WHEN NOT MATCHED THEN INSERT (id, total) VALUES (k, 1)', '428C9'],
  ['INSERT INTO t VALUES (9, 9, 9, 9)', '42601'],
  ['CREATE TABLE u (a INTEGER, b AS (random()))', '42P17'],
  ['CREATE TABLE u (a INTEGER, b AS (now()))', '42P17'],
  ['CREATE TABLE u (a INTEGER, b AS (a), c AS (b + 1))', '42P17'],
  ['CREATE TABLE u (a INTEGER, b AS (nothing + 1))', '42703'],
  ['CREATE TABLE u (a INTEGER, b INTEGER AS (a) PRIMARY KEY)', '0A000'],
  ['ALTER TABLE t ADD COLUMN x AS (price)', '0A000'],
  ['ALTER TABLE t ALTER COLUMN total SET DEFAULT 1', '0A000'],
  ['ALTER TABLE t DROP COLUMN price', '42P16'],
  ['ALTER TABLE t ALTER COLUMN price TYPE BIGINT', '0A000'],
] as const;

test('refuse values of their own, and expressions that would not stay true', async () => {
  for (const [sql, code] of REFUSED) {
    await expect(database.execute(sql), sql).rejects.toMatchObject({ code });
  }
  expect(await database.values('SELECT count(*) FROM t')).toEqual([4]);
});

test('go on when a source is renamed, and can be dropped and renamed themselves', async () => {
  await database.execute(
    'ALTER TABLE t RENAME COLUMN price TO amount',
    'ALTER TABLE t RENAME COLUMN total TO twice',
    'ALTER TABLE t DROP COLUMN half',
    'INSERT INTO t VALUES (5, 50)',
    'UPDATE t SET amount = 1 WHERE id = 1',
  );
  await database.reopen();
  expect(await database.rows('FROM t WHERE id IN (1, 2, 5) ORDER BY id')).toEqual([
    { id: 1, amount: 1, twice: 2 },
    { id: 2, amount: 20, twice: 40 },
    { id: 5, amount: 50, twice: 100 },
  ]);
});
