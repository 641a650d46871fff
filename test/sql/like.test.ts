import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await TestDatabase.open();
});
afterEach(async () => database.close());

const describe = (table: string): Promise<unknown[]> =>
  database.rows(`SELECT column_name, column_type, "null", "key", "default" FROM (DESCRIBE ${table})`);

test('CREATE TABLE (LIKE t) takes columns, types and NOT NULL, and what it includes', async () => {
  await database.execute(
    'CREATE SCHEMA s',
    `CREATE TABLE s.a (
      id INTEGER GENERATED ALWAYS AS IDENTITY (START WITH 5) PRIMARY KEY,
      x INTEGER DEFAULT 3 CHECK (x > 0),
      y INTEGER NOT NULL,
      z INTEGER GENERATED ALWAYS AS (x + 1),
      UNIQUE (y)
    )`,
    'CREATE TABLE plain (LIKE s.a, more VARCHAR)',
    'CREATE TABLE whole (LIKE s.a INCLUDING ALL)',
    'CREATE TABLE part (LIKE s.a INCLUDING ALL EXCLUDING IDENTITY EXCLUDING INDEXES)',
  );
  const named = (column_name: string, type: string, isNull: string, key: string | null, standard: string | null) => ({
    column_name,
    column_type: type,
    null: isNull,
    key,
    default: standard,
  });
  expect(await describe('plain')).toEqual([
    named('id', 'INTEGER', 'NO', null, null),
    named('x', 'INTEGER', 'YES', null, null),
    named('y', 'INTEGER', 'NO', null, null),
    named('z', 'INTEGER', 'YES', null, null),
    named('more', 'VARCHAR', 'YES', null, null),
  ]);
  expect(await describe('whole')).toEqual([
    named('id', 'INTEGER', 'NO', 'PRI', "nextval('whole_id_seq')"),
    named('x', 'INTEGER', 'YES', null, '3'),
    named('y', 'INTEGER', 'NO', 'UNI', null),
    named('z', 'INTEGER', 'YES', null, '(x + 1)'),
  ]);
  await database.execute('INSERT INTO whole (y) VALUES (1)', 'INSERT INTO part (id, y) VALUES (1, 1), (1, 1)');
  expect(await database.rows('FROM whole')).toEqual([{ id: 5, x: 3, y: 1, z: 4 }]);
  await expect(database.execute('INSERT INTO part (id, x, y) VALUES (1, 0, 1)')).rejects.toMatchObject({
    code: '23514',
  });
});

test('LIKE needs a table, and known parts', async () => {
  await expect(database.execute('CREATE TABLE t (LIKE nothing)')).rejects.toMatchObject({ code: '42P01' });
  await database.execute('CREATE TABLE a (x INTEGER)');
  await expect(database.execute('CREATE TABLE t (LIKE a INCLUDING PARTS)')).rejects.toMatchObject({ code: '42601' });
});
