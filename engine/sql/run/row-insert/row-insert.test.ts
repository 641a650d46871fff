import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { decodeFrames } from '../../../log/frame.ts';
import { AlopexDB, type Parameter, type Parameters } from '../../../../index.ts';

let folder: string;
let db: AlopexDB;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-row-insert-'));
  db = await AlopexDB.open(folder);
});

afterAll(async () => {
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  await db.execute('DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS u');
});

/** Runs a statement and tells whether it went past the kernel. */
async function direct(sql: string, parameters?: Parameters): Promise<boolean> {
  const before = db.metrics().rows.inserts;
  await db.execute(sql, parameters);
  return db.metrics().rows.inserts > before;
}

async function all(sql: string): Promise<string[]> {
  return [...(await db.query(sql))].map((row) => Object.values(row.toJSON() as object).join(' | '));
}

/** Bytes of frames in the log. */
async function logSize(): Promise<number> {
  let size = 0;
  for (const name of await readdir(join(folder, 'log'))) {
    const bytes = await readFile(join(folder, 'log', name));
    size += decodeFrames(bytes).validBytes;
  }
  return size;
}

describe('goes past the kernel', () => {
  test('with literals, parameters and defaults, in any order of the columns', async () => {
    await db.execute(`CREATE TABLE t (a INTEGER, "b c" VARCHAR DEFAULT 'none', d DECIMAL(6, 2), e TIMESTAMP)`);
    expect(await direct(`INSERT INTO t VALUES (1, 'x', 1.5, '2024-02-29 12:00:00')`)).toBe(true);
    expect(await direct(`insert into T ("B C", a) values ('it''s', -2), (NULL, +0)`)).toBe(false);
    expect(await direct(`insert into T ("B C", a) values ('it''s', -2), (NULL, 0)`)).toBe(true);
    expect(await direct('INSERT INTO t (a, d) VALUES ($1, $2)', [3, 2.25])).toBe(true);
    expect(await direct('INSERT INTO t (a, d, e) VALUES (?, $who, ?)', [3, 2.25]).catch(() => 'refused')).toBe(
      'refused',
    );
    expect(await direct('INSERT INTO t (e, a) VALUES ($at, $a)', { a: 4, at: new Date(0) })).toBe(true);
    expect(await direct('INSERT INTO t VALUES (5, DEFAULT, DEFAULT, DEFAULT)')).toBe(true);
    expect(await all('SELECT a, "b c", d::VARCHAR, e::VARCHAR FROM t')).toEqual([
      '1 | x | 1.50 | 2024-02-29 12:00:00',
      `-2 | it's |  | `,
      '0 |  |  | ',
      `-2 | it's |  | `,
      '0 |  |  | ',
      '3 | none | 2.25 | ',
      '4 | none |  | 1970-01-01 00:00:00',
      '5 | none |  | ',
    ]);
  });

  test('with a key that is new, and not with one that is there, in memory or in a file', async () => {
    await db.execute('CREATE TABLE t (id BIGINT PRIMARY KEY, v INTEGER)');
    const refused = { code: '23505', message: 'duplicate key in table "t": (id)=(7) exists already' };
    expect(await direct('INSERT INTO t VALUES (7, 0), (3, 0)')).toBe(true);
    await expect(db.execute('INSERT INTO t VALUES (7, 1)')).rejects.toMatchObject(refused);
    await expect(db.execute('INSERT INTO t VALUES (8, 1), (8, 2)')).rejects.toMatchObject({ code: '23505' });
    await db.execute('CHECKPOINT');
    await expect(db.execute('INSERT INTO t VALUES (7, 1)')).rejects.toMatchObject(refused);
    expect(await direct('INSERT INTO t VALUES (9, 0)')).toBe(true); // Above all of the file's keys.
    expect(await direct('INSERT INTO t VALUES (5, 0)')).toBe(true); // Between them.
    await expect(db.execute('INSERT INTO t VALUES (3, 1)')).rejects.toMatchObject({ code: '23505' });
    await db.execute('DELETE FROM t WHERE id IN (7, 9)');
    await db.execute('INSERT INTO t VALUES (7, 2)');
    await db.execute('INSERT INTO t VALUES (9, 2)');
    expect(await all('SELECT id, v FROM t ORDER BY id')).toEqual(['3 | 0', '5 | 0', '7 | 2', '9 | 2']);
  });

  test('knows the keys that came the long way, by any statement', async () => {
    await db.execute('CREATE TABLE t (a VARCHAR, b INTEGER, v INTEGER, PRIMARY KEY (a, b))');
    const clash = (key: string): Promise<void> =>
      expect(db.execute(`INSERT INTO t VALUES (${key}, 0)`)).rejects.toMatchObject({ code: '23505' });
    await db.execute(`INSERT INTO t SELECT 'x', i, 0 FROM range(5) AS r(i)`);
    expect(await direct(`INSERT INTO t VALUES ('x', 5, 0)`)).toBe(true);
    await clash(`'x', 4`);
    await db.execute(`UPDATE t SET b = 100 WHERE b = 0`);
    await clash(`'x', 100`);
    expect(await direct(`INSERT INTO t VALUES ('x', 101, 0)`)).toBe(true);
    await db.execute(`INSERT INTO t VALUES ('y', 1, 1) ON CONFLICT DO NOTHING`);
    await clash(`'y', 1`);
    await db.transaction((tx) => tx.execute(`INSERT INTO t VALUES ('z', 1, 1)`));
    await clash(`'z', 1`);
    expect(await direct(`INSERT INTO t VALUES ('Z', 1, 1), ('z', 11, 1), ('z1', 1, 1)`)).toBe(true);
    await clash(`'z', 11`);
    expect(await all(`SELECT count(*), count(DISTINCT (a, b)) FROM t`)).toEqual(['12 | 12']);
  });

  test('of many writers at a time, each key once', async () => {
    await db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, w INTEGER)');
    const before = db.metrics().rows.inserts;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) => db.execute('INSERT INTO t VALUES ($1, $2)', [i % 100, i])),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(100);
    expect(db.metrics().rows.inserts - before).toBe(100);
    expect(await all('SELECT count(*), count(DISTINCT id) FROM t')).toEqual(['100 | 100']);
  });

  test('of many writers at a time as one commit, without those of which a key is there', async () => {
    await db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR)');
    await db.execute(`INSERT INTO t VALUES (3, 'before')`);
    const logBytes = await logSize();
    const outcomes = await Promise.allSettled([
      ...[1, 2, 3, 4, 2].map((id) => db.execute('INSERT INTO t VALUES ($1, $2)', [id, 'together'])),
      db.execute(`INSERT INTO t VALUES (5, NULL), (6, 'two')`),
    ]);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, true, false, true]);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: '23505' });
    // Five statements one by one take more than five times a schema.
    expect((await logSize()) - logBytes).toBeLessThan(2_000);
    const rows = ['1 | together', '2 | together', '3 | before', '4 | together', '5 | ', '6 | two'];
    expect(await all('SELECT * FROM t ORDER BY id')).toEqual(rows);
    await db.close();
    db = await AlopexDB.open(folder);
    expect(await all('SELECT * FROM t ORDER BY id')).toEqual(rows);
  });

  test('so many rows that they are loaded before anybody reads them', async () => {
    await db.execute('CREATE TABLE t (a INTEGER)');
    const { loadedRows } = db.metrics().rows;
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => db.execute(`INSERT INTO t VALUES ${Array(100).fill(`(${i})`).join()}`)),
    );
    await db.execute('INSERT INTO t VALUES (30)');
    while (db.metrics().rows.loadedRows === loadedRows) await new Promise((resolve) => setImmediate(resolve));
    expect(await all('SELECT count(*), sum(a) FROM t')).toEqual(['3001 | 43530']);
    expect(db.metrics().rows.loadedRows - loadedRows).toBe(3001);
  });
});

describe('goes the long way', () => {
  test.each([
    ['an expression', 'INSERT INTO t VALUES (1 + 1)'],
    ['a query', 'INSERT INTO t SELECT 1'],
    ['a rule for conflicts', 'INSERT OR IGNORE INTO u VALUES (1)'],
    ['a cast that rounds', 'INSERT INTO t VALUES (1.5)'],
    ['a string for a number', `INSERT INTO t VALUES ('1')`],
    ['RETURNING', 'INSERT INTO t VALUES (1) RETURNING a'],
    ['BY NAME', 'INSERT INTO t BY NAME SELECT 1 AS a'],
  ])('%s', async (_, sql) => {
    await db.execute('CREATE TABLE t (a INTEGER); CREATE TABLE u (a INTEGER PRIMARY KEY)');
    expect(await direct(sql)).toBe(false);
  });

  test('a table with a CHECK, with a default to be worked out, or with a nested type', async () => {
    await db.execute('CREATE TABLE t (a INTEGER CHECK (a > 0), b INTEGER DEFAULT (1 + 1))');
    expect(await direct('INSERT INTO t VALUES (1, 1)')).toBe(false);
    await db.execute('CREATE OR REPLACE TABLE t (a INTEGER, b INTEGER DEFAULT (1 + 1))');
    expect(await direct('INSERT INTO t (a) VALUES (1)')).toBe(false);
    expect(await direct('INSERT INTO t VALUES (1, 1)')).toBe(true);
    expect(await all('SELECT * FROM t')).toEqual(['1 | 2', '1 | 1']);
    await db.execute('CREATE OR REPLACE TABLE t (a INTEGER, b INTEGER[])');
    expect(await direct('INSERT INTO t VALUES (1, NULL)')).toBe(false);
  });

  test('a key that floating point numbers make', async () => {
    await db.execute('CREATE TABLE t (a DOUBLE PRIMARY KEY)');
    expect(await direct('INSERT INTO t VALUES ($1)', [0])).toBe(false);
    await expect(db.execute('INSERT INTO t VALUES ($1)', [-0])).rejects.toMatchObject({ code: '23505' });
  });

  test('a mistake, which changes nothing', async () => {
    await db.execute('CREATE TABLE t (a TINYINT NOT NULL, b VARCHAR)');
    const { inserts } = db.metrics().rows;
    const refused = async (sql: string, code: string, parameters?: Parameters): Promise<void> =>
      expect(db.execute(sql, parameters)).rejects.toMatchObject({ code });
    await refused(`INSERT INTO t VALUES (1, 'x'), (NULL, 'y')`, '23502');
    await refused(`INSERT INTO t VALUES (1, 'x'), (128, 'y')`, '22003');
    await refused('INSERT INTO t (b) VALUES (1)', '23502');
    await refused('INSERT INTO t (a, z) VALUES (1, 1)', '42703');
    await refused('INSERT INTO t VALUES (1)', '42601');
    await refused('INSERT INTO t VALUES ($1, $2)', '22023', [1]);
    await refused('INSERT INTO nowhere VALUES (1)', '42P01');
    expect(db.metrics().rows.inserts).toBe(inserts);
    expect(await all('SELECT * FROM t')).toEqual([]);
  });
});

describe('what is pending is there', () => {
  test('for every reader, whatever comes between', async () => {
    await db.execute(`CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR) WITH (sort_by = 'id')`);
    const expected = new Map<number, string>();
    let next = 0;
    const insert = async (): Promise<void> => {
      for (let i = 0; i < 3; i++, next++) {
        expect(await direct('INSERT INTO t VALUES ($1, $2)', [next, `v${next}`])).toBe(true);
        expected.set(next, `v${next}`);
      }
    };
    const steps: readonly (() => Promise<unknown>)[] = [
      async () => {
        await db.execute(`UPDATE t SET v = v || '!' WHERE id % 2 = 0`);
        for (const [id, v] of expected) if (id % 2 === 0) expected.set(id, `${v}!`);
      },
      async () => {
        await db.execute('DELETE FROM t WHERE id % 3 = 0');
        for (const id of expected.keys()) if (id % 3 === 0) expected.delete(id);
      },
      () => db.execute('CHECKPOINT'),
      () => db.execute('ALTER TABLE t TIER PARTITION WHERE id < 8 TO COLD'),
      async () => {
        await db.execute(`INSERT OR REPLACE INTO t SELECT id, 'r' FROM t WHERE id % 5 = 1`);
        for (const id of expected.keys()) if (id % 5 === 1) expected.set(id, 'r');
      },
      () => db.execute('ALTER TABLE t ADD COLUMN w INTEGER; ALTER TABLE t DROP COLUMN w'),
      () => db.execute('VACUUM t'),
      () => db.execute('EXPLAIN ANALYZE SELECT * FROM t'),
      () => db.execute('CREATE OR REPLACE TABLE u AS SELECT * FROM t'),
      async () => {
        await db.transaction((tx) => tx.execute(`UPDATE t SET v = 'tx' WHERE id = (SELECT max(id) FROM t)`));
        expected.set(Math.max(...expected.keys()), 'tx');
      },
      async () => {
        await db.close();
        db = await AlopexDB.open(folder);
      },
    ];
    for (const step of [...steps, ...steps]) {
      await insert();
      await step();
      await insert();
      expect(await all('SELECT id, v FROM t ORDER BY id')).toEqual(
        [...expected].sort(([a], [b]) => a - b).map(([id, v]) => `${id} | ${v}`),
      );
    }
    // The last copy was made with rows pending.
    expect(Number((await db.query('SELECT count(*) AS n FROM u')).get(0)?.['n'])).toBeGreaterThan(0);
  });

  test('for readers at the same time, each row once', async () => {
    await db.execute('CREATE TABLE t (a INTEGER)');
    for (let round = 1; round <= 10; round++) {
      const acknowledged = db.execute(`INSERT INTO t VALUES (${round})`);
      const counts = Promise.all(Array.from({ length: 4 }, () => all('SELECT count(*) FROM t')));
      await acknowledged;
      for (const [count] of await counts) expect([round - 1, round]).toContain(Number(count));
      expect(await all('SELECT count(*), count(DISTINCT a) FROM t')).toEqual([`${round} | ${round}`]);
    }
  });

  test('in memory of a table that is renamed, and is not in the next of its name', async () => {
    await db.execute('CREATE TABLE t (a INTEGER)');
    await db.execute('INSERT INTO t VALUES (1)');
    await db.execute('ALTER TABLE t RENAME TO u');
    await db.execute('CREATE TABLE t (a INTEGER)');
    await db.execute('INSERT INTO u VALUES (2)');
    await db.execute('INSERT INTO t VALUES (3)');
    expect(await all('SELECT a FROM u ORDER BY a')).toEqual(['1', '2']);
    expect(await all('SELECT a FROM t')).toEqual(['3']);
  });
});

const anything = fc.oneof(
  fc.constantFrom(
    'NULL',
    'DEFAULT',
    'TRUE',
    '1',
    '300',
    '1.25',
    `'x'`,
    `'2024-01-31'`,
    `'2024-13-01'`,
    `''`,
    '1e2',
    'pi()',
    '$1',
    '$2',
  ),
  fc.integer({ min: -200, max: 200 }).map(String),
);
/** What fits a column. */
const FITTING: Readonly<Record<string, fc.Arbitrary<string>>> = {
  s: fc.constantFrom(`'x'`, `'it''s'`, 'NULL', 'DEFAULT'),
  n: fc.constantFrom('1', '-20.5', 'NULL', '1234.5', '$2'),
  d: fc.constantFrom(`'2024-02-29'`, `'1969-12-31'`, 'DEFAULT'),
};
const row = fc.record(
  Object.fromEntries(
    ['s', 'n', 'd', 'zz'].map((name) => [
      name,
      fc.oneof({ weight: 4, arbitrary: FITTING[name] ?? anything }, anything),
    ]),
  ),
);
const value: fc.Arbitrary<Parameter> = fc.oneof(
  fc.constantFrom<Parameter>(
    null,
    true,
    7,
    127,
    128,
    1.5,
    'x',
    '2024-05-06',
    '12',
    9007199254740993n,
    new Date(86_400_000),
  ),
  fc.integer({ min: -3, max: 12 }),
);
const statement = fc.record({
  columns: fc.constantFrom('', '(id, s)', '(s, id)', '(n, id, d)', '(d, s, n, id)', '(id, id)', '(id, zz)'),
  rows: fc.array(row, { minLength: 1, maxLength: 3 }),
  id: fc.integer({ min: 0, max: 60 }),
  values: fc.tuple(value, value),
});

test('random statements do what they do the long way', async () => {
  const columns = `(id TINYINT PRIMARY KEY, s VARCHAR DEFAULT 'std', n DECIMAL(5, 1), d DATE)`;
  await db.execute(`CREATE TABLE t ${columns}; CREATE TABLE u ${columns}`);
  const before = db.metrics().rows.inserts;
  const attempt = async (run: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await run();
    } catch (error) {
      return {
        code: (error as { code: string }).code,
        message: String(error).split('\n')[0]?.replaceAll('"u"', '"t"'),
      };
    }
  };
  for (const { columns, rows, id, values } of fc.sample(statement, { numRuns: 150, seed: 41 })) {
    const names = (columns === '' ? '(id, s, n, d)' : columns).slice(1, -1).split(', ');
    const text = rows.map((row, index) => {
      const cells = names.map((name) => (name === 'id' ? String(id + index) : row[name]));
      return `(${cells.join(', ')})`;
    });
    const sql = (table: string): string => `INSERT INTO ${table} ${columns} VALUES ${text.join(', ')}`;
    const used = /\$2/.test(sql('t')) ? values : values.slice(0, Number(/\$1/.test(sql('t'))));
    const ours = await attempt(() => db.execute(sql('t'), used));
    // A transaction takes no short ways.
    const theirs = await attempt(() => db.transaction((tx) => tx.execute(sql('u'), used)));
    expect([sql('t'), used, ours]).toEqual([sql('t'), used, theirs]);
  }
  expect(await all('SELECT * FROM t ORDER BY id')).toEqual(await all('SELECT * FROM u ORDER BY id'));
  expect(db.metrics().rows.inserts - before).toBeGreaterThan(10);
});
