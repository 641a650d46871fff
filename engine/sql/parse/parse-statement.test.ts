import { describe, expect, test } from 'vitest';
import { parseStatement } from './parse-statement.ts';

describe('statements', () => {
  test.each([
    'SELECT 1',
    'FROM t',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'VALUES (1)',
    'DESCRIBE t',
    "COPY t TO 'x.csv'",
    "COPY (SELECT 1) TO 'x'",
    '(SELECT 1)',
    'PIVOT t ON a USING sum(b)',
  ])('%s only reads', (text) => expect(parseStatement(text)).toMatchObject({ kind: 'query', text }));

  test('CREATE TABLE with options', () => {
    expect(
      parseStatement(
        `CREATE TABLE IF NOT EXISTS main."My table" (id INT PRIMARY KEY, d DECIMAL(10, 2) CHECK (d > 0)) WITH (sort_by = 'id', tier_after = INTERVAL '7 days', cold_storage = NULL)`,
      ),
    ).toEqual({
      kind: 'create-table',
      name: { schemaName: 'main', name: 'My table' },
      ifNotExists: true,
      orReplace: false,
      columns: 'id INT PRIMARY KEY, d DECIMAL(10, 2) CHECK (d > 0)',
      query: undefined,
      options: [
        { name: 'sort_by', valueSql: "'id'" },
        { name: 'tier_after', valueSql: "INTERVAL '7 days'" },
        { name: 'cold_storage', valueSql: undefined },
      ],
    });
  });

  test('VACUUM of one table or all', () => {
    expect(parseStatement('VACUUM')).toEqual({ kind: 'vacuum', table: undefined });
    expect(parseStatement('vacuum main."My table"')).toEqual({
      kind: 'vacuum',
      table: { schemaName: 'main', name: 'My table' },
    });
    expect(() => parseStatement('VACUUM a b')).toThrow(expect.objectContaining({ code: '42601' }));
  });

  test('CREATE TABLE AS', () => {
    expect(parseStatement("CREATE OR REPLACE TABLE t WITH (sort_by = 'a') AS SELECT 1 AS a")).toMatchObject({
      orReplace: true,
      query: 'SELECT 1 AS a',
      options: [{ name: 'sort_by', valueSql: "'a'" }],
    });
  });

  test('INSERT in its forms', () => {
    expect(parseStatement('INSERT INTO t VALUES (1)')).toMatchObject({
      target: '',
      source: 'VALUES (1)',
      conflict: { kind: 'error' },
    });
    expect(parseStatement('INSERT OR REPLACE INTO t BY NAME SELECT 1 AS a')).toMatchObject({
      target: 'BY NAME',
      conflict: { kind: 'replace' },
    });
    expect(parseStatement('INSERT INTO t (SELECT 1)')).toMatchObject({ target: '', source: '(SELECT 1)' });
    expect(parseStatement('INSERT INTO t (a, "b c") SELECT 1, 2')).toMatchObject({ target: '(a, "b c")' });
    expect(parseStatement('WITH q AS (SELECT 1) INSERT INTO t SELECT * FROM q')).toMatchObject({
      ctes: 'WITH q AS (SELECT 1) ',
    });
    expect(
      parseStatement(
        "INSERT INTO t AS x VALUES (1, 'ON CONFLICT') ON CONFLICT (id) DO UPDATE SET a = excluded.a + f(1, 2), b = DEFAULT WHERE x.a < 3",
      ),
    ).toMatchObject({
      alias: 'x',
      source: "VALUES (1, 'ON CONFLICT')",
      conflictColumns: ['id'],
      conflict: {
        kind: 'update',
        set: [
          { column: 'a', valueSql: 'excluded.a + f(1, 2)' },
          { column: 'b', valueSql: undefined },
        ],
        where: 'x.a < 3',
      },
    });
  });

  test('UPDATE and DELETE', () => {
    expect(
      parseStatement(
        'UPDATE t AS x SET a = (SELECT max(b) FROM u WHERE u.id = x.id), (b, c) = (1, 2) FROM v WHERE v.id = x.id',
      ),
    ).toEqual({
      kind: 'update',
      ctes: '',
      table: { name: 't' },
      alias: 'x',
      set: [
        { column: 'a', valueSql: '(SELECT max(b) FROM u WHERE u.id = x.id)' },
        { column: 'b', valueSql: '1' },
        { column: 'c', valueSql: '2' },
      ],
      from: 'v',
      where: 'v.id = x.id',
    });
    expect(parseStatement('DELETE FROM t USING u WHERE t.a = u.a')).toMatchObject({
      alias: 't',
      using: 'u',
      where: 't.a = u.a',
    });
    expect(parseStatement('TRUNCATE t')).toMatchObject({ kind: 'delete', command: 'TRUNCATE', where: '' });
  });

  test('COPY FROM keeps its options as they are', () => {
    expect(parseStatement("COPY t (a, b) FROM 'x.csv' (HEADER, DELIM ';')")).toEqual({
      kind: 'copy-from',
      table: { name: 't' },
      rest: "(a, b) FROM 'x.csv' (HEADER, DELIM ';')",
    });
  });

  test('moves between tiers', () => {
    expect(
      parseStatement("ALTER TABLE t TIER PARTITION WHERE ts < now() - INTERVAL '7 days' AND x = 'TO HOT' TO COLD"),
    ).toMatchObject({
      action: { kind: 'tier', condition: "ts < now() - INTERVAL '7 days' AND x = 'TO HOT'", direction: 'cold' },
    });
    expect(parseStatement("ALTER TABLE t SET (tier_after = INTERVAL '90 days')")).toMatchObject({
      action: { kind: 'set' },
    });
    expect(parseStatement('ALTER TABLE t ADD COLUMN IF NOT EXISTS x STRUCT(a INT)')).toMatchObject({
      action: { kind: 'add-column', definition: 'x STRUCT(a INT)', ifNotExists: true },
    });
  });
});

describe('what is refused', () => {
  test.each([
    ['SELEC 1', '42601'],
    ['', '42601'],
    ["INSERT INTO t VALUES ('open", '42601'],
    ['INSERT INTO t', '42601'],
    ['CREATE TABLE t', '42601'],
    ['CREATE TABLE t (a INT', '42601'],
    ['CREATE TABLE t (a INT) WITH (sort_by)', '42601'],
    ['UPDATE t SET a', '42601'],
    ['UPDATE t SET (a, b) = (1)', '42601'],
    ['ALTER TABLE t TIER PARTITION WHERE a < 1', '42601'],
    ['ALTER TABLE t TIER PARTITION WHERE a < 1 TO LUKEWARM', '42601'],
    ['ALTER TABLE t CLUSTER BY x', '0A000'],
    ['CREATE INDEX i ON t(a + 1)', '0A000'],
    ['EXPLAIN', '42601'],
    ['EXPLAIN (FORM json) SELECT 1', '42601'],
    ['INSERT INTO t VALUES (1) ON CONFLICT (a) WHERE a > 1 DO NOTHING', '0A000'],
    ['INSERT INTO t VALUES (1) ON CONFLICT ON CONSTRAINT c DO NOTHING', '0A000'],
    ['UPDATE t SET (a, b) = (1, 2, 3)', '42601'],
    ['MERGE INTO t USING s ON a = b WHEN MATCHED THEN DELETE WHEN MATCHED THEN DO NOTHING', '42601'],
    ['INSERT INTO db.other.t VALUES (1)', '0A000'],
    ['INSERT INTO alopex.t VALUES (1)', '42939'],
  ])('%s', (text, code) => {
    expect(() => parseStatement(text)).toThrow(expect.objectContaining({ code }) as Error);
  });

  test('a syntax error shows the place', () => {
    expect(() => parseStatement('DELETE\n  FORM t')).toThrow('LINE 2:   FORM t\n          ^');
  });
});
