import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await TestDatabase.open();
  await database.execute(
    'CREATE SCHEMA s',
    'CREATE TABLE s.t (a INTEGER, b VARCHAR)',
    `INSERT INTO s.t VALUES (1, 'x')`,
    'CREATE VIEW v AS SELECT a, b FROM s.t',
    'CREATE MACRO m(x) AS x',
    'CREATE MACRO tm(x) AS TABLE SELECT x',
    'CREATE SEQUENCE q',
    'CREATE TYPE e AS INTEGER',
  );
});
afterEach(async () => database.close());

const IN_KERNEL = `SELECT comment FROM duckdb_columns() WHERE database_name LIKE 'alopex_session%' AND comment IS NOT NULL ORDER BY 1`;

test('everything that has a name can have a comment, which stays', async () => {
  await database.execute(
    `COMMENT ON TABLE s.t IS 'of t'`,
    `COMMENT ON COLUMN s.t.a IS 'it''s a'`,
    `COMMENT ON VIEW v IS 'of v'`,
    `COMMENT ON COLUMN v.b IS 'of v.b'`,
    `COMMENT ON SCHEMA s IS 'of s'`,
    `COMMENT ON MACRO m IS 'of m'`,
    `COMMENT ON MACRO TABLE tm IS 'of tm'`,
    `COMMENT ON SEQUENCE q IS 'of q'`,
    `COMMENT ON TYPE e IS 'of e'`,
  );
  await database.reopen();
  const comments = async (): Promise<unknown[]> =>
    database.values(
      ['tables', 'columns', 'views', 'schemas', 'macros', 'sequences', 'types']
        .map((name) => `SELECT comment FROM alopex.${name} WHERE comment IS NOT NULL`)
        .join(' UNION ALL '),
    );
  expect(new Set(await comments())).toEqual(
    new Set(['of e', 'of m', 'of q', 'of s', 'of t', 'of tm', 'of v', "it's a"]),
  );
  expect(await database.values(IN_KERNEL)).toEqual(["it's a", 'of v.b']);
  expect(await database.values('SELECT comment FROM duckdb_views() WHERE comment IS NOT NULL')).toEqual(['of v']);
  expect(await database.values('SELECT comment FROM duckdb_tables() WHERE comment IS NOT NULL')).toEqual(['of t']);
  // They stay with what they are on, whatever its name is.
  await database.execute(
    'ALTER TABLE s.t RENAME COLUMN a TO c',
    'ALTER TABLE s.t RENAME TO u',
    `INSERT INTO s.u VALUES (2, 'y')`,
    'CREATE OR REPLACE VIEW v AS SELECT b FROM s.u',
  );
  expect(await database.values('SELECT comment FROM alopex.tables')).toEqual(['of t']);
  expect(await database.values('SELECT comment FROM alopex.columns ORDER BY position')).toEqual(["it's a", null]);
  expect(await database.values(IN_KERNEL)).toEqual(["it's a"]);
  await database.execute(
    'COMMENT ON TABLE s.u IS NULL',
    'COMMENT ON COLUMN s.u.c IS NULL',
    'COMMENT ON SCHEMA s IS NULL',
    'COMMENT ON MACRO m IS NULL',
    'COMMENT ON MACRO tm IS NULL',
    'COMMENT ON SEQUENCE q IS NULL',
    'COMMENT ON TYPE e IS NULL',
  );
  expect(await comments()).toEqual([]);
  expect(await database.values(IN_KERNEL)).toEqual([]);
  expect(await database.values('SELECT b FROM v ORDER BY 1')).toEqual(['x', 'y']);
});

test.each([
  [`COMMENT ON TABLE t IS 'x'`, '42P01'],
  [`COMMENT ON TABLE v IS 'x'`, '42809'],
  [`COMMENT ON VIEW s.t IS 'x'`, '42809'],
  [`COMMENT ON COLUMN s.t.c IS 'x'`, '42703'],
  [`COMMENT ON COLUMN v.c IS 'x'`, '42703'],
  [`COMMENT ON COLUMN a IS 'x'`, '42601'],
  [`COMMENT ON SCHEMA nowhere IS 'x'`, '3F000'],
  [`COMMENT ON MACRO nope IS 'x'`, '42883'],
  [`COMMENT ON TYPE nope IS 'x'`, '42704'],
  [`COMMENT ON SEQUENCE nope IS 'x'`, '42P01'],
  [`COMMENT ON INDEX i IS 'x'`, '0A000'],
  ['COMMENT ON TABLE s.t IS 1', '42601'],
])('%s', async (text, code) => {
  await expect(database.execute(text)).rejects.toMatchObject({ code });
});
