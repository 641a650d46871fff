/** A column type with values that are hard for it, as SQL. The rest of a column is NULL. */
export interface TypeSample {
  readonly type: string;
  readonly values: readonly string[];
  /** `order`: all comparisons are tried; `equality`: just `=`. */
  readonly compared: 'order' | 'equality' | 'none';
  /** Values come out of the two databases in different forms, so that just their text is compared. */
  readonly asText?: true;
}

const ordered = (type: string, ...values: readonly string[]): TypeSample => ({ type, values, compared: 'order' });
const equal = (type: string, ...values: readonly string[]): TypeSample => ({ type, values, compared: 'equality' });

const floats = (type: string, ...more: readonly string[]): TypeSample =>
  ordered(
    type,
    '0.0',
    `'-0.0'::${type}`,
    '-1.5',
    `'nan'::${type}`,
    `'inf'::${type}`,
    `'-inf'::${type}`,
    '0.1',
    ...more.map((value) => `${value}::${type}`),
  );

const asText = (sample: TypeSample): TypeSample => ({ ...sample, asText: true });

const MOOD = "ENUM('sad', 'ok', '', 'it''s', 'happy')";
const MIN_INTERVAL = 'to_microseconds(-9223372036854775808)';
const MAX_INTERVAL = '(to_months(2147483647) + to_days(2147483647) + to_microseconds(9223372036854775807))';

/** 300 bytes and more: longer than the bounds that Parquet and Iceberg keep. */
const LONG = "repeat('x', 300)";

/** Types that files have, or a wider one. */
export const STORED_TYPE_SAMPLES: readonly TypeSample[] = [
  ordered('BOOLEAN', 'true', 'false'),
  ordered('TINYINT', '-128', '127', '0', '5'),
  ordered('SMALLINT', '-32768', '32767', '0', '300'),
  ordered('INTEGER', '-2147483648', '2147483647', '0', '70000'),
  ordered('BIGINT', '-9223372036854775808', '9223372036854775807', '0', '9007199254740993'),
  ordered('UTINYINT', '0', '255', '128', '127'),
  ordered('USMALLINT', '0', '65535', '32768', '1'),
  ordered('UINTEGER', '0', '4294967295', '2147483648', '1'),
  floats('FLOAT', '3.4028235e38', '-1e-45', '16777217'),
  floats('DOUBLE', '1.7976931348623157e308', '5e-324', '9007199254740993'),
  ordered('DECIMAL(4, 1)', '-999.9', '999.9', '0.0', '1.5', '-0.1'),
  ordered('DECIMAL(9, 0)', '-999999999', '999999999', '0', '12'),
  ordered('DECIMAL(18, 3)', '-999999999999999.999', '999999999999999.999', '0.001', '123.456'),
  ordered(
    'DECIMAL(38, 10)',
    '-9999999999999999999999999999.9999999999',
    '9999999999999999999999999999.9999999999',
    '0.0000000001',
    '18446744073709551616.5',
  ),
  ordered(
    'DATE',
    "DATE '1970-01-01'",
    "DATE '1969-12-31'",
    "DATE '0001-01-01'",
    "DATE '0044-03-15 (BC)'",
    "DATE '9999-12-31'",
    "DATE '10000-01-01'",
    "DATE '2000-02-29'",
    "DATE '5881580-07-10'",
    "DATE 'infinity'",
    "DATE '-infinity'",
  ),
  ordered('TIME', "TIME '00:00:00'", "TIME '23:59:59.999999'", "TIME '12:34:56.7'", "TIME '24:00:00'"),
  ordered(
    'TIMESTAMP',
    "TIMESTAMP '1970-01-01 00:00:00'",
    "TIMESTAMP '1969-12-31 23:59:59.999999'",
    "TIMESTAMP '0001-01-01 00:00:00.000001'",
    "TIMESTAMP '0100-06-01 (BC) 12:00:00'",
    "TIMESTAMP '9999-12-31 23:59:59.999999'",
    "TIMESTAMP '200000-01-01 00:00:00'",
    "TIMESTAMP '2024-02-29 12:30:00'",
    "TIMESTAMP 'infinity'",
    "TIMESTAMP '-infinity'",
  ),
  ordered(
    'TIMESTAMP WITH TIME ZONE',
    "TIMESTAMPTZ '1970-01-01 00:00:00+00'",
    "TIMESTAMPTZ '1969-12-31 23:59:59.999999+00'",
    "TIMESTAMPTZ '2024-03-31 02:30:00+02'",
    "TIMESTAMPTZ '9999-12-31 23:59:59-08'",
    "TIMESTAMPTZ '0001-01-01 00:00:00+00'",
    "TIMESTAMPTZ 'infinity'",
  ),
  ordered(
    'VARCHAR',
    "''",
    "'a'",
    "'Z'",
    "'ä€😀'",
    LONG,
    `${LONG} || 'y'`,
    "chr(1) || 'tab' || chr(9) || chr(10) || chr(13) || chr(127)",
    "'O''Neil \"quoted\" \\ %_'",
    "repeat('😀', 100)",
    'repeat(chr(1114111), 70)',
  ),
  ordered(
    'UUID',
    "UUID '00000000-0000-0000-0000-000000000000'",
    "UUID 'ffffffff-ffff-ffff-ffff-ffffffffffff'",
    "UUID '80000000-0000-0000-0000-000000000000'",
    "UUID '7fffffff-ffff-4fff-bfff-ffffffffffff'",
  ),
  ordered(
    'BLOB',
    "''::BLOB",
    "'\\x00\\xFF\\x00'::BLOB",
    "unhex(repeat('ff', 300))",
    "'text'::BLOB",
    "unhex('80')",
    "unhex('7f')",
  ),
  equal('INTEGER[]', '[]', '[1, NULL, -3]', '[NULL]', 'range(400)::INTEGER[]'),
  equal('TINYINT[]', '[-128, 127]', '[NULL, 0]'),
  equal('UUID[]', "['00000000-0000-0000-0000-000000000001'::UUID, NULL]", '[]'),
  equal('VARCHAR[][]', "[['a', NULL], [], NULL]", '[]', "[['😀']]"),
  equal('STRUCT(a INTEGER, b VARCHAR)', "{'a': 1, 'b': 'x'}", "{'a': NULL, 'b': NULL}", "{'a': -7, 'b': ''}"),
  equal(
    'STRUCT("Odd ""name""" USMALLINT, "select" STRUCT(u UINTEGER))',
    'ROW(65535, ROW(4294967295))',
    'ROW(NULL, NULL)',
  ),
  equal('MAP(VARCHAR, INTEGER)', "MAP {'k': 1, 'ä': NULL}", 'MAP {}', "MAP {'': -1}"),
  equal(
    'STRUCT(l DECIMAL(5, 2)[], m MAP(INTEGER, STRUCT(d DATE, u UUID)))[]',
    "[{'l': [1.25, NULL], 'm': MAP {7: {'d': DATE '1969-12-31', 'u': UUID '11111111-1111-1111-1111-111111111111'}}}, NULL]",
    "[{'l': [], 'm': MAP {}}]",
  ),
  equal(
    'MAP(SMALLINT, TIMESTAMP WITH TIME ZONE[])',
    "MAP {1: ['2024-01-01 00:00:00+05'::TIMESTAMPTZ, NULL]}",
    'MAP {}',
  ),
  { type: 'DOUBLE', values: [], compared: 'order' },
  { type: 'STRUCT(x BLOB[])', values: [], compared: 'none' },
];

/** Types that are stored as others. */
export const CONVERTED_TYPE_SAMPLES: readonly TypeSample[] = [
  ordered('UBIGINT', '0', '18446744073709551615', '9223372036854775808', '7'),
  ordered(
    'HUGEINT',
    '-170141183460469231731687303715884105728',
    '170141183460469231731687303715884105727',
    '0',
    '-1',
    '9',
    '10',
  ),
  asText(ordered('UHUGEINT', '0', "'340282366920938463463374607431768211455'::UHUGEINT", '9', '10')),
  asText(ordered('BIGNUM', "repeat('9', 400)::BIGNUM", "('-' || repeat('9', 400))::BIGNUM", '0', '-1', '9', '10')),
  ordered(
    'TIMESTAMP_S',
    "TIMESTAMP_S '1969-12-31 23:59:59'",
    "TIMESTAMP_S '290309-12-22 (BC) 00:00:00'",
    "TIMESTAMP_S '294247-01-10 04:00:54'",
    "TIMESTAMP_S 'infinity'",
    "TIMESTAMP_S '-infinity'",
    "TIMESTAMP '2024-02-29 12:30:00.5'",
    "'2024-02-29 12:30:00.5'",
  ),
  ordered(
    'TIMESTAMP_MS',
    "TIMESTAMP_MS '1969-12-31 23:59:59.999'",
    "TIMESTAMP_MS '0044-03-15 (BC) 12:00:00.001'",
    "TIMESTAMP_MS '294247-01-10 04:00:54.775'",
    "TIMESTAMP_MS 'infinity'",
    "TIMESTAMP_MS '-infinity'",
    "'2024-02-29 12:30:00.0005'",
  ),
  ordered(
    'TIMESTAMP_NS',
    "TIMESTAMP_NS '1969-12-31 23:59:59.999999999'",
    "TIMESTAMP_NS '1677-09-22 00:00:00.000000001'",
    "TIMESTAMP_NS '2262-04-11 23:47:16.854775806'",
    "TIMESTAMP_NS 'infinity'",
    "TIMESTAMP_NS '-infinity'",
    "TIMESTAMP '2024-02-29 12:30:00.5'",
    "DATE '2024-02-29'",
  ),
  ordered(
    'TIME WITH TIME ZONE',
    "TIMETZ '12:00:00+00'",
    "TIMETZ '13:00:00+01'",
    "TIMETZ '00:00:00+15:59:59'",
    "TIMETZ '24:00:00-15:59:59'",
    "TIMETZ '01:02:03.000004-00:30'",
  ),
  ordered(
    'TIME_NS',
    "TIME_NS '00:00:00'",
    "TIME_NS '24:00:00'",
    "TIME_NS '12:00:00.1'",
    "TIME_NS '12:00:00.12'",
    "'12:00'",
  ),
  ordered(
    'INTERVAL',
    "INTERVAL '1 month'",
    "INTERVAL '30 days'",
    "INTERVAL '720 hours'",
    "INTERVAL '-1 month 3 days -00:00:01.5'",
    "INTERVAL '0 days'",
    'to_months(-2147483648)',
  ),
  asText(ordered('INTERVAL', MIN_INTERVAL, MAX_INTERVAL, "INTERVAL '1 microsecond'")),
  ordered('BIT', "BIT '0'", "BIT '1'", "BIT '01'", "BIT '0000000010'", "repeat('10', 100)::BIT"),
  ordered('JSON', `'{"a": 1,  "a": [null, 1e400]}'`, `'"text"'`, `' 1'`, "'null'"),
  ordered(MOOD, "'sad'", "'ok'", "''", "'it''s'", "'happy'"),
  ordered(MOOD, ...['sad', 'ok', '', 'happy'].map((value) => `'${value}'::${MOOD}`)),
  equal('FLOAT[3]', '[1.5, NULL, -0.5]::FLOAT[3]', "[NULL, 'nan', 'inf']::FLOAT[3]"),
  equal(`${MOOD}[2][]`, `[['sad', NULL], NULL]::${MOOD}[2][]`, '[]', '[NULL]'),
  asText(
    equal(
      'UNION(a INTEGER, "b ""c" VARCHAR, tag INTERVAL[])',
      '1',
      "'x'",
      'union_value(a := NULL)',
      `union_value(tag := [${MIN_INTERVAL}, NULL])`,
    ),
  ),
  equal('GEOMETRY', "'POINT(1 2)'::GEOMETRY", "'POINT EMPTY'::GEOMETRY", "'LINESTRING (0 0, 1 1)'::GEOMETRY"),
  equal("GEOMETRY('OGC:CRS84')", "'POINT(1 2)'::GEOMETRY('OGC:CRS84')"),
  equal('UBIGINT[]', '[18446744073709551615, NULL]', '[]'),
  equal('TIMESTAMP_NS[]', "['infinity'::TIMESTAMP_NS, NULL, '2024-01-01'::TIMESTAMP_NS]", '[]'),
  asText(equal('INTERVAL[2]', `[${MIN_INTERVAL}, NULL]::INTERVAL[2]`)),
  equal('MAP(UBIGINT, INTERVAL)', "MAP {18446744073709551615: INTERVAL '-1 day', 0: NULL}", 'MAP {}'),
  equal('MAP(TIMESTAMP_MS, TIMESTAMP_S)', "MAP {'2024-01-01'::TIMESTAMP_MS: 'infinity'::TIMESTAMP_S}", 'MAP {}'),
  asText(
    equal(
      'STRUCT(i INTERVAL, "select" STRUCT(n TIMESTAMP_NS, u UNION(l TIMETZ[], n TINYINT)), b BIT, j JSON, h UHUGEINT)',
      "{'i': INTERVAL '1 day', 'select': {'n': 'infinity', 'u': ['12:00:00+01'::TIMETZ, NULL]}, 'b': '01', 'j': '[]', 'h': 5}",
      "{'i': NULL, 'select': NULL, 'b': NULL, 'j': NULL, 'h': NULL}",
    ),
  ),
  {
    type: 'UNION(v FLOAT[3], s STRUCT(a INTEGER[2], i INTERVAL))',
    values: [
      'union_value(v := [1, NULL, 3]::FLOAT[3])',
      "union_value(s := {'a': [1, 2]::INTEGER[2], 'i': INTERVAL '1 day'})",
    ],
    compared: 'none',
    asText: true,
  },
];

/** Types that no table can store. */
export const REFUSED_TYPES: readonly string[] = [
  'VARIANT',
  'VARIANT[]',
  'STRUCT(a INTEGER, b VARIANT)',
  '"NULL"',
  'VARCHAR COLLATE NOCASE',
  "VARCHAR COLLATE NOCASE DEFAULT 'x' CHECK (odd_one <> '')",
];
