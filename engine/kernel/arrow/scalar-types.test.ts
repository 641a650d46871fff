import { tableFromIPC, tableToIPC, Table } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rawColumn } from '../test-support/arrow-values.ts';
import type { RawValue } from '../test-support/arrow-values.ts';
import { batchesOf, openTestKernel } from '../test-support/open-kernel.ts';
import type { TestKernel } from '../test-support/open-kernel.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await openTestKernel();
});
afterAll(() => kernel.close());

interface Case {
  readonly type: string;
  /** SQL of a pseudo-random value; `i` is the row, `h` an unsigned 64-bit hash of it. */
  readonly random: string;
  readonly extremes: readonly string[];
  /** SQL of the value as text, computed by DuckDB. */
  readonly text?: string;
  /** The same text from the Arrow value. */
  readonly render?: (raw: RawValue) => string;
  readonly arrow: string;
}

const integer = (type: string, bits: number, isSigned: boolean, arrow: string): Case => {
  const low = isSigned ? -(2n ** BigInt(bits - 1)) : 0n;
  const high = low + 2n ** BigInt(bits) - 1n;
  // Division spreads the hash over the magnitudes.
  const span = `(h // (1 + (i % 60) * (i % 7))::UBIGINT)::HUGEINT % ${2n ** BigInt(Math.min(bits, 64))}`;
  return {
    type,
    random: `(${span} + ${bits > 64 ? '-9000' : low})::${type}`,
    extremes: [`${low}`, `${high}`, '0', '1'].map((n) => `'${n}'::${type}`),
    arrow,
  };
};

/** SQL of `width` decimal digits, of which the leading ones are zeros. */
const digits = (width: number): string =>
  `lpad(right(h::VARCHAR || h::VARCHAR || h::VARCHAR, (1 + i % ${width})::INTEGER), ${width}, '0')`;

const decimal = (width: number, scale: number): Case => ({
  type: `DECIMAL(${width},${scale})`,
  random: `(CASE WHEN i % 2 = 0 THEN '-' ELSE '' END || left(${digits(width)}, ${width - scale}) || '.' || right(${digits(width)}, ${scale}))::DECIMAL(${width},${scale})`,
  extremes: [
    '0',
    '9'.repeat(width - scale) + (scale > 0 ? `.${'9'.repeat(scale)}` : ''),
    '-' + '9'.repeat(width - scale) + (scale > 0 ? `.${'9'.repeat(scale)}` : ''),
  ].map((text) => `'${text}'::DECIMAL(${width},${scale})`),
  text: 'v::VARCHAR',
  render: (raw) => {
    const unscaled = raw as bigint;
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
    const whole = digits.slice(0, digits.length - scale);
    const text = scale === 0 ? whole : `${scale === width ? '' : whole}.${digits.slice(digits.length - scale)}`;
    return unscaled < 0n ? `-${text}` : text;
  },
  arrow: `Decimal[${width}e${scale > 0 ? '+' : ''}${scale}]`,
});

const float = (type: string, arrow: string): Case => ({
  type,
  random: `((h::DOUBLE / 1e10 - 9e8) * pow(10, (i % 40) - 20))::${type}`,
  extremes: [`'nan'`, `'inf'`, `'-inf'`, `-0.0`, `'1e-45'`, `'3.4028234e38'`].map((text) => `${text}::${type}`),
  // Digits enough to tell every value from its neighbours.
  text: type === 'FLOAT' ? `v::DOUBLE::VARCHAR` : 'v::VARCHAR',
  render: String,
  arrow,
});

const CASES: readonly Case[] = [
  { type: 'BOOLEAN', random: 'h % 2 = 0', extremes: ['true', 'false'], arrow: 'Bool' },
  integer('TINYINT', 8, true, 'Int8'),
  integer('SMALLINT', 16, true, 'Int16'),
  integer('INTEGER', 32, true, 'Int32'),
  integer('BIGINT', 64, true, 'Int64'),
  integer('UTINYINT', 8, false, 'Uint8'),
  integer('USMALLINT', 16, false, 'Uint16'),
  integer('UINTEGER', 32, false, 'Uint32'),
  integer('UBIGINT', 64, false, 'Uint64'),
  integer('HUGEINT', 128, true, 'Decimal[38e0]'),
  integer('UHUGEINT', 128, false, 'Utf8'),
  float('FLOAT', 'Float32'),
  float('DOUBLE', 'Float64'),
  decimal(4, 0),
  decimal(4, 2),
  decimal(9, 4),
  decimal(10, 3),
  decimal(18, 18),
  decimal(19, 2),
  decimal(38, 0),
  decimal(38, 38),
  {
    type: 'DATE',
    random: `DATE '1970-01-01' + (h % 200000)::INTEGER - 100000`,
    extremes: [`DATE '5881580-07-10'`, `DATE '5877642-06-25 (BC)'`, `DATE '1969-12-31'`, `'infinity'::DATE`],
    text: `CASE WHEN isfinite(v) THEN datediff('day', DATE '1970-01-01', v) ELSE 2147483647 END::VARCHAR`,
    arrow: 'Date32<DAY>',
  },
  {
    type: 'TIME',
    random: `TIME '00:00:00' + to_microseconds((h % 86400000000)::BIGINT)`,
    extremes: [`TIME '00:00:00'`, `TIME '23:59:59.999999'`],
    text: `epoch_us(v)::VARCHAR`,
    arrow: 'Time64<MICROSECOND>',
  },
  {
    type: 'TIME_NS',
    random: `(lpad((h % 24)::VARCHAR, 2, '0') || ':59:13.' || lpad((h % 1000000000)::VARCHAR, 9, '0'))::TIME_NS`,
    extremes: [`'00:00:00.000000001'::TIME_NS`, `'23:59:59.999999999'::TIME_NS`],
    text: `epoch_ns(v)::VARCHAR`,
    arrow: 'Time64<NANOSECOND>',
  },
  {
    type: 'TIMESTAMP',
    random: `make_timestamp((h % 4000000000000000)::BIGINT - 2000000000000000)`,
    extremes: [
      `TIMESTAMP '290309-12-22 (BC) 00:00:00'`,
      `TIMESTAMP '294247-01-10 04:00:54.775806'`,
      `TIMESTAMP '1969-12-31 23:59:59.999999'`,
    ],
    text: 'epoch_us(v)::VARCHAR',
    arrow: 'Timestamp<MICROSECOND>',
  },
  {
    type: 'TIMESTAMP WITH TIME ZONE',
    random: `make_timestamptz((h % 4000000000000000)::BIGINT - 2000000000000000)`,
    extremes: [`TIMESTAMPTZ '2024-07-01 00:00:00+02'`],
    text: 'epoch_us(v)::VARCHAR',
    arrow: 'Timestamp<MICROSECOND, UTC>',
  },
  {
    type: 'TIMESTAMP_S',
    random: `make_timestamp((h % 4000000000000000)::BIGINT - 2000000000000000)`,
    extremes: [`TIMESTAMP_S '1900-01-01 00:00:01'`],
    text: '(epoch_us(v) // 1000000)::VARCHAR',
    arrow: 'Timestamp<SECOND>',
  },
  {
    type: 'TIMESTAMP_MS',
    random: `make_timestamp((h % 4000000000000000)::BIGINT - 2000000000000000)`,
    extremes: [`TIMESTAMP_MS '1900-01-01 00:00:01.123'`],
    text: 'epoch_ms(v)::VARCHAR',
    arrow: 'Timestamp<MILLISECOND>',
  },
  {
    type: 'TIMESTAMP_NS',
    random: `make_timestamp_ns((h % 4000000000000000000)::BIGINT - 2000000000000000000)`,
    extremes: [`TIMESTAMP_NS '1900-01-01 00:00:01.123456789'`],
    text: 'epoch_ns(v)::VARCHAR',
    arrow: 'Timestamp<NANOSECOND>',
  },
  {
    type: 'INTERVAL',
    random: `to_months((h % 1000)::INTEGER - 500) + to_days((h % 777)::INTEGER - 333) + to_microseconds((h % 1000000000000)::BIGINT - 500000000000)`,
    extremes: [`INTERVAL '-1 month'`, `to_microseconds(9223372036854775)`, `to_microseconds(-9223372036854775)`],
    text: `concat_ws(',', datepart('year', v) * 12 + datepart('month', v), datepart('day', v), datepart('hour', v) * 3600000000000::BIGINT + datepart('minute', v) * 60000000000 + datepart('microsecond', v)::BIGINT * 1000)`,
    render: (raw) => (raw as (number | bigint)[]).join(','),
    arrow: 'Interval<MONTH_DAY_NANO>',
  },
  {
    type: 'VARCHAR',
    random: `left(repeat(chr(97 + (h % 26)::INTEGER) || 'é🦊' || i, 40), (h % 70)::INTEGER)`,
    extremes: [`''`, `'123456789012'`, `'1234567890123'`, `repeat('ä', 6)`, `repeat('x', 100000)`, `chr(0) || 'a'`],
    arrow: 'Utf8',
  },
  {
    type: 'JSON',
    random: `json_object('a', i, 'b', h)`,
    extremes: [`'[]'::JSON`, `'null'::JSON`],
    arrow: 'Utf8',
  },
  {
    type: 'BLOB',
    random: `unhex(left(md5(i::VARCHAR) || md5(h::VARCHAR), (h % 32)::INTEGER * 2))`,
    extremes: [`''::BLOB`, `'\\x00\\xFF'::BLOB`, `repeat('\\x80', 5000)::VARCHAR::BLOB`],
    text: `lower(hex(v))`,
    arrow: 'Binary',
  },
  {
    type: 'UUID',
    random: `md5(i::VARCHAR)::UUID`,
    extremes: [
      `'00000000-0000-0000-0000-000000000000'::UUID`,
      `'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID`,
      `'80000000-0000-0000-0000-000000000000'::UUID`,
    ],
    arrow: 'Utf8',
  },
  {
    type: `ENUM('x', 'ein sehr langes Wort', 'ß')`,
    random: `(['x', 'ein sehr langes Wort', 'ß'])[1 + (h % 3)::INTEGER]`,
    extremes: [`'ß'`],
    arrow: 'Dictionary<Uint8, Utf8>',
  },
  {
    type: 'BIGNUM',
    random: `(h::VARCHAR || h::VARCHAR || h::VARCHAR)::BIGNUM`,
    extremes: [`'-123456789012345678901234567890123456789012345678901234567890'::BIGNUM`, `0::BIGNUM`],
    arrow: 'Utf8',
  },
  { type: 'BIT', random: `h::UBIGINT::BIT`, extremes: [`'0'::BIT`, `'10101010101'::BIT`], arrow: 'Utf8' },
  {
    type: 'TIME WITH TIME ZONE',
    random: `(TIME '00:00:00' + to_microseconds((h % 86400000000)::BIGINT))::TIMETZ`,
    extremes: [`'12:34:56.789+05:30'::TIMETZ`, `'00:00:00-15:59:59'::TIMETZ`],
    arrow: 'Utf8',
  },
  {
    type: 'UNION(n INTEGER, s VARCHAR)',
    random: `CASE WHEN h % 2 = 0 THEN union_value(n := i::INTEGER)::UNION(n INTEGER, s VARCHAR) ELSE union_value(s := 'text' || i) END`,
    extremes: [`union_value(s := '')::UNION(n INTEGER, s VARCHAR)`],
    arrow: 'Utf8',
  },
];

describe.each(CASES)('$type', ({ type, random, extremes, text = 'v::VARCHAR', render = String, arrow }) => {
  const rows = 3000;
  const source = `SELECT i, v::${type} AS v FROM (
      SELECT i, CASE WHEN h % 5 = 0 THEN NULL ELSE (${random})::${type} END AS v FROM (SELECT i, hash(i * 7919) AS h FROM range(${rows}) t(i))
      UNION ALL SELECT ${rows} + i, v FROM (VALUES ${extremes.map((value, index) => `(${index}, (${value})::${type})`).join(', ')}) e(i, v))`;

  test('every value, null or not, is the one that DuckDB prints', async () => {
    // Filtered, so that chunks have odd sizes and vectors are selections of others.
    const from = `(${source}) WHERE i % 11 <> 3 ORDER BY i`;
    const batches = await batchesOf(
      kernel.connection,
      `SELECT v, CASE WHEN v IS NOT NULL THEN ${text} END AS text FROM ${from}`,
    );
    expect(batches[0]?.schema.fields[0]?.type.toString()).toBe(arrow);
    const check = (values: readonly RawValue[], texts: readonly RawValue[]): void => {
      expect(values.length).toBeGreaterThan(2700);
      expect(values.filter((value) => value === null).length).toBeGreaterThan(400);
      values.forEach((value, row) => {
        const expected = texts[row] as string | null;
        if (value === null || expected === null) expect(value).toBe(expected);
        else if (typeof value === 'number' && arrow.startsWith('Float')) expect(value).toBe(numberOf(expected));
        else expect(render(value)).toBe(expected);
      });
    };
    check(rawColumn(batches, 0), rawColumn(batches, 1));
    const table = tableFromIPC(tableToIPC(new Table(batches), 'stream'));
    check(rawColumn(table.batches, 0), rawColumn(table.batches, 1));
  });

  test('no value but nulls, and no row at all', async () => {
    const nulls = await batchesOf(kernel.connection, `SELECT NULL::${type} AS v FROM range(2100)`);
    expect(rawColumn(nulls, 0)).toEqual(Array.from({ length: 2100 }, () => null));
    const none = await kernel.connection.stream(`SELECT NULL::${type} AS v WHERE false`);
    expect(none.schema.fields.map((field) => field.type.toString())).toEqual([arrow]);
    expect(await none[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });
});

function numberOf(text: string): number {
  if (text === 'nan') return NaN;
  if (text === 'inf') return Infinity;
  return text === '-inf' ? -Infinity : Number(text);
}

test('VARIANT comes as text, GEOMETRY as its bytes', async () => {
  const batches = await batchesOf(
    kernel.connection,
    `SELECT 42::VARIANT AS v, 'POINT(1 2)'::GEOMETRY AS g UNION ALL SELECT NULL, NULL`,
  );
  expect(rawColumn(batches, 0)).toEqual(['42', null]);
  const point = Buffer.alloc(21);
  point.writeUInt8(1, 0);
  point.writeUInt32LE(1, 1);
  point.writeDoubleLE(1, 5);
  point.writeDoubleLE(2, 13);
  expect(rawColumn(batches, 1)).toEqual([point.toString('hex'), null]);
});

test('SQL types are told in the metadata where Arrow has no such type', async () => {
  const stream = await kernel.connection.stream(
    `SELECT uuid() u, '{}'::JSON j, 1::DECIMAL(5,2) d, [uuid()] l, now() t LIMIT 0`,
  );
  await stream[Symbol.asyncIterator]().return?.();
  const { schema } = stream;
  expect(schema.fields.map((field) => field.metadata.get('sql_type'))).toEqual([
    'UUID',
    'JSON',
    'DECIMAL(5,2)',
    'LIST',
    'TIMESTAMP WITH TIME ZONE',
  ]);
  expect(schema.fields[3]?.type.children[0]?.metadata.get('sql_type')).toBe('UUID');
});
