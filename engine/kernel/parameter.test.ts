import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Parameter } from '../ports/kernel.ts';
import { openTestKernel } from './test-support/open-kernel.ts';
import type { TestKernel } from './test-support/open-kernel.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await openTestKernel();
});
afterAll(() => kernel.close());

test.each<[value: Parameter, type: string, text: string | null]>([
  [null, '"NULL"', null],
  [true, 'BOOLEAN', 'true'],
  [42, 'INTEGER', '42'],
  [-(2 ** 31), 'INTEGER', '-2147483648'],
  [2 ** 31, 'BIGINT', '2147483648'],
  [Number.MAX_SAFE_INTEGER, 'BIGINT', '9007199254740991'],
  [2 ** 60, 'DOUBLE', '1.152921504606847e+18'],
  [1.5, 'DOUBLE', '1.5'],
  [-0, 'DOUBLE', '-0.0'],
  [NaN, 'DOUBLE', 'nan'],
  [-Infinity, 'DOUBLE', '-inf'],
  [7n, 'BIGINT', '7'],
  [2n ** 63n, 'HUGEINT', '9223372036854775808'],
  [2n ** 128n - 1n, 'UHUGEINT', '340282366920938463463374607431768211455'],
  ['', 'VARCHAR', ''],
  ['Grüße 🦊', 'VARCHAR', 'Grüße 🦊'],
  [new Date(Date.UTC(1969, 11, 31, 23, 59, 59, 999)), 'TIMESTAMP WITH TIME ZONE', '1969-12-31 23:59:59.999+00'],
  [Uint8Array.of(0, 255, 65), 'BLOB', '\\x00\\xFFA'],
  [Buffer.from('buffer'), 'BLOB', 'buffer'],
  [[1, 2, null], 'INTEGER[]', '[1, 2, NULL]'],
  [[1, 2n ** 40n], 'BIGINT[]', '[1, 1099511627776]'],
  [[1, 2.5, 3n], 'DOUBLE[]', '[1.0, 2.5, 3.0]'],
  [['a', null], 'VARCHAR[]', '[a, NULL]'],
  [[[1], [], null], 'INTEGER[][]', '[[1], [], NULL]'],
  [[null], '"NULL"[]', '[NULL]'],
  [[], '"NULL"[]', '[]'],
  [{ a: 1, b: 'x', c: null }, 'STRUCT(a INTEGER, b VARCHAR, c "NULL")', `{'a': 1, 'b': x, 'c': NULL}`],
  [[{ a: 1 }, { a: 2.5, b: 'x' }], 'STRUCT(a DOUBLE, b VARCHAR)[]', `[{'a': 1.0, 'b': NULL}, {'a': 2.5, 'b': x}]`],
])('%o is bound as %s', async (value, type, text) => {
  expect(
    await kernel.connection.rows('SELECT typeof(v) AS type, v::VARCHAR AS text FROM (SELECT $1 AS v)', [value]),
  ).toEqual([{ type, text }]);
});

test('text is cast to what the statement expects', async () => {
  const { connection } = kernel;
  await connection.run(
    'CREATE TABLE typed (i INTEGER, ts TIMESTAMP, d DECIMAL(10,2), u UUID, day DATE, z TIMESTAMPTZ)',
  );
  const text = [
    '5',
    '2024-01-02 03:04:05',
    '12.34',
    '00000000-0000-0000-0000-000000000001',
    '2024-01-02',
    '2024-01-02 00:00:00+02',
  ];
  await connection.run('INSERT INTO typed VALUES ($1, $2, $3, $4, $5, $6)', text);
  const query =
    'SELECT count(*)::INTEGER AS n FROM typed WHERE i = $1 AND ts = $2 AND d = $3 AND u = $4 AND day = $5 AND z = $6';
  expect(await connection.rows(query, text)).toEqual([{ n: 1 }]);
  await expect(connection.rows('SELECT * FROM typed WHERE i = $1', ['x'])).rejects.toMatchObject({ code: '22P02' });
});

test('a Date finds its moment in columns with and without a time zone', async () => {
  const moment = new Date(Date.UTC(2024, 5, 1, 12));
  expect(
    await kernel.connection.rows(
      `SELECT TIMESTAMPTZ '2024-06-01 14:00:00+02' = $1 AS z, TIMESTAMP '2024-06-01 12:00:00' = $1::TIMESTAMP AS plain`,
      [moment],
    ),
  ).toEqual([{ z: true, plain: true }]);
});

test('by position in either spelling, and by name', async () => {
  const { connection } = kernel;
  expect(await connection.rows('SELECT ? AS a, ? AS b', [1, 'x'])).toEqual([{ a: 1, b: 'x' }]);
  expect(await connection.rows('SELECT $2 AS a, $1 AS b, $2 AS c', [1, 'x'])).toEqual([{ a: 'x', b: 1, c: 'x' }]);
  expect(await connection.rows('SELECT $low AS a, $High AS b, $low AS c', { High: 2, low: 1 })).toEqual([
    { a: 1, b: 2, c: 1 },
  ]);
  expect(await connection.rows('SELECT 1 AS one', [])).toEqual([{ one: 1 }]);
});

test('what does not fit is refused', async () => {
  const { connection } = kernel;
  await expect(connection.rows('SELECT $1, $2', [1])).rejects.toMatchObject({ code: '22023' });
  await expect(connection.rows('SELECT $1', [1, 2])).rejects.toMatchObject({ code: '22023' });
  await expect(connection.rows('SELECT $a', { b: 1 })).rejects.toMatchObject({ code: '22023' });
  await expect(connection.rows('SELECT $1', [2n ** 128n])).rejects.toMatchObject({ code: '22003' });
  await expect(connection.rows('SELECT $1', [['a', 1]])).rejects.toMatchObject({ code: '42804' });
  await expect(connection.rows('SELECT $1', [{}])).rejects.toMatchObject({ code: '22023' });
  await expect(connection.rows('SELECT $1', [new Date(NaN)])).rejects.toMatchObject({ code: '22023' });
  await expect(connection.rows('SELECT $1', [undefined as unknown as null])).rejects.toMatchObject({ code: '22023' });
  await expect(connection.stream('SELECT $1')).rejects.toMatchObject({ code: '22023' });
  await expect(connection.rows('SELECT $1')).rejects.toMatchObject({
    name: 'AlopexError',
    code: expect.stringMatching(/^(22023|42P18)$/) as string,
  });
});

test('nothing is held after many prepared statements', async () => {
  for (let i = 0; i < 300; i++) expect(await kernel.connection.rows('SELECT $1 + 1 AS n', [i])).toEqual([{ n: i + 1 }]);
  expect(await kernel.connection.rows('SELECT count(*)::INTEGER AS n FROM duckdb_prepared_statements()')).toEqual([
    { n: 0 },
  ]);
});
