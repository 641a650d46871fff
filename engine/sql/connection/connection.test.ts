import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AlopexDB, type Connection } from '../../../index.ts';

let folder: string;
let db: AlopexDB;
let one: Connection;
let two: Connection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-connection-'));
  db = await AlopexDB.open(folder);
});

afterAll(async () => {
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await db.execute('CREATE OR REPLACE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER)');
  await db.execute('INSERT INTO accounts VALUES (1, 10), (2, 20)');
  one = await db.connect();
  two = await db.connect();
});

afterEach(async () => {
  await one.close();
  await two.close();
});

async function values(face: AlopexDB | Connection, sql: string): Promise<unknown[]> {
  const table = await face.query(sql);
  return table.toArray().map((row) => Object.values(row.toJSON() as Record<string, unknown>)[0]);
}

const BALANCES = 'SELECT balance FROM accounts ORDER BY id';

describe('transactions', () => {
  test('are seen by others when they are committed, and not before', async () => {
    await one.execute('BEGIN');
    await one.execute('UPDATE accounts SET balance = balance - 5 WHERE id = 1');
    expect(await values(one, BALANCES)).toEqual([5, 20]);
    expect(await values(two, BALANCES)).toEqual([10, 20]);
    expect(await one.execute('COMMIT')).toEqual([{ command: 'COMMIT', rowCount: undefined }]);
    expect(await values(two, BALANCES)).toEqual([5, 20]);
    expect(one.isInTransaction).toBe(false);
  });

  test('leave nothing when they are rolled back, or the connection is closed', async () => {
    await one.execute('START TRANSACTION; DELETE FROM accounts; ROLLBACK');
    expect(await values(two, BALANCES)).toEqual([10, 20]);
    await one.execute('BEGIN; DELETE FROM accounts');
    await one.close();
    expect(await values(two, BALANCES)).toEqual([10, 20]);
  });

  test('count their own changes', async () => {
    await one.execute('BEGIN; INSERT INTO accounts VALUES (3, 30), (4, 40)');
    expect(await values(one, 'SELECT count(*) FROM accounts')).toEqual([4n]);
    await one.execute('DELETE FROM accounts WHERE id IN (1, 4)');
    expect(await values(one, 'SELECT count(*) FROM accounts')).toEqual([2n]);
    expect(await values(two, 'SELECT count(*) FROM accounts')).toEqual([2n]);
    await one.execute('DELETE FROM accounts');
    expect(await values(one, 'SELECT count(*) FROM accounts')).toEqual([0n]);
    await one.execute('ROLLBACK');
    expect(await values(one, 'SELECT count(*) FROM accounts')).toEqual([2n]);
  });

  test('read one snapshot, taken by the first statement', async () => {
    await one.execute('BEGIN');
    await two.execute('UPDATE accounts SET balance = 11 WHERE id = 1');
    expect(await values(one, BALANCES)).toEqual([11, 20]);
    await two.execute('UPDATE accounts SET balance = 12 WHERE id = 1');
    expect(await values(one, BALANCES)).toEqual([11, 20]);
    await one.execute('COMMIT');
    expect(await values(one, BALANCES)).toEqual([12, 20]);
  });

  test('go back to savepoints', async () => {
    await one.execute(`BEGIN;
      INSERT INTO accounts VALUES (3, 30);
      SAVEPOINT a;
      INSERT INTO accounts VALUES (4, 40);
      SAVEPOINT a;
      DELETE FROM accounts;
      ROLLBACK TO a`);
    expect(await values(one, BALANCES)).toEqual([10, 20, 30, 40]);
    await one.execute('RELEASE SAVEPOINT a; ROLLBACK TO SAVEPOINT a');
    expect(await values(one, BALANCES)).toEqual([10, 20, 30]);
    await expect(one.execute('ROLLBACK TO b')).rejects.toMatchObject({ code: '3B001' });
    await one.execute('COMMIT');
    expect(await values(two, BALANCES)).toEqual([10, 20, 30]);
  });

  test('that failed can only be rolled back', async () => {
    await one.execute('BEGIN; INSERT INTO accounts VALUES (3, 30); SAVEPOINT a');
    await expect(one.execute('INSERT INTO accounts VALUES (1, 0)')).rejects.toMatchObject({ code: '23505' });
    await expect(one.query(BALANCES)).rejects.toMatchObject({ code: '25P02' });
    await expect(one.execute('SAVEPOINT b')).rejects.toMatchObject({ code: '25P02' });
    await one.execute('ROLLBACK TO a');
    expect(await values(one, BALANCES)).toEqual([10, 20, 30]);
    await expect(one.query("SELECT 'x'::INTEGER")).rejects.toMatchObject({ code: '22P02' });
    expect(await one.execute('COMMIT')).toEqual([{ command: 'ROLLBACK', rowCount: undefined }]);
    expect(await values(one, BALANCES)).toEqual([10, 20]);
  });

  test('go on after a statement that did not run', async () => {
    await one.execute('BEGIN; INSERT INTO accounts VALUES (3, 30)');
    await expect(one.query('SELECT * FROM nowhere')).rejects.toMatchObject({ code: '42P01' });
    await expect(one.query('SELEC 1')).rejects.toMatchObject({ code: '42601' });
    await one.execute('COMMIT');
    expect(await values(two, BALANCES)).toEqual([10, 20, 30]);
  });

  test('that lose a conflict end with 40001', async () => {
    await one.execute('BEGIN; UPDATE accounts SET balance = 0 WHERE id = 1');
    await two.execute('UPDATE accounts SET balance = 7 WHERE id = 1');
    await expect(one.execute('COMMIT')).rejects.toMatchObject({ code: '40001' });
    expect(one.isInTransaction).toBe(false);
    expect(await values(one, BALANCES)).toEqual([7, 20]);
  });

  test('that are serializable check what they read', async () => {
    await one.execute('BEGIN ISOLATION LEVEL SERIALIZABLE');
    await two.execute('BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');
    await one.execute('INSERT INTO accounts SELECT 3, sum(balance) FROM accounts');
    await two.execute('INSERT INTO accounts SELECT 4, sum(balance) FROM accounts');
    await one.execute('COMMIT');
    await expect(two.execute('COMMIT')).rejects.toMatchObject({ code: '40001' });
  });

  test('that only read refuse changes', async () => {
    await one.execute('BEGIN READ ONLY');
    expect(await values(one, BALANCES)).toEqual([10, 20]);
    await expect(one.execute('DELETE FROM accounts')).rejects.toMatchObject({ code: '25006' });
    await one.execute('ROLLBACK; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY');
    await expect(one.execute('DELETE FROM accounts')).rejects.toMatchObject({ code: '25006' });
    await one.execute('BEGIN READ WRITE; DELETE FROM accounts; ROLLBACK');
  });

  test('begin and end once', async () => {
    await expect(one.execute('COMMIT')).rejects.toMatchObject({ code: '25P01' });
    await expect(one.execute('ROLLBACK')).rejects.toMatchObject({ code: '25P01' });
    await expect(one.execute('SAVEPOINT a')).rejects.toMatchObject({ code: '25P01' });
    await expect(one.execute('BEGIN; BEGIN')).rejects.toMatchObject({ code: '25001' });
    await one.execute('ROLLBACK');
    await expect(one.execute('BEGIN; CHECKPOINT')).rejects.toMatchObject({ code: '25001' });
  });

  test('work within one text without a connection, and are rolled back when it leaves them open', async () => {
    await db.execute('BEGIN; UPDATE accounts SET balance = 1; SAVEPOINT a; DELETE FROM accounts; ROLLBACK TO a; END');
    expect(await values(db, BALANCES)).toEqual([1, 1]);
    await expect(db.execute('BEGIN; DELETE FROM accounts')).rejects.toMatchObject({ code: '25001' });
    expect(await values(db, BALANCES)).toEqual([1, 1]);
  });

  test('by function have savepoints by SQL too, and end with the function alone', async () => {
    await db.transaction(async (tx) => {
      await tx.execute('SAVEPOINT a; DELETE FROM accounts; ROLLBACK TO a; UPDATE accounts SET balance = 3');
      await expect(tx.execute('COMMIT')).rejects.toMatchObject({ code: '25001' });
    });
    expect(await values(db, BALANCES)).toEqual([3, 3]);
  });
});

describe('settings', () => {
  test('hold for one connection, until it is closed', async () => {
    await one.execute("SET TimeZone = 'Asia/Tokyo'; SET integer_division = true");
    expect(await values(one, "SELECT current_setting('TimeZone')")).toEqual(['Asia/Tokyo']);
    expect(await values(one, 'SELECT 7 / 2')).toEqual([3]);
    expect(await values(two, 'SELECT 7 / 2')).toEqual([3.5]);
    await one.execute('RESET integer_division');
    expect(await values(one, 'SELECT 7 / 2')).toEqual([3.5]);
    await one.execute('SET integer_division = true; RESET ALL');
    expect(await values(one, 'SELECT 7 / 2')).toEqual([3.5]);
    await one.execute('SET integer_division = true');
    await one.close();
    const three = await db.connect();
    expect(await values(three, 'SELECT 7 / 2')).toEqual([3.5]);
    await three.close();
  });

  test('decide which rows are read: files are not pruned by another time zone', async () => {
    await db.execute('CREATE OR REPLACE TABLE events (ts TIMESTAMPTZ)');
    await db.execute("INSERT INTO events VALUES ('2024-01-01 00:30:00+00')");
    await db.execute('CHECKPOINT');
    const count = "SELECT count(*) FROM events WHERE ts >= '2024-01-01 09:00:00' AND ts < '2024-01-01 10:00:00'";
    expect(await values(one, count)).toEqual([0n]);
    await one.execute("SET TIME ZONE 'Asia/Tokyo'");
    expect(await values(one, count)).toEqual([1n]);
    expect(await values(two, count)).toEqual([0n]);
  });

  test('that the engine relies on, or that do not exist, are refused', async () => {
    await expect(one.execute('SET enable_external_access = false')).rejects.toMatchObject({ code: '55P02' });
    await expect(one.execute('SET no_such_thing = 1')).rejects.toMatchObject({ code: '42704' });
    await expect(one.execute("SET TimeZone = 'Nowhere/Else'")).rejects.toMatchObject({ code: '22023' });
    await expect(one.execute("SET statement_timeout = 'soon'")).rejects.toMatchObject({ code: '22023' });
  });

  test('can be set by PRAGMA, which tells things too', async () => {
    await one.execute('PRAGMA integer_division = true');
    expect(await values(one, 'SELECT 7 / 2')).toEqual([3]);
    expect(await values(one, "PRAGMA table_info('accounts')")).toHaveLength(2);
    expect(await values(one, "CALL pragma_table_info('accounts')")).toHaveLength(2);
    await expect(one.execute('PRAGMA enable_checkpoint_on_shutdown')).rejects.toMatchObject({ code: '0A000' });
  });

  test('statement_timeout stops a statement, and no other', async () => {
    await one.execute("SET statement_timeout = '50ms'");
    const long = 'SELECT sum(a.range * b.range) FROM range(1000000) AS a, range(1000000) AS b';
    await expect(one.query(long)).rejects.toMatchObject({ code: '57014', message: expect.stringContaining('50 ms') });
    await one.execute('SET statement_timeout = DEFAULT');
    expect(await values(one, 'SELECT 1')).toEqual([1]);
  });
});

describe('prepared statements', () => {
  test('run with values by position and by name', async () => {
    await one.execute('PREPARE add AS INSERT INTO accounts VALUES ($1, $2)');
    await one.execute('PREPARE find AS SELECT balance FROM accounts WHERE id = $id');
    await one.execute('EXECUTE add(3, 10 * 3); EXECUTE add(4, NULL)');
    expect(await values(one, 'EXECUTE find(id := 3)')).toEqual([30]);
    expect(await values(one, 'EXECUTE find(id := 4)')).toEqual([null]);
    await expect(one.execute('EXECUTE add(5)')).rejects.toMatchObject({ code: '42601' });
    await expect(one.execute('EXECUTE add(5, 6, 7)')).rejects.toMatchObject({ code: '42601' });
    await expect(one.execute('PREPARE add AS SELECT 1')).rejects.toMatchObject({ code: '42P05' });
    await one.execute('DEALLOCATE add');
    await expect(one.execute('EXECUTE add(5, 6)')).rejects.toMatchObject({ code: '26000' });
    await expect(two.execute('EXECUTE find(id := 1)')).rejects.toMatchObject({ code: '26000' });
    await one.execute('DISCARD ALL');
    await expect(one.execute('EXECUTE find(id := 1)')).rejects.toMatchObject({ code: '26000' });
  });

  test('number question marks', async () => {
    await one.execute('PREPARE sum_of AS SELECT ? + ?');
    expect(await values(one, 'EXECUTE sum_of(40, 2)')).toEqual([42]);
  });

  test('take lists for IN', async () => {
    await one.execute('PREPARE is_among AS SELECT 2 IN $1');
    expect(await values(one, 'EXECUTE is_among([1, 2])')).toEqual([true]);
    expect(await values(one, 'EXECUTE is_among([1, 3])')).toEqual([false]);
  });
});

describe('a connection', () => {
  test('runs one statement at a time', async () => {
    const rows = one.stream('SELECT * FROM range(1000000)');
    await rows.next();
    await expect(one.query('SELECT 1')).rejects.toMatchObject({ code: '55006' });
    await rows.return();
    expect(await values(one, 'SELECT 1')).toEqual([1]);
  });

  test('can be interrupted, and goes on', async () => {
    const long = one.query('SELECT sum(a.range * b.range) FROM range(1000000) AS a, range(1000000) AS b');
    setTimeout(() => one.interrupt(), 100);
    await expect(long).rejects.toMatchObject({ code: '57014' });
    expect(await values(one, 'SELECT 1')).toEqual([1]);
  });

  test('that is closed refuses statements', async () => {
    await one.close();
    await expect(one.query('SELECT 1')).rejects.toMatchObject({ code: '08003' });
    await expect(one.execute('BEGIN')).rejects.toMatchObject({ code: '08003' });
  });
});

describe('temporary tables', () => {
  test('belong to one connection, and hide tables of the same name', async () => {
    await one.execute('CREATE TEMP TABLE accounts AS SELECT id + 100 AS id FROM accounts');
    expect(await values(one, 'SELECT id FROM accounts ORDER BY id')).toEqual([101, 102]);
    expect(await values(two, 'SELECT id FROM accounts ORDER BY id')).toEqual([1, 2]);
    await one.execute('INSERT INTO accounts VALUES (103); UPDATE accounts SET id = 104 WHERE id = 103');
    await one.execute('DELETE FROM accounts WHERE id = 101');
    expect(await values(one, 'SELECT id FROM accounts ORDER BY id')).toEqual([102, 104]);
    expect(await one.execute('DROP TABLE accounts')).toEqual([{ command: 'DROP TABLE', rowCount: undefined }]);
    expect(await values(one, 'SELECT id FROM accounts ORDER BY id')).toEqual([1, 2]);
  });

  test('are counted, not the tables that they hide', async () => {
    await one.execute('CREATE TEMP TABLE accounts AS SELECT range AS id FROM range(7)');
    expect(await values(one, 'SELECT count(*) FROM accounts')).toEqual([7n]);
    expect(await values(two, 'SELECT count(*) FROM accounts')).toEqual([2n]);
  });

  test('take rows from tables, and give rows to them', async () => {
    await one.execute('CREATE TEMPORARY TABLE extra (id INTEGER, balance INTEGER)');
    await one.execute('INSERT INTO extra SELECT id + 10, balance FROM accounts');
    await one.execute('CREATE TEMP VIEW richest AS SELECT max(balance) FROM extra');
    expect(await values(one, 'FROM richest')).toEqual([20]);
    expect(await one.execute('INSERT INTO accounts FROM extra')).toEqual([{ command: 'INSERT', rowCount: 2 }]);
    expect(await values(two, BALANCES)).toEqual([10, 20, 10, 20]);
    await expect(one.execute('DROP TABLE extra, accounts')).rejects.toMatchObject({ code: '0A000' });
    await one.execute('DROP VIEW richest');
  });

  test('are gone with the connection', async () => {
    await one.execute('CREATE TEMP TABLE gone (id INTEGER)');
    await one.close();
    const three = await db.connect();
    await expect(three.query('FROM gone')).rejects.toMatchObject({ code: '42P01' });
    await three.close();
  });

  test('leave no database of the kernel behind', async () => {
    const databases = 'SELECT count(*)::INTEGER FROM duckdb_databases()';
    const [before] = await values(two, databases);
    for (let i = 0; i < 3; i++) await db.execute('CREATE TEMP TABLE t (i INTEGER)');
    expect(await values(two, databases)).toEqual([before]);
  });

  test('serve within one text', async () => {
    await db.execute('CREATE TEMP TABLE t AS SELECT 7 AS id; INSERT INTO accounts SELECT id, 70 FROM t');
    expect(await values(db, 'SELECT id FROM accounts ORDER BY id')).toEqual([1, 2, 7]);
    await expect(db.query('FROM t')).rejects.toMatchObject({ code: '42P01' });
  });
});
