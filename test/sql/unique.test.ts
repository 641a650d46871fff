import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;

/** Rows 1 and 2 are in the cold tier, 3 in a hot segment, 4 in memory. */
beforeEach(async () => {
  database = await TestDatabase.open();
  await database.execute(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, mail VARCHAR UNIQUE, a INTEGER, b INTEGER, CONSTRAINT ab UNIQUE (a, b))',
    `INSERT INTO t VALUES (1, 'one', 1, 1), (2, 'two', 1, 2)`,
    'ALTER TABLE t TIER PARTITION WHERE true TO COLD',
    `INSERT INTO t VALUES (3, 'three', NULL, 1)`,
    'CHECKPOINT',
    `INSERT INTO t VALUES (4, NULL, 2, 2)`,
  );
});
afterEach(async () => database.close());

async function refused(sql: string, code: string): Promise<void> {
  await expect(database.execute(sql), sql).rejects.toMatchObject({ code });
}

const ids = (where = 'true'): Promise<unknown[]> => database.values(`SELECT id FROM t WHERE ${where} ORDER BY id`);

test('no two rows of any tier share a key, but for those with NULLs', async () => {
  await refused(`INSERT INTO t VALUES (5, 'one', 9, 9)`, '23505');
  await refused(`INSERT INTO t VALUES (5, 'three', 9, 9)`, '23505');
  await refused(`INSERT INTO t VALUES (5, 'x', 2, 2)`, '23505');
  await refused(`INSERT INTO t VALUES (5, 'x', 1, 2)`, '23505');
  await refused(`INSERT INTO t VALUES (5, 'x', 8, 8), (6, 'y', 9, 9), (7, 'x', 7, 7)`, '23505');
  await refused(`INSERT INTO t VALUES (5, 'x', 8, 8), (6, NULL, 9, 9), (7, 'x', 7, 7)`, '23505');
  await refused(`UPDATE t SET mail = 'one' WHERE id = 4`, '23505');
  await refused(`UPDATE t SET a = 1, b = 1 WHERE id = 3`, '23505');
  await refused(`UPDATE t SET mail = 'same' WHERE id > 2`, '23505');
  await refused(
    `MERGE INTO t USING (VALUES (9, 'two')) AS s(k, m) ON id = k WHEN NOT MATCHED THEN INSERT VALUES (k, m, 5, 5)`,
    '23505',
  );
  await database.execute(
    `COPY (SELECT 5 AS id, 'one' AS mail, 9 AS a, 9 AS b) TO '${database.folder}/rows.csv' (HEADER)`,
  );
  await refused(`COPY t FROM '${database.folder}/rows.csv' (HEADER)`, '23505');
  expect(await ids()).toEqual([1, 2, 3, 4]);
  await database.execute(
    `INSERT INTO t VALUES (5, NULL, NULL, 1), (6, NULL, NULL, 1)`,
    `UPDATE t SET mail = CASE id WHEN 1 THEN 'two' ELSE 'one' END WHERE id < 3`,
    'UPDATE t SET b = b + 1',
  );
  await database.reopen();
  await refused(`INSERT INTO t VALUES (7, 'two', 9, 9)`, '23505');
  expect(await ids(`mail = 'two'`)).toEqual([1]);
});

test('ON CONFLICT names one key, or deals with all of them', async () => {
  await database.execute(
    `INSERT INTO t VALUES (1, 'new', 8, 8), (5, 'two', 8, 8), (6, 'x', 2, 2), (7, 'three', 7, 7), (8, 'eight', 8, 8) ON CONFLICT DO NOTHING`,
  );
  expect(await ids()).toEqual([1, 2, 3, 4, 8]);
  // 10 shares with 9, which stays; 11 shares with 10 alone, which does not.
  await database.execute(
    `INSERT OR IGNORE INTO t VALUES (9, 'p', 20, 20), (10, 'p', 30, 30), (11, 'q', 30, 30), (12, NULL, 20, 20)`,
  );
  expect(await ids('id > 8')).toEqual([9, 11]);
  await database.execute(
    `INSERT INTO t VALUES (13, 'two', 40, 40), (14, 'new', 41, 41) ON CONFLICT (mail) DO UPDATE SET a = excluded.a`,
    `INSERT INTO t VALUES (15, 'one', 50, 50) ON CONFLICT (mail) DO NOTHING`,
    `INSERT INTO t VALUES (16, 'z', 1, 1) ON CONFLICT (b, a) DO UPDATE SET mail = excluded.mail`,
  );
  expect(await database.rows('SELECT id, mail, a FROM t WHERE id IN (1, 2, 14) ORDER BY id')).toEqual([
    { id: 1, mail: 'z', a: 1 },
    { id: 2, mail: 'two', a: 40 },
    { id: 14, mail: 'new', a: 41 },
  ]);
  await database.execute(`INSERT INTO t VALUES (1, 'two', 60, 60) ON CONFLICT (id) DO NOTHING`);
  await refused(`INSERT INTO t VALUES (99, 'two', 60, 60) ON CONFLICT (id) DO NOTHING`, '23505');
  await refused(`INSERT INTO t VALUES (1, 'q', 60, 60) ON CONFLICT (id) DO UPDATE SET mail = 'two'`, '23505');
  await refused(`INSERT INTO t VALUES (1, 'q', 60, 60) ON CONFLICT DO UPDATE SET mail = 'two'`, '42P10');
  await refused(`INSERT OR REPLACE INTO t VALUES (1, 'q', 60, 60)`, '42P10');
  await refused(`INSERT INTO t VALUES (1, 'q', 60, 60) ON CONFLICT (a) DO NOTHING`, '42P10');
});

test('a transaction that adds a key which was added meanwhile fails', async () => {
  const connection = await database.db.connect();
  try {
    await connection.execute('BEGIN');
    await connection.execute(`INSERT INTO t VALUES (5, 'five', NULL, NULL)`);
    await expect(connection.execute(`INSERT INTO t VALUES (6, 'five', NULL, NULL)`)).rejects.toMatchObject({
      code: '23505',
    });
    await connection.execute('ROLLBACK');
    await connection.execute('BEGIN');
    await connection.execute(`INSERT INTO t VALUES (5, 'five', NULL, NULL)`);
    await database.execute(`INSERT INTO t VALUES (6, 'five', NULL, NULL)`);
    await expect(connection.execute('COMMIT')).rejects.toMatchObject({ code: '40001' });
    expect(await ids('id > 4')).toEqual([6]);
  } finally {
    await connection.close();
  }
});

test('keys are added when all rows are unique, and dropped by name', async () => {
  await refused('ALTER TABLE t ADD UNIQUE (b)', '23505');
  await refused('CREATE UNIQUE INDEX i ON t (b)', '23505');
  await refused('CREATE UNIQUE INDEX i ON t (nothing)', '42703');
  await refused('CREATE UNIQUE INDEX i ON t (lower(mail))', '0A000');
  await refused('DROP INDEX i', '42704');
  await database.execute(
    'UPDATE t SET b = id',
    'CREATE UNIQUE INDEX i ON t (b)',
    'CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a)',
    'ALTER TABLE t DROP CONSTRAINT ab',
    'ALTER TABLE t DROP CONSTRAINT t_mail_key',
    `INSERT INTO t VALUES (5, 'one', 1, 5)`,
  );
  await refused('CREATE UNIQUE INDEX i ON t (a, b)', '42P07');
  await database.reopen();
  await refused(`INSERT INTO t VALUES (6, 'one', 1, 5)`, '23505');
  await refused('ALTER TABLE t DROP CONSTRAINT i', '42704');
  await refused('ALTER TABLE t DROP COLUMN b', '42P16');
  await database.execute('DROP INDEX i', 'DROP INDEX IF EXISTS i', `INSERT INTO t VALUES (6, 'one', 1, 5)`);
  expect(await ids('b = 5')).toEqual([5, 6]);
  await database.execute('ALTER TABLE t DROP COLUMN b');
});

test('a table may have a UNIQUE constraint and no primary key', async () => {
  await database.execute(
    'CREATE TABLE u (k INTEGER UNIQUE, v INTEGER)',
    'INSERT INTO u VALUES (1, 1), (NULL, 2), (NULL, 3)',
    'ALTER TABLE u TIER PARTITION WHERE true TO COLD',
    'INSERT OR REPLACE INTO u VALUES (1, 10), (NULL, 4), (2, 5), (2, 6)',
    'INSERT INTO u VALUES (1, 7) ON CONFLICT DO UPDATE SET v = u.v + excluded.v',
  );
  expect(await database.rows('FROM u ORDER BY k NULLS LAST, v')).toEqual([
    { k: 1, v: 17 },
    { k: 2, v: 6 },
    { k: null, v: 2 },
    { k: null, v: 3 },
    { k: null, v: 4 },
  ]);
  await refused('CREATE TABLE w (a INTEGER, FOREIGN KEY (a) REFERENCES u (k))', '0A000');
  await refused('CREATE TABLE w (a INTEGER REFERENCES u (k))', '0A000');
  await refused('CREATE TABLE w (a VARCHAR COLLATE nocase)', '0A000');
});
