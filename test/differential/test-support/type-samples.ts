/** A column type with values that are hard for it, as SQL. The rest of a column is NULL. */
export interface TypeSample {
  readonly type: string;
  readonly values: readonly string[];
  /** `order`: all comparisons are tried; `equality`: just `=`. */
  readonly compared: 'order' | 'equality' | 'none';
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

/** 300 bytes and more: longer than the bounds that Parquet and Iceberg keep. */
const LONG = "repeat('x', 300)";

export const TYPE_SAMPLES: readonly TypeSample[] = [
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

/** Types that an Iceberg v2 table cannot hold. */
export const REFUSED_TYPES: readonly string[] = [
  'HUGEINT',
  'UHUGEINT',
  'UBIGINT',
  'TIMESTAMP_S',
  'TIMESTAMP_MS',
  'TIMESTAMP_NS',
  'TIME WITH TIME ZONE',
  'INTERVAL',
  'BIT',
  'JSON',
  "ENUM('a', 'b')",
  'UNION(a INTEGER, b VARCHAR)',
  'INTEGER[3]',
  'HUGEINT[]',
  'STRUCT(a INTEGER, b INTERVAL)',
  'MAP(VARCHAR, UBIGINT)',
];
