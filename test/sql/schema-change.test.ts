import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;

/** Rows 1 and 2 are in the cold tier, 3 in a hot segment, 4 in memory. */
beforeEach(async () => {
  database = await TestDatabase.open();
  await database.execute(
    'CREATE TABLE t (id INTEGER, n SMALLINT, s STRUCT(a INTEGER, b VARCHAR))',
    `INSERT INTO t VALUES (1, 10, {a: 1, b: 'x'}), (2, NULL, NULL)`,
    'ALTER TABLE t TIER PARTITION WHERE true TO COLD',
    `INSERT INTO t VALUES (3, 30, {a: 3, b: 'z'})`,
    'CHECKPOINT',
    `INSERT INTO t VALUES (4, 40, {a: 4, b: NULL})`,
  );
});
afterEach(async () => database.close());

/** As they are now, and once more after a restart. */
async function expectRows(sql: string, expected: readonly unknown[]): Promise<void> {
  expect(await database.rows(sql)).toEqual(expected);
  await database.reopen();
  expect(await database.rows(sql)).toEqual(expected);
}

async function refused(sql: string, code: string): Promise<void> {
  await expect(database.execute(sql), sql).rejects.toMatchObject({ code });
}

describe('ADD COLUMN … DEFAULT', () => {
  test('is what rows have that are there already, whatever the default becomes', async () => {
    await database.execute(
      `ALTER TABLE t ADD COLUMN word VARCHAR DEFAULT 'old'`,
      `ALTER TABLE t ALTER COLUMN word SET DEFAULT 'new'`,
      `INSERT INTO t (id) VALUES (5)`,
      `INSERT INTO t (id, word) VALUES (6, NULL)`,
    );
    const expected = ['old', 'old', 'old', 'old', 'new', null].map((word, index) => ({ id: index + 1, word }));
    await expectRows('SELECT id, word FROM t ORDER BY id', expected);
    expect(await database.values(`SELECT id FROM t WHERE word = 'old' AND id > 1 ORDER BY id`)).toEqual([2, 3, 4]);
    expect(await database.values('SELECT id FROM t WHERE word IS NULL')).toEqual([6]);
    expect(await database.rows('SELECT min(word) AS low, max(word) AS high, count(word) AS n FROM t')).toEqual([
      { low: 'new', high: 'old', n: 5 },
    ]);
    await database.execute('VACUUM t', 'ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    await expectRows('SELECT id, word FROM t ORDER BY id', expected);
  });

  test('takes values of any type, worked out once', async () => {
    await database.execute(
      'CREATE TABLE r (d DOUBLE)',
      'ALTER TABLE t ADD COLUMN f FLOAT DEFAULT 0.1',
      `ALTER TABLE t ADD COLUMN l INTEGER[] NOT NULL DEFAULT [1, 2]`,
      `ALTER TABLE t ADD COLUMN p STRUCT(x DATE, y VARCHAR) DEFAULT {x: DATE '2020-01-02', y: 'it''s, "so"'}`,
      `ALTER TABLE t ADD COLUMN i INTERVAL DEFAULT INTERVAL '3 months 2 days'`,
      `ALTER TABLE t ADD COLUMN seen TIMESTAMPTZ DEFAULT now()`,
      `ALTER TABLE t ADD COLUMN ns TIMESTAMP_NS DEFAULT TIMESTAMP_NS '2020-01-01 00:00:00.123456789'`,
      'ALTER TABLE t ALTER COLUMN f TYPE DOUBLE',
      'INSERT INTO r VALUES (0.1::FLOAT)',
    );
    await expectRows(
      `SELECT DISTINCT f = (SELECT d FROM r) AS f, l::VARCHAR AS l, p.y AS y, p.x::VARCHAR AS x, i::VARCHAR AS i, ns::VARCHAR AS ns FROM t`,
      [
        {
          f: true,
          l: '[1, 2]',
          y: `it's, "so"`,
          x: '2020-01-02',
          i: '3 months 2 days',
          ns: '2020-01-01 00:00:00.123456789',
        },
      ],
    );
    expect(await database.values('SELECT count(DISTINCT seen) FROM t')).toEqual([1]);
  });

  test('refuses what is not one value, and NOT NULL without a value', async () => {
    await refused('ALTER TABLE t ADD COLUMN x DOUBLE DEFAULT random()', '42P17');
    await refused('ALTER TABLE t ADD COLUMN x INTEGER NOT NULL', '23502');
    await refused('ALTER TABLE t ADD COLUMN x INTEGER DEFAULT 5 CHECK (x < 5)', '23514');
    await refused('ALTER TABLE t ADD COLUMN id INTEGER DEFAULT 5', '42701');
    await refused(`ALTER TABLE t ADD COLUMN x INTEGER DEFAULT 'word'`, '22P02');
    expect(await database.values('SELECT name FROM alopex.columns')).toEqual(['id', 'n', 's']);
    await database.execute('CREATE TABLE e (a INTEGER)', 'ALTER TABLE e ADD COLUMN b DOUBLE DEFAULT random()');
  });
});

test('ALTER COLUMN changes defaults and NOT NULL', async () => {
  await refused('ALTER TABLE t ALTER COLUMN n SET NOT NULL', '23502');
  await refused('ALTER TABLE t ALTER nothing SET NOT NULL', '42703');
  await database.execute(
    'UPDATE t SET n = 20 WHERE n IS NULL',
    'ALTER TABLE t ALTER COLUMN n SET NOT NULL',
    'ALTER TABLE t ALTER n SET DEFAULT 7',
    'INSERT INTO t (id) VALUES (5)',
    'ALTER TABLE t ALTER COLUMN n DROP DEFAULT',
  );
  await refused('INSERT INTO t (id) VALUES (6)', '23502');
  await database.execute('ALTER TABLE t ALTER COLUMN n DROP NOT NULL', 'INSERT INTO t (id) VALUES (6)');
  await expectRows(
    'SELECT id, n FROM t ORDER BY id',
    [10, 20, 30, 40, 7, null].map((n, index) => ({ id: index + 1, n })),
  );
});

describe('ALTER COLUMN … TYPE', () => {
  test('widens in all tiers, and conditions find the rows', async () => {
    await database.execute(
      'ALTER TABLE t ALTER COLUMN n TYPE INTEGER',
      'ALTER TABLE t ALTER COLUMN n SET DATA TYPE BIGINT',
      'INSERT INTO t (id, n) VALUES (5, 5000000000)',
      'CHECKPOINT',
    );
    await expectRows(
      'SELECT id, n, typeof(n) AS type FROM t WHERE n >= 30 ORDER BY id',
      [30, 40, 5000000000].map((n, index) => ({ id: index + 3, n, type: 'BIGINT' })),
    );
    await database.execute('ALTER TABLE t TIER PARTITION WHERE id > 2 TO COLD');
    await expectRows('SELECT n FROM t WHERE n > 10 ORDER BY n', [{ n: 30 }, { n: 40 }, { n: 5000000000 }]);
  });

  test('of other kinds', async () => {
    await database.execute(
      `CREATE TABLE u (a FLOAT, b DECIMAL(5, 2), c ENUM('x', 'y'), d TIMESTAMP_S, e UTINYINT)`,
      `INSERT INTO u VALUES (0.1, 1.25, 'y', '2020-01-01', 200)`,
      'ALTER TABLE u TIER PARTITION WHERE true TO COLD',
      'ALTER TABLE u ALTER a TYPE DOUBLE',
      'ALTER TABLE u ALTER b TYPE DECIMAL(30, 2)',
      `ALTER TABLE u ALTER c TYPE ENUM('z', 'y', 'x')`,
      'ALTER TABLE u ALTER d TYPE TIMESTAMP',
      'ALTER TABLE u ALTER e TYPE INTEGER',
      `INSERT INTO u VALUES (0.1, 1234567890123456789012345678.25, 'z', '2020-01-01 00:00:00.5', 300)`,
    );
    await expectRows(
      'SELECT round(a, 3) AS a, b::VARCHAR AS b, c::VARCHAR AS c, d::VARCHAR AS d, e FROM u ORDER BY e',
      [
        { a: 0.1, b: '1.25', c: 'y', d: '2020-01-01 00:00:00', e: 200 },
        { a: 0.1, b: '1234567890123456789012345678.25', c: 'z', d: '2020-01-01 00:00:00.5', e: 300 },
      ],
    );
    expect(await database.values('SELECT e FROM u WHERE b = 1.25')).toEqual([200]);
  });

  test('refuses what would rewrite rows', async () => {
    await refused('ALTER TABLE t ALTER n TYPE TINYINT', '0A000');
    await refused('ALTER TABLE t ALTER n TYPE VARCHAR', '0A000');
    await refused('ALTER TABLE t ALTER n TYPE BIGINT USING n * 2', '0A000');
    await refused('ALTER TABLE t ALTER n TYPE nonsense', '42704');
    await refused('ALTER TABLE t ALTER s TYPE STRUCT(a BIGINT)', '0A000');
  });
});

test('fields of STRUCTs come, go and change their names; one of a former name is another one', async () => {
  await database.execute(
    'ALTER TABLE t ADD COLUMN s.c INTEGER DEFAULT 9',
    'ALTER TABLE t RENAME COLUMN s.a TO first',
    'ALTER TABLE t DROP COLUMN s.b',
    'ALTER TABLE t ADD COLUMN s.b VARCHAR',
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS s.c VARCHAR',
    'ALTER TABLE t DROP COLUMN IF EXISTS s.nothing',
    `INSERT INTO t VALUES (5, 50, {first: 5, c: 6, b: 'w'})`,
  );
  const field = (first: number, c: number, b: string | null): object => ({ first, c, b });
  const expected = [field(1, 9, null), null, field(3, 9, null), field(4, 9, null), field(5, 6, 'w')];
  await expectRows(
    'SELECT s FROM t ORDER BY id',
    expected.map((s) => ({ s })),
  );
  expect(await database.values('SELECT id FROM t WHERE s.first = 3')).toEqual([3]);
  await database.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
  await expectRows(
    'SELECT s FROM t ORDER BY id',
    expected.map((s) => ({ s })),
  );
  await refused('ALTER TABLE t ADD COLUMN s.c INTEGER', '42701');
  await refused('ALTER TABLE t DROP COLUMN s.nothing', '42703');
  await refused('ALTER TABLE t ADD COLUMN n.c INTEGER', '42804');
  await refused('ALTER TABLE t RENAME s.c TO b', '42701');
});

test('fields within lists and maps change too', async () => {
  await database.execute(
    'CREATE TABLE n (id INTEGER, l STRUCT(x INTEGER)[], m MAP(VARCHAR, STRUCT(y INTEGER)))',
    `INSERT INTO n VALUES (1, [{x: 1}, NULL], MAP {'k': {y: 2}})`,
    'ALTER TABLE n TIER PARTITION WHERE true TO COLD',
    'ALTER TABLE n ADD COLUMN l.element.z INTEGER',
    'ALTER TABLE n RENAME COLUMN m.value.y TO w',
  );
  await expectRows('SELECT l::VARCHAR AS l, m::VARCHAR AS m FROM n', [
    { l: `[{'x': 1, 'z': NULL}, NULL]`, m: `{k={'w': 2}}` },
  ]);
});

test('columns are moved', async () => {
  await database.execute('ALTER TABLE t ALTER COLUMN s FIRST', 'ALTER TABLE t ALTER COLUMN id AFTER n');
  await expectRows('SELECT * EXCLUDE s FROM t WHERE id = 1', [{ n: 10, id: 1 }]);
  await database.execute(
    `INSERT INTO t VALUES ({a: 5, b: ''}, 50, 5)`,
    'ALTER TABLE t TIER PARTITION WHERE true TO COLD',
  );
  await expectRows('SELECT COLUMNS(*)::VARCHAR FROM t WHERE id = 5', [{ s: `{'a': 5, 'b': ''}`, n: '50', id: '5' }]);
  await refused('ALTER TABLE t ALTER COLUMN s AFTER nothing', '42703');
});

test('columns that a CHECK names are renamed in it, and cannot be dropped; others can', async () => {
  await database.execute(
    'CREATE TABLE c (a INTEGER, b INTEGER, d INTEGER, CONSTRAINT small CHECK (a < b))',
    'INSERT INTO c VALUES (1, 2, 3)',
    'ALTER TABLE c DROP COLUMN d',
  );
  await refused('ALTER TABLE c DROP COLUMN a', '42P16');
  await database.execute('ALTER TABLE c RENAME COLUMN b TO large');
  await refused('INSERT INTO c VALUES (5, 4)', '23514');
  await database.reopen();
  await refused('INSERT INTO c (large, a) VALUES (4, 5)', '23514');
  await database.execute('ALTER TABLE c DROP CONSTRAINT small', 'INSERT INTO c VALUES (5, 4)', 'ALTER TABLE c DROP a');
  await expectRows('FROM c ORDER BY large', [{ large: 2 }, { large: 4 }]);
});

test('constraints are added when all rows fulfil them, and dropped by name', async () => {
  await refused('ALTER TABLE t ADD CHECK (id < 4)', '23514');
  await refused('ALTER TABLE t ADD CHECK (nothing < 4)', '42703');
  await refused('ALTER TABLE t ADD PRIMARY KEY (n)', '23502');
  await database.execute(
    'ALTER TABLE t ADD CHECK (id < 10)',
    'ALTER TABLE t ADD CONSTRAINT even CHECK (n % 2 = 0)',
    'ALTER TABLE t ADD PRIMARY KEY (id)',
  );
  await refused('INSERT INTO t (id) VALUES (10)', '23514');
  await refused('INSERT INTO t (id, n) VALUES (5, 5)', '23514');
  await refused('INSERT INTO t (id) VALUES (1)', '23505');
  await refused('INSERT INTO t (n) VALUES (2)', '23502');
  await refused('ALTER TABLE t ADD PRIMARY KEY (n)', '42P16');
  await refused('ALTER TABLE t DROP CONSTRAINT nothing', '42704');
  await refused('ALTER TABLE t ALTER id DROP NOT NULL', '42P16');
  await refused('ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES t (id)', '0A000');
  await database.execute(
    'ALTER TABLE t DROP CONSTRAINT even',
    'ALTER TABLE t DROP CONSTRAINT t_id_check',
    'ALTER TABLE t DROP CONSTRAINT t_pkey',
    'ALTER TABLE t DROP CONSTRAINT IF EXISTS nothing',
    'INSERT INTO t (id, n) VALUES (1, 5), (10, 5)',
  );
  await expectRows('SELECT count(*) AS n FROM t', [{ n: 6 }]);
});

test('readers keep their snapshot, and a transaction that changed the table fails', async () => {
  const reader = await database.db.connect();
  const writer = await database.db.connect();
  try {
    await reader.execute('BEGIN');
    expect(await database.values('SELECT count(*) FROM t', reader)).toEqual([4]);
    await writer.execute('BEGIN');
    await writer.execute('INSERT INTO t (id) VALUES (9)');
    await database.execute('ALTER TABLE t ADD COLUMN x INTEGER DEFAULT 1', 'ALTER TABLE t DROP COLUMN n');
    expect(await database.rows('SELECT * EXCLUDE s FROM t WHERE id = 1', reader)).toEqual([{ id: 1, n: 10 }]);
    await expect(writer.execute('COMMIT')).rejects.toMatchObject({ code: '40001' });
    await reader.execute('COMMIT');
    expect(await database.rows('SELECT * EXCLUDE s FROM t WHERE id = 1', reader)).toEqual([{ id: 1, x: 1 }]);
  } finally {
    await reader.close();
    await writer.close();
  }
});

test('sort order and partitions hold for what is written from then on', async () => {
  await database.execute(
    `ALTER TABLE t SET (sort_by = 'n', partition_by = 'id')`,
    'ALTER TABLE t TIER PARTITION WHERE id > 2 TO COLD',
    `ALTER TABLE t SET (partition_by = NULL, sort_by = 'id')`,
    'ALTER TABLE t DROP COLUMN n',
    'INSERT INTO t (id) VALUES (5)',
    'ALTER TABLE t TIER PARTITION WHERE id = 5 TO COLD',
  );
  await expectRows(
    'SELECT id FROM t ORDER BY id',
    [1, 2, 3, 4, 5].map((id) => ({ id })),
  );
  expect(await database.values(`SELECT count(*) FROM alopex.segments WHERE tier = 'cold'`)).toEqual([4]);
});

test('an altered table is whole after a crash', async () => {
  await database.execute(
    'CREATE TABLE h (id INTEGER)',
    'INSERT INTO h VALUES (1)',
    'DROP TABLE t',
    'ALTER TABLE h ADD COLUMN x INTEGER DEFAULT 8',
    'INSERT INTO h (id) VALUES (5)',
  );
  await database.afterCrash(async (db) => {
    expect(await database.values('SELECT x FROM h', db)).toEqual([8, 8]);
  });
});

test('CREATE TABLE … AS … WITH NO DATA takes the columns alone', async () => {
  await database.execute('CREATE TABLE copy AS FROM t WITH NO DATA', 'INSERT INTO copy FROM t WHERE id = 3');
  await expectRows('SELECT * EXCLUDE s FROM copy', [{ id: 3, n: 30 }]);
});
