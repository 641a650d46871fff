import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AlopexDB, type Connection } from '../../index.ts';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
let one: Connection;
let two: Connection;
beforeEach(async () => {
  database = await TestDatabase.open();
  await database.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)', 'INSERT INTO t VALUES (1, 10), (2, 20)');
  one = await database.db.connect();
  two = await database.db.connect();
});
afterEach(async () => {
  await one.close();
  await two.close();
  await database.close();
});

/** Lets what waits for nothing but the machine get on. */
async function others(): Promise<void> {
  await database.db.query('SELECT 1');
  await database.db.query('SELECT count(*) FROM t WHERE n > 0');
}

describe('while a transaction has defined something', () => {
  test('others read, write keys and begin transactions; their changes of tables wait until it ends', async () => {
    await one.execute('BEGIN; ALTER TABLE t ADD COLUMN x INTEGER; UPDATE t SET x = 1');
    await database.db.kv.put('k', 'v');
    expect(await database.rows('FROM t ORDER BY id')).toEqual([
      { id: 1, n: 10 },
      { id: 2, n: 20 },
    ]);
    await two.execute('BEGIN; UPDATE t SET n = 0 WHERE id = 7; INSERT INTO t VALUES (7, 70)');
    const waiting = ['INSERT INTO t VALUES (3, 30)', 'UPDATE t SET n = 21 WHERE id = 2', 'CREATE TABLE u (a INTEGER)'];
    const done: string[] = [];
    const results = waiting.map(async (sql) => {
      await database.db.execute(sql).catch((error: unknown) => error);
      done.push(sql);
    });
    await others();
    expect(done).toEqual([]);
    expect(await database.db.kv.has('k')).toBe(true);
    await one.execute('COMMIT');
    await Promise.all(results);
    expect(done.toSorted()).toEqual(waiting.toSorted());
    expect(await database.rows('SELECT * FROM t WHERE id = 2')).toEqual([{ id: 2, n: 21, x: 1 }]);
    expect(await database.values('SELECT name FROM alopex.tables ORDER BY name')).toEqual(['t', 'u']);
    // It read the table as it was.
    await expect(two.execute('COMMIT')).rejects.toMatchObject({ code: '40001' });
  });

  test('a reader keeps what it began with', async () => {
    await two.execute('BEGIN; SELECT * FROM t');
    await one.execute('BEGIN; DROP TABLE t; CREATE TABLE t (z VARCHAR); COMMIT');
    await database.execute('CHECKPOINT');
    expect(await database.rows('FROM t WHERE id = 1', two)).toEqual([{ id: 1, n: 10 }]);
    await two.execute('COMMIT');
    expect(await database.rows('FROM t', two)).toEqual([]);
  });

  test('two that define do not block each other for ever', async () => {
    await one.execute('BEGIN; CREATE TABLE a (x INTEGER)');
    await two.execute('BEGIN');
    const second = two.execute('CREATE TABLE a (y INTEGER)').catch((error: unknown) => error);
    await others();
    await one.execute('COMMIT');
    // It goes on from the newest version.
    expect(await second).toMatchObject({ code: '42P07' });
    await two.execute('CREATE TABLE b AS FROM a; COMMIT');
    expect(await database.rows('DESCRIBE b')).toMatchObject([{ column_name: 'x' }]);
  });
});

describe('waiting for the lock', () => {
  test('ends after lock_timeout, which a connection can set', async () => {
    await one.execute('BEGIN; CREATE TABLE a (x INTEGER)');
    await two.execute(`SET lock_timeout = '20ms'`);
    const late = { code: '55P03', hint: expect.stringContaining('lock_timeout') as string };
    await expect(two.execute('INSERT INTO t VALUES (3, 30)')).rejects.toMatchObject(late);
    await expect(two.execute('DROP TABLE t')).rejects.toMatchObject(late);
    await two.execute('BEGIN; UPDATE t SET n = 1');
    await expect(two.execute('CREATE TABLE b (x INTEGER)')).rejects.toMatchObject(late);
    await expect(two.execute('COMMIT')).resolves.toMatchObject([{ command: 'ROLLBACK' }]);
    await two.execute('BEGIN; UPDATE t SET n = 1');
    await expect(two.execute('COMMIT')).rejects.toMatchObject(late);
    await one.execute('ROLLBACK');
    await two.execute('INSERT INTO t VALUES (3, 30); RESET lock_timeout');
    expect(await database.values('SELECT n FROM t ORDER BY id')).toEqual([10, 20, 30]);
    await expect(two.execute(`SET lock_timeout = 'soon'`)).rejects.toMatchObject({ code: '22023' });
  });

  test('ends after the limit lockTimeoutMs where nothing is set', async () => {
    const db = await AlopexDB.open(`${database.folder}/other`, { limits: { lockTimeoutMs: 20 } });
    try {
      await db.execute('CREATE TABLE t (id INTEGER)');
      const holder = await db.connect();
      await holder.execute('BEGIN; CREATE TABLE a (x INTEGER)');
      const prepared = (): Promise<unknown> => db.execute('INSERT INTO t VALUES ($1)', [1]);
      await expect(prepared()).rejects.toMatchObject({ code: '55P03' });
      await expect(db.execute('CHECKPOINT')).rejects.toMatchObject({ code: '55P03' });
      await holder.close();
      await prepared();
      expect((await db.query('FROM t')).numRows).toBe(1);
    } finally {
      await db.close();
    }
  });

  test('ends with the statement: statement_timeout, interrupt', async () => {
    await one.execute('BEGIN; CREATE TABLE a (x INTEGER)');
    await two.execute(`SET statement_timeout = '20ms'`);
    await expect(two.execute('DELETE FROM t')).rejects.toMatchObject({
      code: '57014',
      message: expect.stringContaining('20 ms') as string,
    });
    await two.execute('RESET statement_timeout');
    const interrupted = two.execute('DELETE FROM t').catch((error: unknown) => error);
    await others();
    two.interrupt();
    expect(await interrupted).toMatchObject({ code: '57014' });
    await one.execute('COMMIT');
    await two.execute('DELETE FROM t');
    expect(await database.values('FROM t')).toEqual([]);
  });
});

describe('conflicts when the lock is taken', () => {
  const before = async (sql: string): Promise<void> => {
    await one.execute(`BEGIN; ${sql}`);
    await one.query('SELECT 1');
  };

  test('a table that was read or changed, and that others changed since', async () => {
    for (const sql of ['SELECT * FROM t', 'UPDATE t SET n = 0', 'INSERT INTO t VALUES (9, 90)']) {
      await two.execute('DELETE FROM t WHERE id = 9');
      await before(sql);
      await two.execute('INSERT INTO t VALUES (9, 91)');
      await expect(one.execute('CREATE TABLE a (x INTEGER)'), sql).rejects.toMatchObject({ code: '40001' });
      await one.execute('ROLLBACK');
      await two.execute('CREATE TABLE b (x INTEGER); DROP TABLE b');
    }
    expect(await database.values('SELECT n FROM t ORDER BY id')).toEqual([10, 20, 91]);
  });

  test('none: the transaction goes on from the newest version, with its own changes', async () => {
    await before('INSERT INTO t VALUES (9, 90)');
    await two.execute(
      'INSERT INTO t VALUES (8, 80); UPDATE t SET n = 11 WHERE id = 1; CREATE TABLE new AS SELECT 1 AS a',
    );
    expect(await database.values('SELECT n FROM t WHERE id < 9 ORDER BY id', one)).toEqual([10, 20]);
    await one.execute('ROLLBACK');
    await before('INSERT INTO t VALUES (9, 90)');
    await two.execute('INSERT INTO t VALUES (7, 70)');
    await one.execute('ALTER TABLE new ADD COLUMN b INTEGER DEFAULT 2; ALTER TABLE t RENAME COLUMN n TO m');
    expect(await database.values('SELECT m FROM t ORDER BY id', one)).toEqual([11, 20, 70, 80, 90]);
    await one.execute('COMMIT');
    expect(await database.values('SELECT m FROM t ORDER BY id')).toEqual([11, 20, 70, 80, 90]);
    expect(await database.rows('FROM new')).toEqual([{ a: 1, b: 2 }]);
  });

  test('none: rows are in other files since, and a savepoint leads back', async () => {
    await before('UPDATE t SET n = 11 WHERE id = 1; INSERT INTO t VALUES (3, 30); SAVEPOINT s');
    await two.execute('CHECKPOINT; VACUUM t');
    await one.execute('ALTER TABLE t ADD COLUMN x INTEGER; DELETE FROM t WHERE id = 2');
    expect(await database.values('SELECT n FROM t ORDER BY id', one)).toEqual([11, 30]);
    await one.execute('ROLLBACK TO s');
    expect(await database.values('SELECT n FROM t ORDER BY id', one)).toEqual([11, 20, 30]);
    await two.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    await one.execute(`COMMENT ON TABLE t IS 'text'; UPDATE t SET n = n + 1`);
    expect(await database.values('SELECT n FROM t ORDER BY id', one)).toEqual([12, 21, 31]);
    await one.execute('COMMIT');
    await database.reopen();
    expect(await database.values('SELECT n FROM t ORDER BY id')).toEqual([12, 21, 31]);
  });

  test.each(['ROLLBACK', 'COMMIT'])('others follow their rows into files that a %s leaves', async (end) => {
    await two.execute('BEGIN; UPDATE t SET n = 21 WHERE id = 2');
    await one.execute(`BEGIN; COMMENT ON TABLE t IS 'text'; INSERT INTO t VALUES (3, 30); ${end}`);
    await two.execute('COMMIT');
    const third = end === 'COMMIT' ? [30] : [];
    expect(await database.values('SELECT n FROM t ORDER BY id')).toEqual([10, 21, ...third]);
  });

  test('db.transaction runs its function again', async () => {
    let attempts = 0;
    await database.db.transaction(async (tx) => {
      const [row] = (await tx.query('SELECT sum(n)::INTEGER AS s FROM t')).toArray() as { s: number }[];
      if (attempts++ === 0) await two.execute('UPDATE t SET n = n + 1');
      await tx.execute(`CREATE TABLE sums AS SELECT ${row?.s} AS s`);
    });
    expect(attempts).toBe(2);
    expect(await database.values('FROM sums')).toEqual([32]);
  });

  test('serializable: what was read before and after', async () => {
    await one.execute('BEGIN ISOLATION LEVEL SERIALIZABLE; CREATE TABLE a AS FROM t');
    const waiting = two.execute('UPDATE t SET n = 0');
    await others();
    expect(await database.values('SELECT n FROM t ORDER BY id', one)).toEqual([10, 20]);
    await one.execute('COMMIT');
    await waiting;
    await expect(
      database.db.transaction(
        async (tx) => {
          await tx.kv.get('k');
          await tx.execute('CREATE TABLE b (x INTEGER)');
          await database.db.kv.put('k', 'v');
        },
        { isolation: 'serializable', maxAttempts: 1 },
      ),
    ).rejects.toMatchObject({ code: '40001' });
    expect(await database.values('SELECT name FROM alopex.tables ORDER BY name')).toEqual(['a', 't']);
  });
});

describe('the lock is given back', () => {
  test('when the connection is closed', async () => {
    await one.execute('BEGIN; DROP TABLE t; CREATE TABLE a (x INTEGER)');
    await one.close();
    await two.execute('INSERT INTO t VALUES (3, 30)');
    expect(await database.values('SELECT name FROM alopex.tables')).toEqual(['t']);
  });

  test('when the database is closed, and what waits for it fails', async () => {
    await one.execute('BEGIN; DROP TABLE t; CREATE TABLE a AS SELECT range AS i FROM range(100)');
    await two.execute('BEGIN');
    const waiting = two.execute('CREATE TABLE b (x INTEGER)').catch((error: unknown) => error);
    await database.db.query('SELECT 1');
    await database.reopen();
    expect(await waiting).toMatchObject({ code: '57P03' });
    await expect(one.execute('COMMIT')).rejects.toMatchObject({
      code: expect.stringMatching(/^(25000|57P03)$/) as string,
    });
    expect(await database.values('SELECT n FROM t ORDER BY id')).toEqual([10, 20]);
    expect(await database.values('SELECT name FROM alopex.tables')).toEqual(['t']);
  });

  test('when a statement fails, or what was defined is undone', async () => {
    await one.execute('BEGIN; SAVEPOINT s');
    await expect(one.execute('CREATE TABLE t (a INTEGER)')).rejects.toMatchObject({ code: '42P07' });
    await two.execute('INSERT INTO t VALUES (3, 30)');
    await one.execute('CREATE TABLE a (x INTEGER); ROLLBACK TO s');
    await two.execute('INSERT INTO t VALUES (4, 40)');
    await one.execute('CREATE TABLE IF NOT EXISTS t (a INTEGER); INSERT INTO t VALUES (5, 50); COMMIT');
    expect(await database.values('SELECT n FROM t ORDER BY id')).toEqual([10, 20, 30, 40, 50]);
    // Nothing was defined in the end: the row went the usual way.
    expect(await database.values('SELECT hot_files FROM alopex.tables')).toEqual([0]);
  });
});
