import { createHash } from 'node:crypto';
import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordBatchReader, tableToIPC, Table } from 'apache-arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FileSystem } from '../ports/file-system.ts';
import { importArrow } from './arrow-import.ts';
import { all, openTestKernel } from './test-support/open-kernel.ts';
import type { TestKernel } from './test-support/open-kernel.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await openTestKernel({ batchRows: 2048 });
});
afterAll(() => kernel.close());

/** What the import needs of a file system. */
const files = {
  openAppend: async (path: string) => ({
    sizeBytes: await stat(path).then(
      (info) => info.size,
      () => 0,
    ),
    append: (bytes: Uint8Array) => appendFile(path, bytes),
    sync: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }),
} as unknown as FileSystem;

/** A query through Arrow, the bytes of an IPC stream and Parquet; returns the SQL that reads it back. */
async function throughParquet(sql: string): Promise<string> {
  const path = join(kernel.folder, `${createHash('sha256').update(sql).digest('hex')}.parquet`);
  const stream = await kernel.connection.stream(sql);
  const batches = [];
  // Each batch as a message of its own, as in the log.
  for await (const batch of stream) batches.push(...RecordBatchReader.from(tableToIPC(new Table([batch]), 'stream')));
  await importArrow(files, path, stream.schema, batches);
  return `read_parquet('${path}')`;
}

/** Type, and SQL of a value of row `i`. */
const CASES: readonly (readonly [type: string, value: string, castBack?: string])[] = [
  ['BOOLEAN', 'i % 2 = 0'],
  ['TINYINT', '(i % 256 - 128)'],
  ['SMALLINT', '(i * 16 % 65536 - 32768)'],
  ['INTEGER', '(i * 1048577 % 4294967296 - 2147483648)'],
  ['BIGINT', '(i - 3000) * 3000000000000000'],
  ['UTINYINT', 'i % 256'],
  ['USMALLINT', 'i * 16 % 65536'],
  ['UINTEGER', '4294967295 - i'],
  ['UBIGINT', '18446744073709551615::UBIGINT - i::UBIGINT'],
  ['FLOAT', `(['nan', 'inf', '-inf', '-0.0', '0.0', '1e-45', '3.4028234e38', i::VARCHAR || '.1'])[1 + i % 8]`],
  [
    'DOUBLE',
    `(['nan', 'inf', '-inf', '-0.0', '0.0', '5e-324', '1.7976931348623157e308', i::VARCHAR || '.1'])[1 + i % 8]`,
  ],
  ...[1, 4, 5, 9, 10, 18, 19, 38].map(
    (width) =>
      [
        `DECIMAL(${width},${width >> 1})`,
        `(CASE WHEN i % 2 = 0 THEN '-' ELSE '' END || repeat((i % 10)::VARCHAR, ${width - (width >> 1)}) || '.' || repeat((i % 7)::VARCHAR, ${width >> 1}))`,
      ] as const,
  ),
  ['DATE', `DATE '1970-01-01' - 3000 + i::INTEGER`],
  ['DATE', `(['0001-01-01', '9999-12-31', '1969-12-31', '290000-01-01', '5000-01-01 (BC)'])[1 + i % 5]`],
  ['TIME', `TIME '00:00:00.000001' + to_microseconds(i * 14000000)`],
  ['TIMESTAMP', `make_timestamp((i - 3000) * 1000000000001)`],
  ['TIMESTAMP WITH TIME ZONE', `make_timestamptz((i - 3000) * 1000000000001)`],
  ['VARCHAR', `(['', 'kurz', 'Grüße 🦊', '123456789012', '1234567890123', repeat('lang ', 1 + i % 50)])[1 + i % 6]`],
  ['BLOB', `unhex(repeat('00ff' || lpad(to_hex(i), 4, '0'), i % 9))`],
  ['UUID', 'md5(i::VARCHAR)', 'UUID'],
  ['HUGEINT', '(i - 100)::HUGEINT * 1000000000000000000000', 'HUGEINT'],
  ['TIMESTAMP_MS', `make_timestamp((i - 3000) * 1000000000)`, 'TIMESTAMP_MS'],
  ['TIMESTAMP_NS', `make_timestamp_ns((i - 3000) * 1000000000000001)`],
  [
    `ENUM('x', 'a long label of an enum')`,
    `(['x', 'a long label of an enum'])[1 + i % 2]`,
    `ENUM('x', 'a long label of an enum')`,
  ],
  ['INTEGER[]', `(CASE i % 4 WHEN 0 THEN [] WHEN 1 THEN [NULL] ELSE [i, NULL, -i] END)`],
  [
    'VARCHAR[][]',
    `(CASE i % 4 WHEN 0 THEN [[]] WHEN 1 THEN [NULL, ['a', NULL, 'a string of some length']] ELSE [['x' || i]] END)`,
  ],
  ['STRUCT(a INTEGER, b VARCHAR)', `{'a': CASE WHEN i % 3 = 0 THEN i END, 'b': 'a string of some length ' || i}`],
  [
    'STRUCT(s STRUCT(t TIMESTAMP, d DECIMAL(20,3)), l DOUBLE[])',
    `{'s': CASE WHEN i % 2 = 0 THEN {'t': make_timestamp(i), 'd': i::DECIMAL(20,3)} END, 'l': [i::DOUBLE, NULL]}`,
  ],
  ['MAP(VARCHAR, INTEGER)', `map(['k' || i, 'a key of some length'], [i, NULL])`],
  ['STRUCT(m MAP(INTEGER, VARCHAR[]))[]', `[{'m': map([i], [['v' || i, NULL]])}, NULL, {'m': NULL}]`],
];

test.each(CASES)('%s arrives exactly: %s', async (type, value, castBack) => {
  const source = `SELECT i::INTEGER AS i, CASE WHEN i % 5 <> 3 THEN (${value})::${type} END AS v FROM range(6000) t(i)`;
  const imported = await throughParquet(source);
  const v = castBack === undefined ? 'v' : `v::${castBack}`;
  const [told] = await kernel.connection.rows(
    `SELECT (SELECT any_value(typeof(v)) FROM (${source})) AS wanted, (SELECT any_value(typeof(${v})) FROM ${imported}) AS found`,
  );
  expect(told?.['found']).toBe(told?.['wanted']);
  // The text too, for equality takes 0.0 and -0.0 for the same.
  expect(
    await kernel.connection.rows(
      `SELECT count(*)::INTEGER AS n, count(o.v)::INTEGER AS not_null,
         count_if(o.v IS DISTINCT FROM p.v OR o.v::VARCHAR IS DISTINCT FROM p.v::VARCHAR)::INTEGER AS wrong
       FROM (${source}) o FULL JOIN (SELECT i, ${v} AS v FROM ${imported}) p USING (i)`,
    ),
  ).toEqual([{ n: 6000, not_null: 4800, wrong: 0 }]);
});

test('fixed-size arrays come as lists', async () => {
  const source = `SELECT i::INTEGER AS i, array_value(i, NULL, -i)::BIGINT[3] AS v FROM range(3000) t(i)`;
  const imported = await throughParquet(source);
  expect(
    await kernel.connection.rows(
      `SELECT count(*)::INTEGER AS n FROM (${source}) o JOIN (SELECT i, v::BIGINT[3] AS v FROM ${imported}) p USING (i, v)`,
    ),
  ).toEqual([{ n: 3000 }]);
});

test('no rows make a file without rows', async () => {
  const imported = await throughParquet(`SELECT 1 AS a, 'x' AS b WHERE false`);
  expect(await kernel.connection.rows(`SELECT count(*)::INTEGER AS n FROM ${imported}`)).toEqual([{ n: 0 }]);
  const stream = await kernel.connection.stream(`SELECT * FROM ${imported}`);
  expect(stream.schema.names).toEqual(['a', 'b']);
  expect(await all(stream)).toEqual([]);
});

test('what cannot be imported is refused', async () => {
  const path = join(kernel.folder, 'refused.parquet');
  const interval = await kernel.connection.stream(`SELECT INTERVAL '1 day' AS v`);
  const intervals = await all(interval);
  await expect(importArrow(files, path, interval.schema, intervals)).rejects.toMatchObject({ code: '0A000' });
  const number = await kernel.connection.stream('SELECT 1 AS v');
  const numbers = await all(number);
  await expect(importArrow(files, path, interval.schema, numbers)).rejects.toMatchObject({ code: '42804' });
  await importArrow(files, path, number.schema, numbers);
  await expect(importArrow(files, path, number.schema, numbers)).rejects.toMatchObject({ code: '58030' });
});
