import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { compareBounds, parseBound } from './bound-text.ts';
import type { PrimitiveType } from './schema.ts';

/** SQL that computes, in the kernel, the number that a bound is: days, microseconds, unscaled digits. */
const CASES: readonly { type: PrimitiveType; sql: string; from: string }[] = [
  {
    type: { kind: 'primitive', name: 'DATE' },
    sql: "v - DATE '1970-01-01'",
    from: "DATE '0001-01-01' + CAST(i * 36500 + i AS INTEGER)",
  },
  {
    type: { kind: 'primitive', name: 'DATE' },
    sql: "v - DATE '1970-01-01'",
    from: "DATE '0005-03-01' - CAST(i * 367 AS INTEGER)",
  },
  {
    type: { kind: 'primitive', name: 'TIMESTAMP' },
    sql: 'epoch_us(v)',
    from: "TIMESTAMP '1890-02-28 23:59:59.123456' + INTERVAL (i * 5000001) SECOND",
  },
  {
    type: { kind: 'primitive', name: 'TIMESTAMP WITH TIME ZONE' },
    sql: 'epoch_us(v)',
    from: "TIMESTAMPTZ '1969-12-31 23:00:00.5+00' + INTERVAL (i * 77777) SECOND",
  },
  {
    type: { kind: 'primitive', name: 'TIMESTAMP WITH TIME ZONE' },
    sql: 'epoch_us(v)',
    from: "TIMESTAMPTZ '0005-01-01 00:00:00.25+00' - INTERVAL (i * 77777777) SECOND",
  },
  {
    type: { kind: 'primitive', name: 'TIMESTAMP_S' },
    sql: 'epoch_us(v)',
    from: "CAST(TIMESTAMP '0005-01-01' - INTERVAL (i * 77777777) SECOND AS TIMESTAMP_S)",
  },
  {
    type: { kind: 'primitive', name: 'TIMESTAMP_MS' },
    sql: 'epoch_us(v)',
    from: "CAST(TIMESTAMP '1969-12-31 23:59:59' + INTERVAL (i * 3333) MILLISECOND AS TIMESTAMP_MS)",
  },
  {
    type: { kind: 'primitive', name: 'TIMESTAMP_NS' },
    sql: 'epoch_ns(v)',
    from: 'make_timestamp_ns(i * 92233720368547758 - 4611686018427387904)',
  },
  {
    type: { kind: 'primitive', name: 'UBIGINT' },
    sql: 'v',
    from: 'CAST(i::HUGEINT * 184467440737095516 AS UBIGINT)',
  },
  {
    type: { kind: 'primitive', name: 'TIME' },
    sql: 'epoch_us(v)',
    from: "TIME '00:00:00.000001' + INTERVAL (i * 863) SECOND",
  },
  {
    type: { kind: 'primitive', name: 'DECIMAL', precision: 20, scale: 5 },
    sql: 'v * 100000',
    from: 'CAST(i * 1234567.89123 - 5000000.00001 AS DECIMAL(20, 5))',
  },
  {
    type: { kind: 'primitive', name: 'BIGINT' },
    sql: 'v',
    from: 'CAST(i * 92233720368547758 - 4611686018427387904 AS BIGINT)',
  },
];

test.each(CASES)('the text of $type.name from $from is the value it prints', async ({ type, sql, from }) => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const reader = await connection.runAndReadAll(
    `SELECT CAST(v AS VARCHAR) AS text, CAST(CAST(${sql} AS DECIMAL(38, 0)) AS VARCHAR) AS value FROM (SELECT ${from} AS v FROM range(100) r(i))`,
  );
  for (const [text, value] of reader.getRows()) {
    expect(String(parseBound(String(text), type)), String(text)).toBe(String(value));
  }
  connection.closeSync();
  instance.closeSync();
});

test('text that is no value is unknown', () => {
  const text = (name: PrimitiveType['name'], value: string): unknown => parseBound(value, { kind: 'primitive', name });
  expect(text('BIGINT', '1.5')).toBeUndefined();
  expect(text('DATE', 'infinity')).toBeUndefined();
  expect(text('TIMESTAMP', '-infinity')).toBeUndefined();
  expect(text('DOUBLE', 'nan')).toBeUndefined();
  expect(text('DOUBLE', '-inf')).toBe(-Infinity);
  expect(text('BLOB', '00FF')).toBeUndefined();
  expect(text('UUID', '00000000-0000-0000-0000-00000000000A')).toBe('00000000-0000-0000-0000-00000000000a');
  // The kernel rounds these, and prints those otherwise.
  expect(text('TIMESTAMP_S', '2024-01-01 00:00:00.5')).toBeUndefined();
  expect(text('TIMESTAMP_MS', '2024-01-01 00:00:00.0005')).toBeUndefined();
  expect(text('TIMESTAMP_NS', '2024-01-01 00:00:00.0000000005')).toBeUndefined();
  expect(text('HUGEINT', '007')).toBeUndefined();
  expect(text('TIME_NS', '12:00:00.10')).toBeUndefined();
  expect(parseBound('1.234', { kind: 'primitive', name: 'DECIMAL', precision: 5, scale: 2 })).toBeUndefined();
});

test('strings compare by their bytes, not by UTF-16 units', () => {
  expect(compareBounds('￿', '😀')).toBeLessThan(0);
  expect(compareBounds('a', 'ab')).toBeLessThan(0);
  expect(compareBounds(new Uint8Array([255]), new Uint8Array([1, 2]))).toBeGreaterThan(0);
});
