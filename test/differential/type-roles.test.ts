import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { typed } from '../../index.ts';
import { AlopexSide } from './test-support/alopex-side.ts';
import { PlainDuckDb } from './test-support/plain-duckdb.ts';
import { makeTempFolder, removeFolder } from './test-support/temp-folder.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let alopex: AlopexSide;
let plain: PlainDuckDb;

beforeAll(async () => {
  folder = await makeTempFolder();
  plain = await PlainDuckDb.open();
  alopex = await AlopexSide.open(folder);
});

afterAll(async () => {
  await alopex.close();
  plain.close();
  await removeFolder(folder);
});

const MOOD = "ENUM('z', 'b', 'a', '')";

/** Types that are stored as others, with ten different values made of `i`. */
const KEYS: readonly (readonly [type: string, value: string])[] = [
  [MOOD, "['z', 'b', 'a', ''][1 + i % 4]"],
  ['UBIGINT', '18446744073709551610 + i % 5'],
  ['HUGEINT', '(i - 5) * 1000000000000000000000'],
  ['UHUGEINT', 'i * 7'],
  ['BIGNUM', "(repeat('9', i::INTEGER + 1)::BIGNUM)"],
  ['BIT', '(i + 1)::BIT'],
  ['TIMESTAMP_S', "TIMESTAMP_S '1969-12-31 23:59:58' + to_seconds(i)"],
  ['TIMESTAMP_MS', "TIMESTAMP_MS '0044-03-15 (BC) 12:00:00' + to_milliseconds(i)"],
  ['TIMESTAMP_NS', 'make_timestamp_ns(i - 4)'],
  ['TIME WITH TIME ZONE', "format('12:00:00+{:02d}:00', i)"],
  ['TIME_NS', "format('12:00:00.00000000{}', i)"],
  ['JSON', `'{"a": ' || i || '}'`],
];

describe.each(KEYS)('a primary key of type %s', (type, value) => {
  const name = 'keyed';
  const rows = (from: number, to: number): string =>
    `SELECT DISTINCT ON (k) CAST(${value} AS ${type}) AS k, i AS n FROM range(${from}, ${to}) AS r(i) ORDER BY k, i`;
  const upsert = (from: number, to: number): string =>
    `INSERT INTO ${name} ${rows(from, to)} ON CONFLICT (k) DO UPDATE SET n = excluded.n + 100`;

  async function both(sql: string): Promise<void> {
    await alopex.run(sql);
    await plain.run(sql);
  }

  async function same(): Promise<void> {
    const all = `SELECT k::VARCHAR, n, typeof(k) FROM ${name} ORDER BY k`;
    expect(await alopex.rows(all)).toEqual(await plain.rows(all));
    for (let i = 0; i < 10; i += 3) {
      const one = `SELECT n FROM ${name} WHERE k = (SELECT CAST(${value} AS ${type}) FROM (SELECT ${i} AS i))`;
      expect({ i, rows: await alopex.rows(one) }).toEqual({ i, rows: await plain.rows(one) });
    }
  }

  test('holds in every tier', async () => {
    await both(`CREATE TABLE ${name} (k ${type} PRIMARY KEY, n INTEGER)`);
    await both(`INSERT INTO ${name} ${rows(2, 6)}`);
    await both(upsert(0, 4));
    await alopex.run('CHECKPOINT');
    await both(upsert(3, 8));
    await alopex.run(`ALTER TABLE ${name} TIER PARTITION WHERE true TO COLD`);
    await same();
    await expect(alopex.run(`INSERT INTO ${name} ${rows(5, 6)}`)).rejects.toMatchObject({ code: '23505' });
    await both(upsert(6, 10));
    await both(`DELETE FROM ${name} WHERE k = (SELECT CAST(${value} AS ${type}) FROM (SELECT 7 AS i))`);
    await alopex.reopen();
    await same();
    await both(`DROP TABLE ${name}`);
  });

  test('is sorted and partitioned by, or refused', async () => {
    if (type === 'TIME WITH TIME ZONE') {
      const create = `CREATE TABLE parted (k ${type}, n INTEGER) WITH (partition_by = 'k')`;
      await expect(alopex.run(create)).rejects.toMatchObject({ code: '42804' });
      return;
    }
    await alopex.run(`CREATE TABLE parted (k ${type}, n INTEGER) WITH (sort_by = 'k', partition_by = 'k')`);
    await alopex.run(`INSERT INTO parted SELECT CAST(${value} AS ${type}), i FROM range(10) AS r(i)`);
    await alopex.run('INSERT INTO parted VALUES (NULL, -1)');
    await alopex.run('ALTER TABLE parted TIER PARTITION WHERE true TO COLD');
    const distinct = await alopex.rows('SELECT count(DISTINCT k) FROM parted');
    expect((await alopex.placement('parted')).coldFiles).toBe(Number(distinct[0]?.[0]) + 1);
    await plain.run(
      `CREATE TABLE parted AS SELECT CAST(${value} AS ${type}) AS k, i::INTEGER AS n FROM range(10) AS r(i)`,
    );
    await plain.run('INSERT INTO parted VALUES (NULL, -1)');
    for (const condition of ['true', 'k IS NULL', `k = (SELECT CAST(${value} AS ${type}) FROM (SELECT 2 AS i))`]) {
      const sql = `SELECT n, k::VARCHAR FROM parted WHERE ${condition} ORDER BY k, n`;
      expect(await alopex.rows(sql)).toEqual(await plain.rows(sql));
    }
    await alopex.run('DROP TABLE parted');
    await plain.run('DROP TABLE parted');
  });
});

test('files are left out where bounds are in the order of values', async () => {
  await alopex.run("CREATE TABLE ranged (u UBIGINT, s TIMESTAMP_S, n TIMESTAMP_NS, h HUGEINT) WITH (sort_by = 'u')");
  for (const from of [0, 100]) {
    await alopex.run(
      `INSERT INTO ranged SELECT i, make_timestamp(i * 1000000), make_timestamp_ns(i), i FROM range(${from}, ${from + 10}) AS r(i)`,
    );
    await alopex.run('CHECKPOINT');
  }
  const read = async (condition: string): Promise<unknown> => {
    const { rows, scans } = await alopex.answer(`SELECT count(*) FROM ranged WHERE ${condition}`);
    return [Number(rows[0]?.[0]), scans[0]?.hot.filesRead];
  };
  expect(await read('u > 105')).toEqual([4, 1]);
  expect(await read("s < TIMESTAMP_S '1970-01-01 00:00:05'")).toEqual([5, 1]);
  expect(await read("n >= TIMESTAMP_NS '1970-01-01 00:00:00.000000105'")).toEqual([5, 1]);
  // Its text is stored: 9 is not below 10 there.
  expect(await read('h < 9::HUGEINT')).toEqual([9, 2]);
  await alopex.run('DROP TABLE ranged');
});

test('a named type may go: columns keep its values', async () => {
  for (const [create, drop] of [
    ["CREATE TYPE mood AS ENUM ('sad', 'ok')", 'DROP TYPE mood'],
    ["CREATE TYPE pair AS STRUCT(a ENUM('x'), b INTERVAL)", 'DROP TYPE pair'],
  ] as const) {
    await alopex.run(create);
    const type = drop.slice('DROP TYPE '.length);
    await alopex.run(`CREATE TABLE named (v ${type}, l ${type}[])`);
    if (type === 'mood') await alopex.run("INSERT INTO named VALUES ('ok', ['sad', NULL])");
    else await alopex.run("INSERT INTO named VALUES ({'a': 'x', 'b': INTERVAL '1 day'}, [])");
    await alopex.run(drop);
    await alopex.reopen();
    await alopex.run('ALTER TABLE named TIER PARTITION WHERE true TO COLD');
    const [row] = await alopex.rows('SELECT typeof(v), v::VARCHAR, l::VARCHAR FROM named');
    expect(row).toEqual(
      type === 'mood'
        ? ["ENUM('sad', 'ok')", 'ok', '[sad, NULL]']
        : ["STRUCT(a ENUM('x'), b INTERVAL)", "{'a': x, 'b': 1 day}", '[]'],
    );
    await alopex.run('DROP TABLE named');
  }
});

test('parameters of types that JavaScript has no values of', async () => {
  await alopex.run(
    `CREATE TABLE given (e ${MOOD}, i INTERVAL, b BIT, m MAP(VARCHAR, UBIGINT), u UNION(n INTEGER, s VARCHAR))`,
  );
  const values = [typed(MOOD, 'a'), typed('INTERVAL', '1 day'), typed('BIT', '01'), new Map([['k', 1]]), 'x'];
  await alopex.run('INSERT INTO given VALUES ($1, $2, $3, $4, $5)', values);
  await alopex.run('CHECKPOINT');
  const sql =
    'SELECT e::VARCHAR, i::VARCHAR, b::VARCHAR, m::VARCHAR, u::VARCHAR, union_tag(u)::VARCHAR FROM given WHERE e = $1 AND i = $2 AND b = $3';
  expect(await alopex.rows(sql, values.slice(0, 3))).toEqual([['a', '1 day', '01', '{k=1}', 'x', 's']]);
  await alopex.run('DROP TABLE given');
});

test.each([
  ["t (g GEOMETRY) WITH (partition_by = 'g')", '42804'],
  ["t (z TIMETZ) WITH (partition_by = 'z')", '42804'],
  ["t (i INTERVAL) WITH (partition_by = 'i')", '42804'],
  ["t (n TIMESTAMP_NS) WITH (partition_by = 'month(n)')", '42804'],
  ["t (h HUGEINT) WITH (partition_by = 'truncate(10, h)')", '42804'],
  [`t (e ${MOOD}) WITH (partition_by = 'truncate(1, e)')`, '42804'],
  ["t (u UNION(a INTEGER)) WITH (sort_by = 'u')", '42804'],
  ["t (i INTERVAL) WITH (tier_column = 'i')", '42804'],
])('CREATE TABLE %s is refused', async (definition, code) => {
  await expect(alopex.run(`CREATE TABLE ${definition}`)).rejects.toMatchObject({ code });
});
