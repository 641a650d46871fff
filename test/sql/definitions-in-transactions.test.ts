import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../index.ts';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
let connection: Connection;
beforeEach(async () => {
  // A compaction would remove files while `afterCrash` copies them.
  database = await TestDatabase.open({ limits: { mergeSegments: 0 } });
  await database.execute(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)',
    'INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)',
  );
  connection = await database.db.connect();
});
afterEach(async () => {
  await connection.close();
  await database.close();
});

async function run(...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await connection.execute(statement);
}

const within = async (sql: string): Promise<unknown[]> => database.rows(sql, connection);
const outside = async (sql: string): Promise<unknown[]> => database.rows(sql);
const NAMES = 'SELECT name FROM alopex.tables ORDER BY name';

/** Rows of `t` after each way in which a transaction can end, and after a crash. */
async function afterCommit(sql: string): Promise<unknown[]> {
  await run('COMMIT');
  const rows = await outside(sql);
  await database.afterCrash(async (db) => expect(await database.rows(sql, db)).toEqual(rows));
  return rows;
}

describe('tables', () => {
  test('are seen by their transaction alone until it commits, and survive a crash then', async () => {
    await run('BEGIN', 'CREATE TABLE u (a INTEGER, b VARCHAR)', `INSERT INTO u VALUES (1, 'x'), (2, 'y')`);
    await run(`UPDATE u SET b = 'z' WHERE a = 2`, 'DELETE FROM u WHERE a = 1', `INSERT INTO u VALUES (3, 'w')`);
    await run('UPDATE t SET n = 0 WHERE id = 1');
    expect(await within('FROM u ORDER BY a')).toEqual([
      { a: 2, b: 'z' },
      { a: 3, b: 'w' },
    ]);
    expect(await within(NAMES)).toEqual([{ name: 't' }, { name: 'u' }]);
    await expect(outside('FROM u')).rejects.toMatchObject({ code: '42P01' });
    expect(await outside(NAMES)).toEqual([{ name: 't' }]);
    expect(await outside('SELECT n FROM t WHERE id = 1')).toEqual([{ n: 10 }]);
    await database.afterCrash(async (db) => expect(await database.rows(NAMES, db)).toEqual([{ name: 't' }]));
    expect(await afterCommit('SELECT u.a, b, n FROM u, t WHERE id = 1 ORDER BY 1')).toEqual([
      { a: 2, b: 'z', n: 0 },
      { a: 3, b: 'w', n: 0 },
    ]);
    await database.execute(`INSERT INTO u VALUES (4, 'v')`);
    await database.reopen();
    expect(await database.values('SELECT a FROM u ORDER BY a')).toEqual([2, 3, 4]);
  });

  test('a rollback leaves nothing, on disk or in memory', async () => {
    const foldersBefore = await folders();
    await run('BEGIN', 'CREATE TABLE u AS SELECT range AS i FROM range(1000)', 'UPDATE t SET n = n + 1');
    await run(
      'ALTER TABLE t ADD COLUMN x INTEGER DEFAULT 7',
      'DELETE FROM t WHERE id = 2',
      'DELETE FROM u WHERE i < 10',
    );
    await run(
      'ALTER TABLE u RENAME COLUMN i TO j',
      'DROP TABLE u',
      'CREATE TABLE u (k INTEGER)',
      'CREATE VIEW v AS FROM u',
    );
    expect(await within('FROM t ORDER BY id')).toEqual([
      { id: 1, n: 11, x: 7 },
      { id: 3, n: 31, x: 7 },
    ]);
    await run('ROLLBACK');
    for (const look of [within, outside]) {
      expect(await look('FROM t ORDER BY id')).toEqual([
        { id: 1, n: 10 },
        { id: 2, n: 20 },
        { id: 3, n: 30 },
      ]);
      expect(await look(NAMES)).toEqual([{ name: 't' }]);
      await expect(look('FROM v')).rejects.toMatchObject({ code: '42P01' });
    }
    expect(await folders()).toEqual(foldersBefore);
    await database.execute('CREATE TABLE u (z INTEGER)', 'ALTER TABLE t ADD COLUMN y VARCHAR', `UPDATE t SET y = 'a'`);
    expect(await within('SELECT y FROM t WHERE id = 2')).toEqual([{ y: 'a' }]);
    await database.reopen();
    expect(await outside('SELECT * FROM t WHERE id = 3')).toEqual([{ id: 3, n: 30, y: 'a' }]);
    expect(await outside('FROM u')).toEqual([]);
  });

  test('a migration: add a column, fill it, make it NOT NULL', async () => {
    await database.execute('CHECKPOINT', 'INSERT INTO t VALUES (4, 40)', 'DELETE FROM t WHERE id = 1');
    await run('BEGIN', 'ALTER TABLE t ADD COLUMN total BIGINT', 'UPDATE t SET total = n * 2 WHERE id < 4');
    await expect(connection.execute('ALTER TABLE t ALTER COLUMN total SET NOT NULL')).rejects.toMatchObject({
      code: '23502',
    });
    await run('ROLLBACK', 'BEGIN', 'ALTER TABLE t ADD COLUMN total BIGINT', 'UPDATE t SET total = n * 2');
    await run('ALTER TABLE t ALTER COLUMN total SET NOT NULL', 'ALTER TABLE t ADD CHECK (total > 0)');
    await run('INSERT INTO t VALUES (5, 50, 100)', 'CREATE UNIQUE INDEX by_total ON t (total)');
    await expect(connection.execute('INSERT INTO t VALUES (6, 60, 100)')).rejects.toMatchObject({ code: '23505' });
    await run('ROLLBACK');
    expect(await outside('FROM t ORDER BY id LIMIT 1')).toEqual([{ id: 2, n: 20 }]);
    await run(
      'BEGIN',
      'ALTER TABLE t ADD COLUMN total BIGINT',
      'UPDATE t SET total = n * 2',
      'ALTER TABLE t DROP COLUMN n',
    );
    await run(
      'ALTER TABLE t ALTER COLUMN total SET NOT NULL',
      'ALTER TABLE t RENAME TO s',
      'INSERT INTO s VALUES (5, 100)',
    );
    await run('DELETE FROM s WHERE id = 3');
    expect(await afterCommit('FROM s ORDER BY id')).toEqual([
      { id: 2, total: 40 },
      { id: 4, total: 80 },
      { id: 5, total: 100 },
    ]);
    await expect(database.execute('INSERT INTO s VALUES (7, NULL)')).rejects.toMatchObject({ code: '23502' });
    await expect(database.execute('INSERT INTO s VALUES (5, 1)')).rejects.toMatchObject({ code: '23505' });
    await expect(outside('FROM t')).rejects.toMatchObject({ code: '42P01' });
  });

  test('a dump: tables, thousands of rows one by one, views; one segment for each table', async () => {
    await run('BEGIN', 'CREATE SCHEMA d', 'CREATE TABLE d.a (i INTEGER PRIMARY KEY)', 'CREATE TABLE d.b (i INTEGER)');
    for (let i = 0; i < 60; i++) await run(`INSERT INTO d.a VALUES (${i})`, `INSERT INTO d.b VALUES (${i})`);
    await run('CREATE VIEW d.v AS SELECT sum(a.i)::INTEGER AS s FROM a JOIN b ON a.i = b.i');
    expect(await within('FROM d.v')).toEqual([{ s: 1770 }]);
    expect(await afterCommit('SELECT table_name, row_count FROM alopex.segments ORDER BY 1')).toEqual([
      { table_name: 'a', row_count: 60 },
      { table_name: 'b', row_count: 60 },
    ]);
    await database.reopen();
    expect(await outside('FROM d.v')).toEqual([{ s: 1770 }]);
  });

  test('a model: build beside, then swap names', async () => {
    for (const n of [1, 2]) {
      await run('BEGIN', `CREATE TABLE m_new AS SELECT id, n * ${n} AS n FROM t`, 'DROP TABLE IF EXISTS m_old');
      await run('ALTER TABLE IF EXISTS m RENAME TO m_old', 'ALTER TABLE m_new RENAME TO m');
      await run(`COMMENT ON TABLE m IS 'run ${n}'`, 'COMMIT');
      expect(await outside('SELECT sum(n)::INTEGER AS s FROM m')).toEqual([{ s: 60 * n }]);
    }
    expect(await outside('SELECT name, comment FROM alopex.tables ORDER BY name')).toEqual([
      { name: 'm', comment: 'run 2' },
      { name: 'm_old', comment: 'run 1' },
      { name: 't', comment: null },
    ]);
  });

  test('DROP and CREATE of one name, CREATE and DROP, CREATE OR REPLACE', async () => {
    await database.execute('CHECKPOINT');
    await run(
      'BEGIN',
      'INSERT INTO t VALUES (9, 90)',
      'DROP TABLE t',
      'CREATE TABLE t (x VARCHAR)',
      `INSERT INTO t VALUES ('a')`,
    );
    await run('CREATE TABLE gone AS FROM t', 'DROP TABLE gone', `CREATE OR REPLACE TABLE r AS SELECT 'b' AS x`);
    await run('CREATE OR REPLACE TABLE r AS SELECT x || x AS x FROM t');
    expect(await outside('SELECT count(*) AS n FROM t')).toEqual([{ n: 3 }]);
    await run('COMMIT');
    await database.reopen();
    expect(await outside('SELECT x FROM t UNION ALL SELECT x FROM r ORDER BY 1')).toEqual([{ x: 'a' }, { x: 'aa' }]);
    expect((await folders()).length).toBe(4);
  });

  test('a large CREATE TABLE AS is written once', async () => {
    await run('BEGIN', 'CREATE TABLE big AS SELECT range AS i FROM range(200000)');
    expect(await within('SELECT count(*) AS n, max(i) AS m FROM big WHERE i < 199999')).toEqual([
      { n: 199999, m: 199998 },
    ]);
    await run('COMMIT');
    expect(await outside(`SELECT row_count FROM alopex.segments WHERE table_name = 'big'`)).toEqual([
      { row_count: 200000 },
    ]);
  });

  test('with rows in the cold tier', async () => {
    await database.execute('ALTER TABLE t TIER PARTITION WHERE id < 3 TO COLD');
    await run(
      'BEGIN',
      'UPDATE t SET n = 11 WHERE id = 1',
      'ALTER TABLE t ADD COLUMN x INTEGER DEFAULT 5',
      'DELETE FROM t WHERE id = 2',
    );
    const rows = [
      { id: 1, n: 11, x: 5 },
      { id: 3, n: 30, x: 5 },
    ];
    expect(await within('FROM t ORDER BY id')).toEqual(rows);
    expect(await outside('SELECT count(*) AS n FROM t')).toEqual([{ n: 3 }]);
    await run('COMMIT');
    await connection.close();
    await database.reopen();
    connection = await database.db.connect();
    expect(await outside('FROM t ORDER BY id')).toEqual(rows);
    await database.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    expect(await outside('FROM t ORDER BY id')).toEqual(rows);
    await run('BEGIN', 'DROP TABLE t', 'ROLLBACK');
    expect(await outside('FROM t ORDER BY id')).toEqual(rows);
    await run('BEGIN', 'DROP TABLE t', 'COMMIT');
    expect(await outside(NAMES)).toEqual([]);
  });
});

describe('views, macros, types, sequences, schemas, comments', () => {
  test('are part of the transaction, each of them', async () => {
    const define = [
      'CREATE SCHEMA s',
      'USE s',
      `CREATE TYPE mood AS ENUM ('sad', 'ok')`,
      'CREATE SEQUENCE q START 5',
      'CREATE MACRO twice(x) AS x * 2',
      `CREATE TABLE p (id BIGINT DEFAULT nextval('q'), m mood)`,
      `INSERT INTO p (m) VALUES ('ok'), ('sad')`,
      'CREATE VIEW v AS SELECT twice(id) AS d, m::VARCHAR AS m FROM p',
      `COMMENT ON VIEW v IS 'doubled'`,
      `COMMENT ON SEQUENCE q IS 'ids'`,
    ];
    const query = 'FROM s.v ORDER BY d';
    const expected = [
      { d: 10, m: 'ok' },
      { d: 12, m: 'sad' },
    ];
    await run('BEGIN', ...define);
    expect(await within(query)).toEqual(expected);
    expect(await within(`SELECT nextval('q') AS q`)).toEqual([{ q: 7 }]);
    expect(await within('SELECT name, comment FROM alopex.sequences')).toEqual([{ name: 'q', comment: 'ids' }]);
    expect(await outside('SELECT name FROM alopex.schemas')).toEqual([{ name: 'main' }]);
    await run('ROLLBACK');
    await expect(within(query)).rejects.toMatchObject({ code: '3F000' });
    await expect(within(`SELECT nextval('s.q')`)).rejects.toMatchObject({ code: expect.any(String) as string });
    await run('RESET search_path', 'BEGIN', ...define);
    expect(await within(`SELECT nextval('q') AS q`)).toEqual([{ q: 7 }]);
    expect(await afterCommit(query)).toEqual(expected);
    await database.afterCrash(async (db) => {
      const [value] = await database.values(`SELECT nextval('s.q')`, db);
      expect(value).toBeGreaterThan(7);
    });
    expect(await outside(`SELECT nextval('s.q') AS q`)).toEqual([{ q: 8 }]);
    await run('BEGIN', 'DROP SCHEMA s CASCADE');
    await expect(within('FROM s.v')).rejects.toMatchObject({ code: '3F000' });
    expect(await outside(query)).toEqual(expected);
    await run('ROLLBACK');
    expect(await within(query)).toEqual(expected);
    expect(await outside(`SELECT nextval('s.q') AS q`)).toEqual([{ q: 9 }]);
  });

  test('an IDENTITY column counts in its transaction, and after it', async () => {
    const create = 'CREATE TABLE i (id INTEGER GENERATED ALWAYS AS IDENTITY, a INTEGER)';
    await run('BEGIN', create, 'INSERT INTO i (a) VALUES (1), (2)', 'ROLLBACK');
    await run('BEGIN', create, 'INSERT INTO i (a) VALUES (3), (4)', 'ALTER TABLE i ADD COLUMN b INTEGER');
    expect(await afterCommit('SELECT id, a FROM i ORDER BY id')).toEqual([
      { id: 1, a: 3 },
      { id: 2, a: 4 },
    ]);
    await database.afterCrash(async (db) => {
      await db.execute('INSERT INTO i (a) VALUES (5)');
      expect((await database.values('SELECT id FROM i WHERE a = 5', db))[0]).toBeGreaterThan(2);
    });
    await database.execute('INSERT INTO i (a) VALUES (5)');
    expect(await outside('SELECT id FROM i WHERE a = 5')).toEqual([{ id: 3 }]);
  });

  test('a sequence that exists cannot begin anew', async () => {
    await database.execute('CREATE SEQUENCE q');
    await run('BEGIN');
    await expect(connection.execute('CREATE OR REPLACE SEQUENCE q START 9')).rejects.toMatchObject({ code: '0A000' });
    await run('CREATE OR REPLACE SEQUENCE other', 'DROP SEQUENCE q', 'CREATE SEQUENCE q START 100', 'COMMIT');
    expect(await outside(`SELECT nextval('q') AS q`)).toEqual([{ q: 100 }]);
  });

  test('nor can that of an IDENTITY column', async () => {
    await database.execute('CREATE TABLE i (id INTEGER GENERATED ALWAYS AS IDENTITY, a INTEGER)');
    await run('BEGIN');
    await expect(connection.execute('ALTER TABLE i ALTER id RESTART WITH 9')).rejects.toMatchObject({ code: '0A000' });
    await run('ROLLBACK');
    await database.execute('INSERT INTO i (a) VALUES (1)');
    expect(await outside('SELECT id FROM i')).toEqual([{ id: 1 }]);
  });
});

describe('savepoints', () => {
  test('going back undoes definitions with the rows', async () => {
    await run('BEGIN', 'UPDATE t SET n = 11 WHERE id = 1', 'SAVEPOINT a', 'UPDATE t SET n = 21 WHERE id = 2');
    await run('ALTER TABLE t ADD COLUMN x INTEGER', 'UPDATE t SET x = id', 'SAVEPOINT b', 'CREATE TABLE u AS FROM t');
    await run('DELETE FROM t WHERE id = 3', 'ALTER TABLE t DROP COLUMN n', 'SAVEPOINT c', 'DROP TABLE t');
    await run('ROLLBACK TO c');
    expect(await within('FROM t ORDER BY id')).toEqual([
      { id: 1, x: 1 },
      { id: 2, x: 2 },
    ]);
    await run('ROLLBACK TO b');
    const atB = [
      { id: 1, n: 11, x: 1 },
      { id: 2, n: 21, x: 2 },
      { id: 3, n: 30, x: 3 },
    ];
    expect(await within('FROM t ORDER BY id')).toEqual(atB);
    await expect(within('FROM u')).rejects.toMatchObject({ code: '42P01' });
    await run('CREATE TABLE u (a INTEGER)', 'INSERT INTO u VALUES (1)', 'UPDATE t SET x = 0', 'ROLLBACK TO b');
    expect(await within('FROM t ORDER BY id')).toEqual(atB);
    await run('ROLLBACK TO a');
    expect(await within('SELECT * FROM t ORDER BY id LIMIT 2')).toEqual([
      { id: 1, n: 11 },
      { id: 2, n: 20 },
    ]);
    // The lock is gone with the definitions.
    await database.execute('CREATE TABLE others (a INTEGER)');
    await run('ALTER TABLE t ADD COLUMN y INTEGER DEFAULT 1', 'INSERT INTO t VALUES (4, 40, 4)');
    expect(await afterCommit('FROM t ORDER BY id')).toEqual([
      { id: 1, n: 11, y: 1 },
      { id: 2, n: 20, y: 1 },
      { id: 3, n: 30, y: 1 },
      { id: 4, n: 40, y: 4 },
    ]);
  });

  test('a statement that fails has defined nothing, and db.transaction can go on', async () => {
    await database.db.transaction(async (tx) => {
      await tx.execute('CREATE TABLE u (a INTEGER)');
      await tx.execute('INSERT INTO u VALUES (1), (1)');
      await expect(tx.execute('CREATE TABLE u (b INTEGER)')).rejects.toMatchObject({ code: '42P07' });
      await expect(tx.execute('ALTER TABLE u ADD PRIMARY KEY (a)')).rejects.toMatchObject({ code: '23505' });
      await expect(tx.execute('ALTER TABLE u RENAME TO t')).rejects.toMatchObject({ code: '42P07' });
      const before = tx.savepoint();
      await tx.execute('DROP TABLE t');
      await before.rollBack();
      await tx.execute('INSERT INTO u SELECT id FROM t');
    });
    expect(await database.values('SELECT a FROM u ORDER BY a')).toEqual([1, 1, 1, 2, 3]);
  });
});

describe('what is refused', () => {
  test('read only transactions, keys together with definitions, and what tends files', async () => {
    await run('BEGIN READ ONLY');
    await expect(connection.execute('CREATE TABLE u (a INTEGER)')).rejects.toMatchObject({ code: '25006' });
    await run('ROLLBACK');
    const refused = { code: '0A000', message: expect.stringContaining('keys') as string };
    await database.db.transaction(async (tx) => {
      await tx.execute('CREATE TABLE u (a INTEGER)');
      await expect(tx.kv.put('a', 'b')).rejects.toMatchObject(refused);
      expect(await tx.kv.get('a')).toBeUndefined();
    });
    await database.db.transaction(async (tx) => {
      const before = tx.savepoint();
      await tx.kv.put('a', 'b');
      await expect(tx.execute('DROP TABLE u')).rejects.toMatchObject(refused);
      await before.rollBack();
      await tx.execute('DROP TABLE u');
    });
    expect(await outside(NAMES)).toEqual([{ name: 't' }]);
    await run('BEGIN', 'CREATE TABLE u (a INTEGER)');
    for (const sql of ['CHECKPOINT', 'VACUUM t', 'ALTER TABLE t TIER PARTITION WHERE true TO COLD']) {
      await expect(connection.execute(sql)).rejects.toMatchObject({ code: '25001' });
    }
    await run('COMMIT');
    expect(await outside(NAMES)).toEqual([{ name: 't' }, { name: 'u' }]);
  });
});

test('statements of a transaction that has defined something are explained, prepared and timed as others are', async () => {
  await run('BEGIN', 'CREATE TABLE u (a INTEGER, b INTEGER)', 'PREPARE add AS INSERT INTO u VALUES ($1, $2)');
  await run(
    'EXECUTE add(1, 2)',
    'EXECUTE add(3, 4)',
    'CREATE TEMP TABLE mine AS FROM u',
    'INSERT INTO mine VALUES (5, 6)',
  );
  await connection.execute('INSERT INTO u VALUES ($1, $2)', [7, 8]);
  expect((await connection.query('EXPLAIN SELECT * FROM u WHERE a > 1')).numRows).toBeGreaterThan(0);
  expect((await connection.query('EXPLAIN UPDATE u SET a = 1')).numRows).toBeGreaterThan(0);
  expect(await within(`SELECT count(*) AS n FROM duckdb_columns() WHERE table_name = 'u'`)).toEqual([{ n: 2 }]);
  expect(await within('SELECT sum(a)::INTEGER AS s FROM mine')).toEqual([{ s: 9 }]);
  await run('COMMIT');
  expect(await database.values('SELECT a FROM u ORDER BY a')).toEqual([1, 3, 7]);
  expect(await within('SELECT sum(a)::INTEGER AS s FROM mine')).toEqual([{ s: 9 }]);
});

/** Below the data directory: folders of tables. */
async function folders(): Promise<string[]> {
  const kinds = ['segments', 'deletes'];
  const found = await Promise.all(
    kinds.map(async (kind) => (await readdir(join(database.folder, kind))).map((name) => `${kind}/${name}`)),
  );
  return found.flat().toSorted();
}
