import { expect, test } from 'vitest';
import type { AlopexDB, AlopexError } from '../../index.ts';
import { RulesDatabase, rows } from './test-support/rules-database.ts';

const database = RulesDatabase.forEachTest();

/** Inserts rows of a number, and wants them to go past the kernel. */
async function insert(db: AlopexDB, ...ids: number[]): Promise<void> {
  const { inserts } = db.metrics().rows;
  for (const id of ids) await db.execute('INSERT INTO t VALUES ($1, $2)', [id, id * 10]);
  expect(db.metrics().rows.inserts - inserts).toBe(ids.length);
}

const IDS = 'SELECT id FROM t ORDER BY id';

test('a transaction sees the rows that were pending when it began, and none that came later', async () => {
  const { db } = database;
  await insert(db, 4, 5);
  await db.transaction(async (tx) => {
    await insert(db, 6);
    expect(await rows(tx, IDS)).toEqual([[1], [2], [3], [4], [5]]);
    await insert(db, 7);
    expect(await rows(db, IDS)).toEqual([[1], [2], [3], [4], [5], [6], [7]]);
    await tx.execute('UPDATE t SET n = 0 WHERE id > 3');
    expect(await rows(tx, 'SELECT id, n FROM t WHERE id > 2')).toEqual(
      expect.arrayContaining([
        [3, 30],
        [4, 0],
        [5, 0],
      ]),
    );
    expect(await rows(tx, IDS)).toEqual([[1], [2], [3], [4], [5]]);
  });
  expect(await rows(db, 'SELECT id, n FROM t WHERE id > 3 ORDER BY id')).toEqual([
    [4, 0],
    [5, 0],
    [6, 60],
    [7, 70],
  ]);
});

test('of a transaction and a row with the same key, the first to commit wins', async () => {
  const { db } = database;
  const late = db.transaction(
    async (tx) => {
      await tx.execute('INSERT INTO t VALUES (10, 1)');
      await insert(db, 10);
    },
    { maxAttempts: 1 },
  );
  await expect(late).rejects.toMatchObject({ code: '40001' });
  await db.transaction(async (tx) => {
    await tx.execute('INSERT INTO t VALUES (11, 1)');
  });
  await expect(db.execute('INSERT INTO t VALUES (11, 2)')).rejects.toMatchObject({ code: '23505' });
  expect(await rows(db, 'SELECT id, n FROM t WHERE id > 3 ORDER BY id')).toEqual([
    [10, 100],
    [11, 1],
  ]);
});

test('a serializable transaction that read the table fails when a row came', async () => {
  const { db } = database;
  const running = db.transaction(
    async (tx) => {
      await tx.execute('INSERT INTO t SELECT 100, count(*) FROM t');
      await insert(db, 8);
    },
    { isolation: 'serializable', maxAttempts: 1 },
  );
  await expect(running).rejects.toMatchObject({ code: '40001' });
});

test('a row that a transaction deletes may have been pending', async () => {
  const { db } = database;
  await insert(db, 20, 21);
  await db.transaction((tx) => tx.execute('DELETE FROM t WHERE id = 20'));
  await db.execute('INSERT INTO t VALUES (20, 7)');
  expect(await rows(db, 'SELECT id, n FROM t WHERE id > 3 ORDER BY id')).toEqual([
    [20, 7],
    [21, 210],
  ]);
});

test('counters are never lost between transactions and single rows', async () => {
  const { db } = database;
  await db.execute('CREATE TABLE log (i INTEGER, v INTEGER)');
  const copy = async (): Promise<void> => {
    // What was read is what was copied, whatever came meanwhile.
    await db.transaction(async (tx) => {
      await tx.execute('INSERT INTO log SELECT -1, count(*) FROM log WHERE i >= 0');
    });
  };
  const add = async (writer: number): Promise<void> => {
    for (let i = 0; i < 10; i++) await db.execute(`INSERT INTO log VALUES (${writer}, ${i})`);
  };
  await Promise.all([add(0), copy(), add(1), copy(), add(2), copy()]);
  expect(await rows(db, 'SELECT count(*)::INTEGER, count(DISTINCT (i, v))::INTEGER FROM log WHERE i >= 0')).toEqual([
    [30, 30],
  ]);
  const counts = await rows(db, 'SELECT v FROM log WHERE i = -1');
  expect(counts.length).toBe(3);
  for (const [count] of counts) expect(Number(count)).toBeLessThanOrEqual(30);
});

test('rows that were acknowledged are there when the database is opened again', async () => {
  const { db } = database;
  await insert(db, 30, 31);
  await db.execute('UPDATE t SET n = n + 1 WHERE id = 31');
  await insert(db, 32);
  await db.close();
  await database.open();
  expect(await rows(database.db, 'SELECT id, n FROM t WHERE id > 3 ORDER BY id')).toEqual([
    [30, 300],
    [31, 311],
    [32, 320],
  ]);
  await insert(database.db, 33);
  const refused: Partial<AlopexError> = { code: '23505' };
  await expect(database.db.execute('INSERT INTO t VALUES (31, 0)')).rejects.toMatchObject(refused);
});
