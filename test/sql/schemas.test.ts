import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await TestDatabase.open();
  await database.execute(
    'CREATE SCHEMA s',
    'CREATE TABLE t (a INTEGER)',
    'CREATE TABLE s.t (a INTEGER)',
    'INSERT INTO t VALUES (1)',
    'INSERT INTO s.t VALUES (2)',
  );
});
afterEach(async () => database.close());

describe('names', () => {
  test('every statement takes a qualified name', async () => {
    await database.execute(
      'INSERT INTO main.t SELECT a + 10 FROM s.t',
      'UPDATE s.t SET a = 3 WHERE a = 2',
      'DELETE FROM main.t WHERE a = 1',
      'ALTER TABLE s.t ADD COLUMN b INTEGER',
      'VACUUM s.t',
      'ALTER TABLE s.t TIER PARTITION WHERE true TO COLD',
    );
    expect(await database.values('SELECT a FROM t')).toEqual([12]);
    expect(await database.rows('SELECT * FROM s.t')).toEqual([{ a: 3, b: null }]);
    expect(await database.rows('SELECT schema_name, name, cold_rows FROM alopex.tables ORDER BY 1')).toEqual([
      { schema_name: 'main', name: 't', cold_rows: 0 },
      { schema_name: 's', name: 't', cold_rows: 1 },
    ]);
    const [location] = await database.values(`SELECT metadata_location FROM alopex.tables WHERE schema_name = 's'`);
    expect(location).toContain('/warehouse/s/t-');
    await database.execute('TRUNCATE s.t', 'DROP TABLE s.t');
    await expect(database.rows('FROM s.t')).rejects.toMatchObject({ code: '42P01' });
    expect(await database.values('SELECT a FROM t')).toEqual([12]);
  });

  test('USE and search_path say where plain names are looked for, on one connection alone', async () => {
    const connection = await database.db.connect();
    try {
      await connection.execute('USE s; INSERT INTO t VALUES (4); CREATE TABLE only_here (x INTEGER)');
      expect(await database.values('SELECT a FROM t ORDER BY 1', connection)).toEqual([2, 4]);
      expect(await database.values('SELECT a FROM main.t', connection)).toEqual([1]);
      await connection.execute(`SET search_path = 'main, s'; INSERT INTO only_here VALUES (5)`);
      expect(await database.values('SELECT a FROM t', connection)).toEqual([1]);
      expect(await database.values('FROM only_here', connection)).toEqual([5]);
      await connection.execute('RESET search_path');
      await expect(connection.query('FROM only_here')).rejects.toMatchObject({ code: '42P01' });
      await expect(connection.execute('USE nowhere')).rejects.toMatchObject({ code: '3F000' });
    } finally {
      await connection.close();
    }
    expect(await database.values('SELECT a FROM t')).toEqual([1]);
    expect(await database.values('FROM s.only_here')).toEqual([5]);
  });

  test('a table is moved to another schema with its rows', async () => {
    await expect(database.execute('ALTER TABLE s.t SET SCHEMA main')).rejects.toMatchObject({ code: '42P07' });
    await expect(database.execute('ALTER TABLE s.t SET SCHEMA nowhere')).rejects.toMatchObject({ code: '3F000' });
    await database.execute(
      'ALTER TABLE s.t RENAME TO u',
      'ALTER TABLE s.u SET SCHEMA main',
      'INSERT INTO u VALUES (9)',
    );
    await database.reopen();
    expect(await database.values('SELECT a FROM main.u ORDER BY 1')).toEqual([2, 9]);
    await expect(database.rows('FROM s.u')).rejects.toMatchObject({ code: '42P01' });
  });

  test('names are quoted, and equal whatever their case', async () => {
    await database.execute('CREATE SCHEMA "My.Schema"', 'CREATE TABLE "my.schema"."T""1" AS SELECT 7 AS x');
    await database.execute('CREATE VIEW "MY.SCHEMA".v AS FROM "t""1"');
    expect(await database.values('FROM "My.Schema".V')).toEqual([7]);
    await database.reopen();
    expect(await database.rows('SELECT * FROM "MY.SCHEMA".v')).toEqual([{ x: 7 }]);
  });
});

describe('CREATE and DROP SCHEMA', () => {
  test('what is there already, reserved or not empty is refused', async () => {
    await expect(database.execute('CREATE SCHEMA S')).rejects.toMatchObject({ code: '42P06' });
    await expect(database.execute('CREATE SCHEMA main')).rejects.toMatchObject({ code: '42P06' });
    await expect(database.execute('CREATE SCHEMA alopex')).rejects.toMatchObject({ code: '42939' });
    await expect(database.execute('CREATE TABLE alopex.x (a INTEGER)')).rejects.toMatchObject({ code: '42939' });
    await expect(database.execute('CREATE TABLE temp.x (a INTEGER)')).rejects.toMatchObject({ code: '42939' });
    await expect(database.execute('CREATE TABLE nowhere.x (a INTEGER)')).rejects.toMatchObject({ code: '3F000' });
    await expect(database.execute('DROP SCHEMA s')).rejects.toMatchObject({ code: '2BP01' });
    await expect(database.execute('DROP SCHEMA main CASCADE')).rejects.toMatchObject({ code: '2BP01' });
    await expect(database.execute('DROP SCHEMA nowhere')).rejects.toMatchObject({ code: '3F000' });
    await database.execute('CREATE SCHEMA IF NOT EXISTS s', 'DROP SCHEMA IF EXISTS nowhere');
    expect(await database.values('SELECT name FROM alopex.schemas ORDER BY 1')).toEqual(['main', 's']);
  });

  test('CASCADE drops all that is in it, and nothing else', async () => {
    await database.execute(
      'CREATE VIEW s.v AS SELECT a FROM t',
      'CREATE MACRO s.m(x) AS x + 1',
      'CREATE SEQUENCE s.q',
      `CREATE TYPE s.e AS ENUM ('a')`,
      'CREATE VIEW outside AS FROM s.t',
    );
    await database.execute('DROP SCHEMA s CASCADE');
    for (const text of ['FROM s.t', 'FROM s.v', 'SELECT s.m(1)', `SELECT nextval('s.q')`, `SELECT 'a'::s.e`]) {
      await expect(database.rows(text)).rejects.toMatchObject({ name: 'AlopexError' });
    }
    await expect(database.rows('FROM outside')).rejects.toMatchObject({ code: '3F000' });
    expect(await database.values('FROM t')).toEqual([1]);
    await database.reopen();
    expect(await database.values('SELECT name FROM alopex.schemas')).toEqual(['main']);
    // What has the old names is new.
    await database.execute('CREATE SCHEMA s', 'CREATE TABLE s.t (z VARCHAR)');
    expect(await database.rows('FROM s.t')).toEqual([]);
  });

  test('a reader in flight keeps what it began with', async () => {
    await database.execute('INSERT INTO s.t SELECT range FROM range(10000)');
    let seen = 0;
    for await (const batch of database.db.stream('SELECT * FROM s.t')) {
      if (seen === 0) await database.execute('DROP SCHEMA s CASCADE');
      seen += batch.numRows;
    }
    expect(seen).toBe(10_001);
    await expect(database.rows('FROM s.t')).rejects.toMatchObject({ code: '3F000' });
  });
});
