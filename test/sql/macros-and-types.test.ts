import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await TestDatabase.open();
  await database.execute('CREATE TABLE t (a INTEGER, b VARCHAR)', `INSERT INTO t VALUES (1, 'x'), (2, 'y')`);
});
afterEach(async () => database.close());

test('a macro has defaults, overloads and other macros in it', async () => {
  await database.execute(
    'CREATE MACRO inc(x, step := 1) AS x + step, (x, y, z) AS x * y * z',
    'CREATE FUNCTION twice(x) AS 2 * inc(x)',
    'CREATE SCHEMA s',
    'CREATE MACRO s.best() AS (SELECT max(a) FROM t)',
  );
  const text = 'SELECT inc(1) AS a, inc(1, step := 5) AS b, inc(2, 3, 4) AS c, twice(4) AS d, s.best() AS e';
  const expected = [{ a: 2, b: 6, c: 24, d: 10, e: 2 }];
  expect(await database.rows(text)).toEqual(expected);
  expect(await database.afterCrash((db) => database.rows(text, db))).toEqual(expected);
  await database.reopen();
  expect(await database.rows(text)).toEqual(expected);
  await database.execute('CREATE OR REPLACE MACRO inc(x) AS x + 100', 'INSERT INTO t VALUES (3, $$z$$)');
  expect(await database.rows('SELECT twice(4) AS d, s.best() AS e')).toEqual([{ d: 208, e: 3 }]);
  await database.execute('DROP MACRO inc');
  await expect(database.rows('SELECT twice(4)')).rejects.toMatchObject({ code: '42883' });
});

test('a table macro is a query with parameters', async () => {
  await database.execute('CREATE MACRO from_a(n) AS TABLE SELECT * FROM t WHERE a >= n');
  expect(await database.rows('FROM from_a(2)')).toEqual([{ a: 2, b: 'y' }]);
  await database.execute('CREATE TABLE u AS FROM from_a(1)', 'INSERT INTO u FROM from_a(2)');
  expect(await database.values('SELECT a FROM u ORDER BY 1')).toEqual([1, 2, 2]);
  await database.execute('CREATE MACRO from_a() AS 7');
  expect(await database.values('SELECT from_a()')).toEqual([7]);
  await database.execute('DROP MACRO TABLE from_a');
  await expect(database.rows('FROM from_a(1)')).rejects.toMatchObject({ code: '42883' });
  await database.execute('DROP FUNCTION from_a');
  await expect(database.rows('SELECT from_a()')).rejects.toMatchObject({ code: '42883' });
});

test('macros are used by statements that change rows, and by defaults', async () => {
  await database.execute(
    'CREATE MACRO inc(x) AS x + 1',
    'CREATE TABLE d (id INTEGER, n INTEGER DEFAULT inc(41))',
    'INSERT INTO d (id) VALUES (inc(0))',
    'UPDATE t SET a = inc(a) WHERE inc(a) = 3',
    'DELETE FROM t WHERE inc(a) = 2',
  );
  await database.reopen();
  await database.execute('INSERT INTO d (id) VALUES (2)');
  expect(await database.rows('FROM d ORDER BY id')).toEqual([
    { id: 1, n: 42 },
    { id: 2, n: 42 },
  ]);
  expect(await database.values('SELECT a FROM t')).toEqual([3]);
});

test('a macro is checked when it is created', async () => {
  await expect(database.execute('CREATE MACRO m(x) AS nope(x)')).rejects.toMatchObject({ code: '42883' });
  await expect(database.execute('CREATE MACRO m(x) AS TABLE FROM nope')).rejects.toMatchObject({ code: '42P01' });
  await expect(database.execute('CREATE MACRO m(x)')).rejects.toMatchObject({ code: '42601' });
  await database.execute('CREATE MACRO m(x) AS x');
  await expect(database.execute('CREATE MACRO m(x) AS x')).rejects.toMatchObject({ code: '42723' });
  await database.execute('CREATE MACRO IF NOT EXISTS m(x) AS x + 1');
  expect(await database.values('SELECT m(1)')).toEqual([1]);
  await expect(database.execute('DROP MACRO other')).rejects.toMatchObject({ code: '42883' });
  expect(await database.values('SELECT sql FROM alopex.macros')).toEqual(['CREATE MACRO "main"."m"(x) AS x']);
});

test('types are stored written out, and survive a reopen', async () => {
  await database.execute(
    `CREATE TYPE mood AS ENUM ('sad', 'it''s ok')`,
    'CREATE TYPE letter AS ENUM (SELECT b FROM t ORDER BY b)',
    'CREATE TYPE point AS STRUCT(x INTEGER, m mood)',
    'CREATE TYPE id AS BIGINT',
    'DROP TYPE mood',
    'DROP TABLE t',
  );
  await database.reopen();
  expect(await database.rows(`SELECT {'x': 1, 'm': 'sad'}::point AS p, 'y'::letter AS l, 5::id AS i`)).toEqual([
    { p: { x: 1, m: 'sad' }, l: 'y', i: 5 },
  ]);
  await expect(database.rows(`SELECT 'sad'::mood`)).rejects.toMatchObject({ code: '42704' });
  await expect(database.rows(`SELECT 'z'::letter`)).rejects.toMatchObject({ code: '22P02' });
  expect(await database.values('SELECT sql FROM alopex.types ORDER BY name')).toEqual([
    'CREATE TYPE "main"."id" AS BIGINT',
    `CREATE TYPE "main"."letter" AS ENUM('x', 'y')`,
    `CREATE TYPE "main"."point" AS STRUCT(x INTEGER, m ENUM('sad', 'it''s ok'))`,
  ]);
  await expect(database.execute('CREATE TYPE id AS INTEGER')).rejects.toMatchObject({ code: '42710' });
  await expect(database.execute('CREATE TYPE other AS nope')).rejects.toMatchObject({ code: '42704' });
  await expect(database.execute('DROP TYPE other')).rejects.toMatchObject({ code: '42704' });
  await database.execute('CREATE OR REPLACE TYPE id AS VARCHAR', 'CREATE TYPE IF NOT EXISTS id AS INTEGER');
  expect(await database.values(`SELECT 'a'::id`)).toEqual(['a']);
});

test('columns have types by their names', async () => {
  await database.execute('CREATE SCHEMA s', 'CREATE TYPE s.amount AS DECIMAL(10, 2)');
  await database.execute('CREATE TABLE p (n s.amount)', 'ALTER TABLE p ADD COLUMN m s.amount', 'DROP TYPE s.amount');
  expect(await database.values(`SELECT type FROM alopex.columns WHERE table_name = 'p'`)).toEqual([
    'DECIMAL(10, 2)',
    'DECIMAL(10, 2)',
  ]);
});

test('a type that was dropped is gone for tables to come, also when it was the last definition', async () => {
  const own = await TestDatabase.open();
  const connection = await own.db.connect();
  try {
    await connection.execute(`CREATE TYPE mood AS ENUM ('good'); CREATE TABLE t (m mood); DROP TABLE t`);
    await connection.execute('DROP TYPE mood');
    await expect(connection.execute('CREATE TABLE t (m mood)')).rejects.toMatchObject({ code: '42704' });
  } finally {
    await connection.close();
    await own.close();
  }
});
