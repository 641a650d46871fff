import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestKernel, type TestKernel } from '../kernel/test-support/open-kernel.ts';
import { boundOrder, compareBounds, parseBound } from './bound-text.ts';
import { fieldIdsFrom, typeSql } from './data-type.ts';
import type { DataType } from './schema.ts';
import { fromStorageSql, toStorageSql } from './storage-sql.ts';
import { storageType } from './storage-type.ts';
import { parseDataType } from './type-parser.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await openTestKernel();
});
afterAll(() => kernel.close());

const MIN_INTERVAL = 'to_microseconds(-9223372036854775808)';
const MAX_INTERVAL = '(to_months(2147483647) + to_days(2147483647) + to_microseconds(9223372036854775807))';

/** Types with values that are hard for them, as SQL; NULL comes along. */
const SAMPLES: readonly (readonly [type: string, ...values: string[]])[] = [
  ['UTINYINT', '0', '255'],
  ['UBIGINT', '0', '18446744073709551615', '9223372036854775808', '7'],
  [
    'HUGEINT',
    '-170141183460469231731687303715884105728',
    '170141183460469231731687303715884105727',
    '0',
    '-1',
    '9',
    '10',
  ],
  ['UHUGEINT', '0', "'340282366920938463463374607431768211455'", '9', '10'],
  ['BIGNUM', '0', "repeat('9', 400)", "'-' || repeat('9', 400)", '-1', '9', '10'],
  [
    'TIMESTAMP_S',
    "'infinity'",
    "'-infinity'",
    "'290309-12-22 (BC) 00:00:00'",
    "'294247-01-10 04:00:54'",
    "'1969-12-31 23:59:59'",
  ],
  ['TIMESTAMP_MS', "'infinity'", "'-infinity'", "'0044-03-15 (BC) 12:00:00.001'", "'294247-01-10 04:00:54.775'"],
  [
    'TIMESTAMP_NS',
    "'infinity'",
    "'-infinity'",
    "'2262-04-11 23:47:16.854775806'",
    "'1677-09-22 00:00:00.000000001'",
    "'1969-12-31 23:59:59.999999999'",
    "'1970-01-01'",
  ],
  [
    'TIME WITH TIME ZONE',
    "'00:00:00+15:59:59'",
    "'24:00:00-15:59:59'",
    "'12:00:00+00'",
    "'13:00:00+01'",
    "'01:02:03.000004-00:00:01'",
    "'01:02:03+00:30'",
  ],
  ['TIME_NS', "'00:00:00'", "'24:00:00'", "'12:00:00.1'", "'12:00:00.12'", "'12:00:00.000000001'", "'12:00:00.2'"],
  [
    'INTERVAL',
    MIN_INTERVAL,
    MAX_INTERVAL,
    "INTERVAL '1 month'",
    "INTERVAL '30 days'",
    "INTERVAL '720 hours'",
    "INTERVAL '-1 month 3 days -00:00:01.5'",
    "INTERVAL '0 days'",
  ],
  ['BIT', "'0'", "'1'", "'01'", "'0000000010'", "repeat('10', 100)"],
  ['JSON', `'{"a": 1,  "a": [null, 1e400]}'`, `'"text"'`, `' 1'`, `'null'`, `'"\\u0000"'`],
  ["ENUM('z', 'a', '', 'it''s')", "'z'", "'a'", "''", "'it''s'"],
  ['FLOAT[3]', '[1, NULL, -0.5]', "[NULL, 'nan', 'inf']"],
  ["ENUM('z', 'a')[2][]", "[['a', NULL], NULL]", '[]', '[NULL]'],
  [
    'UNION(a INTEGER, "b ""c" VARCHAR, tag INTERVAL[])',
    '1',
    "'x'",
    'union_value(a := NULL)',
    `union_value(tag := [${MIN_INTERVAL}, NULL])`,
    'union_value("b ""c" := \'\')',
  ],
  ['STRUCT(a FLOAT[3], i INTERVAL)', "{'a': [1, 2, NULL], 'i': INTERVAL '1 day'}", "{'a': NULL, 'i': NULL}"],
  [
    'UNION(v FLOAT[3], w INTERVAL[2], x UNION(y STRUCT(z TINYINT[1])), s VARCHAR)',
    'union_value(v := [1, 2, 3]::FLOAT[3])',
    `union_value(w := [NULL, ${MIN_INTERVAL}]::INTERVAL[2])`,
    "union_value(x := union_value(y := {'z': [1]::TINYINT[1]}))",
    "'text'",
  ],
  ['UNION(a INTEGER[2])[2]', '[union_value(a := [1, 2]::INTEGER[2]), NULL]::UNION(a INTEGER[2])[2]'],
  ['GEOMETRY', "'POINT(1 2)'", "'POINT EMPTY'", "'GEOMETRYCOLLECTION (POINT (1 2), LINESTRING EMPTY)'"],
  ["GEOMETRY('OGC:CRS84')", "'POINT(1 2)'"],
  ['TIMESTAMP_NS[]', "['infinity', NULL, '2024-01-01']", '[]', '[NULL]'],
  ['INTERVAL[2]', `[${MIN_INTERVAL}, NULL]`],
  ['MAP(UBIGINT, INTERVAL)', `MAP {18446744073709551615: ${MAX_INTERVAL}, 0: NULL}`, 'MAP {}'],
  ['MAP(TIMESTAMP_NS, BIT)', "MAP {'2024-01-01': '01', 'infinity': NULL}"],
  [
    'STRUCT(i INTERVAL, "select" STRUCT(n TIMESTAMP_NS, u UNION(l TIMETZ[], n TINYINT)), s SMALLINT)',
    `{'i': ${MIN_INTERVAL}, 'select': {'n': 'infinity', 'u': ['12:00:00+01'::TIMETZ, NULL]}, 's': 7}`,
    "{'i': NULL, 'select': NULL, 's': NULL}",
    "{'i': NULL, 'select': {'n': NULL, 'u': 5::TINYINT}, 's': -1}",
  ],
  [
    'STRUCT(a UNION(x STRUCT(y UNION(z INTERVAL, w JSON))[]))[]',
    `[{'a': union_value(x := [{'y': union_value(w := '{}'::JSON)::UNION(z INTERVAL, w JSON)}, {'y': union_value(z := ${MAX_INTERVAL})::UNION(z INTERVAL, w JSON)}])}, NULL, {'a': NULL}]`,
  ],
];

/** A table `v` with each value three times, so that a file makes a dictionary of them. */
async function makeValues(type: string, values: readonly string[]): Promise<DataType> {
  const rows = ['NULL', ...values].map((value, index) => `(${index}, CAST(${value} AS ${type}))`);
  await kernel.connection.run(
    `CREATE OR REPLACE TABLE v AS SELECT id, x FROM (VALUES ${rows.join(', ')}) AS t(id, x), range(3)`,
  );
  const [row] = await kernel.connection.rows(
    "SELECT data_type FROM duckdb_columns() WHERE table_name = 'v' AND column_name = 'x'",
  );
  return parseDataType(String(row?.['data_type']), 'x', fieldIdsFrom(0));
}

let files = 0;

/** As `typeof` says it, with what `text` leaves out. */
const exact = (x: string, type: DataType): string =>
  type.kind === 'primitive' && type.name === 'TIME WITH TIME ZONE' ? `date_part('timezone', ${x})` : 'NULL';

describe.each(SAMPLES)('%s', (type, ...values) => {
  test('comes back from a file as it was', async () => {
    const parsed = await makeValues(type, values);
    const path = `${kernel.folder}/values-${files++}.parquet`;
    await kernel.connection.run(
      `COPY (SELECT id, ${toStorageSql('x', parsed)} AS s FROM v) TO '${path}' (FORMAT parquet)`,
    );
    const stored = typeSql(storageType(parsed));
    const back = `SELECT id, ${fromStorageSql('s', parsed)} AS x, typeof(s) = typeof(NULL::${stored}) AS t FROM read_parquet('${path}')`;
    const columns = (relation: string, more: string): string =>
      `SELECT id, x IS NULL AS n, x::VARCHAR AS text, typeof(x) AS type, ${exact('x', parsed)} AS more, ${more} AS t FROM ${relation} ORDER BY id`;
    const expected = await kernel.connection.rows(columns('v', 'true'));
    expect(await kernel.connection.rows(columns(`(${back})`, 't'))).toEqual(expected);
    expect(expected).toHaveLength(3 * (values.length + 1));
    const [same] = await kernel.connection.rows(
      `SELECT count(*)::INTEGER AS n FROM v JOIN (${back}) AS b ON v.id = b.id AND v.x IS NOT DISTINCT FROM b.x`,
    );
    expect(same).toEqual({ n: 9 * (values.length + 1) });
  });

  test('bounds order as said', async () => {
    const parsed = await makeValues(type, values);
    if (parsed.kind !== 'primitive') return;
    const order = boundOrder(parsed);
    if (order === 'none') return;
    const rows = await kernel.connection.rows(
      `SELECT DISTINCT a.x::VARCHAR AS a, b.x::VARCHAR AS b, a.x < b.x AS less, a.x = b.x AS equal FROM v AS a, v AS b WHERE a.x IS NOT NULL AND b.x IS NOT NULL`,
    );
    expect(rows).toHaveLength(values.length ** 2);
    for (const { a, b, less, equal } of rows) {
      const [left, right] = [parseBound(String(a), parsed), parseBound(String(b), parsed)];
      // Infinite timestamps have no bound.
      if (left === undefined || right === undefined) continue;
      const compared = compareBounds(left, right);
      if (order === 'order') expect({ a, b, less: compared < 0 }).toEqual({ a, b, less });
      expect({ a, b, equal: compared === 0 }).toEqual({ a, b, equal });
    }
  });
});
