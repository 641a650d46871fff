import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await TestDatabase.open();
  await database.execute(
    'CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR)',
    `INSERT INTO t VALUES (1, 'x'), (2, 'y')`,
  );
});
afterEach(async () => database.close());

describe('a view', () => {
  test('is read like a table, over other views, and survives a reopen and a crash', async () => {
    await database.execute(
      'CREATE VIEW v AS SELECT a, b FROM t WHERE a > 1',
      'CREATE VIEW w (p, q) AS SELECT b, a * 10 FROM v',
    );
    const expected = [{ p: 'y', q: 20 }];
    expect(await database.rows('FROM w')).toEqual(expected);
    const crashed = await database.afterCrash((db) => database.rows('FROM w', db));
    expect(crashed).toEqual(expected);
    await database.reopen();
    expect(await database.rows('SELECT * FROM w JOIN v ON p = b')).toEqual([{ p: 'y', q: 20, a: 2, b: 'y' }]);
    await database.execute(`INSERT INTO t VALUES (3, 'z')`);
    expect(await database.values('SELECT q FROM w ORDER BY 1')).toEqual([20, 30]);
  });

  test('is the source of changes, and never their target', async () => {
    await database.execute('CREATE VIEW v AS SELECT a + 10 AS a, b FROM t', 'INSERT INTO t FROM v');
    expect(await database.values('SELECT a FROM t ORDER BY 1')).toEqual([1, 2, 11, 12]);
    await database.execute('DELETE FROM t WHERE a IN (SELECT a FROM v)');
    expect(await database.values('SELECT a FROM t ORDER BY 1')).toEqual([1, 2]);
    for (const text of [`INSERT INTO v VALUES (1, 'a')`, 'UPDATE v SET a = 1', 'DELETE FROM v', 'DROP TABLE v']) {
      await expect(database.execute(text)).rejects.toMatchObject({ code: '42809', hint: expect.any(String) as string });
    }
    await expect(database.execute('DROP VIEW t')).rejects.toMatchObject({ code: '42809' });
    await expect(database.execute('DROP VIEW IF EXISTS t')).rejects.toMatchObject({ code: '42809' });
  });

  test('is checked when it is created', async () => {
    await expect(database.execute('CREATE VIEW v AS FROM nowhere')).rejects.toMatchObject({ code: '42P01' });
    await expect(database.execute('CREATE VIEW v AS SELECT nope FROM t')).rejects.toMatchObject({ code: '42703' });
    await expect(database.execute('CREATE VIEW v AS')).rejects.toMatchObject({ code: '42601' });
    await expect(database.execute('CREATE VIEW t AS SELECT 1')).rejects.toMatchObject({ code: '42P07' });
    await database.execute('CREATE VIEW v AS SELECT 1 AS one');
    await expect(database.execute('CREATE VIEW v AS SELECT 2')).rejects.toMatchObject({ code: '42P07' });
    await expect(database.execute('CREATE TABLE v (a INTEGER)')).rejects.toMatchObject({ code: '42809' });
    await expect(database.execute('CREATE OR REPLACE VIEW v AS FROM v')).rejects.toMatchObject({ code: '42P01' });
    await database.execute('CREATE VIEW IF NOT EXISTS v AS SELECT 3');
    expect(await database.rows('FROM v')).toEqual([{ one: 1 }]);
    await database.execute('CREATE OR REPLACE VIEW v AS SELECT 4 AS four');
    expect(await database.rows('FROM v')).toEqual([{ four: 4 }]);
  });

  test('outlives the table below it, and works again with a new one', async () => {
    await database.execute(
      'CREATE VIEW v AS SELECT a FROM t',
      'CREATE VIEW w AS SELECT a + 1 AS a FROM v',
      'DROP TABLE t',
    );
    await expect(database.rows('FROM w')).rejects.toMatchObject({ code: '42P01' });
    await database.reopen();
    await expect(database.rows('FROM v')).rejects.toMatchObject({
      code: '42P01',
      message: expect.stringContaining('view "v" cannot be used') as string,
    });
    // A column may have its name.
    expect(await database.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
    await database.execute('CREATE TABLE t (a BIGINT)', 'INSERT INTO t VALUES (7)');
    expect(await database.values('FROM w')).toEqual([8]);
  });

  test('sees columns that are added, renamed and dropped', async () => {
    await database.execute('CREATE VIEW v AS FROM t', 'ALTER TABLE t ADD COLUMN c INTEGER');
    expect(await database.rows('SELECT * FROM v WHERE a = 1')).toEqual([{ a: 1, b: 'x', c: null }]);
    await database.execute('ALTER TABLE t RENAME COLUMN b TO d', 'ALTER TABLE t DROP COLUMN c');
    expect(await database.rows('SELECT * FROM v WHERE a = 1')).toEqual([{ a: 1, d: 'x' }]);
  });

  test('is renamed, moved and dropped', async () => {
    await database.execute('CREATE SCHEMA s', 'CREATE VIEW v AS SELECT 1 AS x', 'CREATE VIEW u AS SELECT 2 AS x');
    await expect(database.execute('ALTER VIEW v RENAME TO t')).rejects.toMatchObject({ code: '42P07' });
    await expect(database.execute('ALTER VIEW v RENAME TO u')).rejects.toMatchObject({ code: '42P07' });
    await expect(database.execute('ALTER VIEW v SET SCHEMA nowhere')).rejects.toMatchObject({ code: '3F000' });
    await expect(database.execute('ALTER TABLE t RENAME TO v')).rejects.toMatchObject({ code: '42P07' });
    await database.execute('ALTER VIEW v RENAME TO V', 'ALTER VIEW v RENAME TO w', 'ALTER VIEW w SET SCHEMA s');
    await expect(database.rows('FROM v')).rejects.toMatchObject({ code: '42P01' });
    expect(await database.values('FROM s.w')).toEqual([1]);
    await expect(database.execute('DROP VIEW s.w, nowhere')).rejects.toMatchObject({ code: '42P01' });
    expect(await database.values('FROM s.w')).toEqual([1]);
    await database.execute('DROP VIEW s.w, u', 'DROP VIEW IF EXISTS s.w', 'ALTER VIEW IF EXISTS s.w RENAME TO x');
    expect(await database.rows('FROM alopex.views')).toEqual([]);
    await database.execute('CREATE TABLE u (x INTEGER)');
    expect(await database.rows('FROM u')).toEqual([]);
  });

  test('is listed as it was typed', async () => {
    await database.execute('CREATE VIEW v (x) AS /* why */ SELECT a FROM t', `COMMENT ON VIEW v IS 'it''s a view'`);
    expect(await database.rows('FROM alopex.views')).toEqual([
      {
        schema_name: 'main',
        name: 'v',
        sql: 'CREATE VIEW "main"."v" (x) AS /* why */ SELECT a FROM t',
        comment: "it's a view",
      },
    ]);
    expect(await database.values('SHOW TABLES')).toEqual(['t', 'v']);
    expect(await database.values('DESCRIBE v')).toEqual(['x']);
    const listed = `SELECT comment FROM duckdb_views() WHERE view_name = 'v'`;
    expect(await database.values(listed)).toEqual(["it's a view"]);
  });

  test('can be recursive', async () => {
    await database.execute('CREATE RECURSIVE VIEW n (i) AS VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5');
    expect(await database.values('SELECT sum(i)::INTEGER FROM n')).toEqual([15]);
    await database.execute('ALTER VIEW n RENAME TO m');
    expect(await database.values('SELECT count(*) FROM m')).toEqual([5]);
  });
});

test('views that name each other are an error, and nothing else breaks', async () => {
  await database.execute('CREATE VIEW v AS FROM t', 'CREATE VIEW w AS FROM v');
  await expect(database.execute('CREATE OR REPLACE VIEW v AS FROM w')).rejects.toMatchObject({ code: '42P01' });
  expect(await database.values('SELECT count(*) FROM w')).toEqual([2]);
});

test('a transaction keeps the views of its snapshot until it defines something', async () => {
  await database.execute('CREATE VIEW v AS SELECT 1 AS x');
  await database.db.transaction(async (transaction) => {
    expect(await database.values('FROM v', transaction)).toEqual([1]);
    await database.execute('CREATE OR REPLACE VIEW v AS SELECT 2 AS x');
    expect(await database.values('FROM v')).toEqual([2]);
    expect(await database.values('FROM v', transaction)).toEqual([1]);
    await transaction.execute('ALTER VIEW v RENAME TO w');
    expect(await database.values('FROM w', transaction)).toEqual([2]);
  });
  expect(await database.values('FROM w')).toEqual([2]);
});

test('conditions reach the files through views and table macros', async () => {
  await database.execute(
    'CREATE SCHEMA s',
    `CREATE TABLE s.m (id INTEGER, d DATE) WITH (sort_by = 'd', partition_by = 'month(d)')`,
    `INSERT INTO s.m SELECT range, DATE '2024-01-01' + range::INTEGER FROM range(360)`,
    'CHECKPOINT',
    `ALTER TABLE s.m TIER PARTITION WHERE d < '2024-10-01' TO COLD`,
    'CREATE VIEW days AS SELECT id, d AS day_of FROM s.m',
    `CREATE VIEW march AS SELECT * FROM days WHERE day_of BETWEEN '2024-03-01' AND '2024-03-31'`,
    'CREATE MACRO after_day(x) AS TABLE SELECT * FROM days WHERE day_of >= x',
  );
  const cases = [
    { text: `SELECT count(*) FROM days WHERE day_of >= '2024-11-01'`, count: 55, hot: 1, cold: 0 },
    { text: `SELECT count(*) FROM days WHERE day_of < '2024-01-15'`, count: 14, hot: 0, cold: 1 },
    { text: 'SELECT count(*) FROM march', count: 31, hot: 0, cold: 1 },
    { text: `SELECT count(*) FROM after_day(DATE '2024-09-15')`, count: 102, hot: 1, cold: 1 },
    { text: `WITH x AS (FROM march) SELECT count(*) FROM x WHERE day_of > '2024-03-30'`, count: 1, hot: 0, cold: 1 },
  ];
  for (const { text, count, hot, cold } of cases) {
    expect(await database.values(text), text).toEqual([count]);
    const [explained] = (await database.rows(`EXPLAIN ${text}`)) as { explain_value: string }[];
    const plan = explained?.explain_value;
    expect(plan, text).toMatch(new RegExp(`hot .* in ${hot} files \\(${1 - hot} pruned\\)`));
    expect(plan, text).toMatch(new RegExp(`cold .* in ${cold} files \\(${9 - cold} pruned\\)`));
  }
  // Another definition of the same name is another plan.
  await database.execute(
    `CREATE OR REPLACE VIEW march AS SELECT * FROM days WHERE day_of BETWEEN '2024-05-01' AND '2024-06-30'`,
  );
  expect(await database.values('SELECT count(*) FROM march')).toEqual([61]);
});
