import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Parameter } from '../ports/kernel.ts';
import { typed } from '../ports/typed-value.ts';
import { openTestKernel, type TestKernel } from './test-support/open-kernel.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await openTestKernel();
});
afterAll(() => kernel.close());

async function bound(value: Parameter): Promise<unknown> {
  const sql = 'SELECT typeof(v) AS type, v::VARCHAR AS text FROM (SELECT $1 AS v)';
  return (await kernel.connection.rows(sql, [value]))[0];
}

test.each<[type: string, value: Parameter, text: string | null, printed?: string]>([
  ['TINYINT', 5, '5'],
  ['UBIGINT', 2n ** 64n - 1n, '18446744073709551615'],
  ['HUGEINT', '-170141183460469231731687303715884105728', '-170141183460469231731687303715884105728'],
  ['UHUGEINT', 2n ** 128n - 1n, '340282366920938463463374607431768211455'],
  ['BIGNUM', '9'.repeat(100), '9'.repeat(100)],
  ['FLOAT', 1.5, '1.5'],
  ['DECIMAL(10,2)', '12.50', '12.50'],
  ['DATE', '0044-03-15 (BC)', '0044-03-15 (BC)'],
  ['TIME', '12:34:56.7', '12:34:56.7'],
  ['TIME_NS', '12:34:56.123456789', '12:34:56.123456789'],
  ['TIME WITH TIME ZONE', '12:34:56-07:30', '12:34:56-07:30'],
  ['TIMESTAMP', 'infinity', 'infinity'],
  ['TIMESTAMP_S', '2024-01-01 00:00:01', '2024-01-01 00:00:01'],
  ['TIMESTAMP_MS', '2024-01-01 00:00:01.5', '2024-01-01 00:00:01.5'],
  ['TIMESTAMP_NS', '2024-01-01 00:00:00.000000001', '2024-01-01 00:00:00.000000001'],
  ['INTERVAL', '1 month -3 days', '1 month -3 days'],
  ['UUID', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001'],
  ['BIT', '0101', '0101'],
  ['BLOB', new Uint8Array([0, 255]), '\\x00\\xFF'],
  ["ENUM('a', 'b')", 'b', 'b'],
  ['FLOAT[3]', [1, null, 2.5], '[1.0, NULL, 2.5]'],
  ['UBIGINT[]', [1, 2n], '[1, 2]'],
  ['UNION(a INTEGER, b VARCHAR)', 'x', 'x'],
  ['MAP(VARCHAR, INTERVAL)', new Map([['k', '1 day']]), '{k=1 day}'],
  ['STRUCT(i INTERVAL, u UBIGINT)', { i: '1 day', u: 1 }, "{'i': 1 day, 'u': 1}"],
])('a typed %s', async (type, value, text) => {
  expect(await bound(typed(type, value))).toEqual({ type, text });
});

test('typed values within others, and names of types that were made', async () => {
  const { connection } = kernel;
  await connection.run("CREATE TYPE mood AS ENUM ('sad', 'ok')");
  expect(await bound(typed('mood', 'ok'))).toEqual({ type: "ENUM('sad', 'ok')", text: 'ok' });
  expect(await bound([typed('INTERVAL', '1 day'), null, typed('INTERVAL', '2 days')])).toEqual({
    type: 'INTERVAL[]',
    text: '[1 day, NULL, 2 days]',
  });
  expect(await bound([1.5, typed('BIGINT', 2)])).toEqual({ type: 'DOUBLE[]', text: '[1.5, 2.0]' });
  expect(await bound({ a: typed('UBIGINT', 1), b: [new Map([[1, typed('BIT', '01')]])] })).toEqual({
    type: 'STRUCT(a UBIGINT, b MAP(INTEGER, BIT)[])',
    text: "{'a': 1, 'b': [{1=01}]}",
  });
  expect(await bound(typed('INTEGER[]', [typed('HUGEINT', '7')]))).toEqual({ type: 'INTEGER[]', text: '[7]' });
  expect(await connection.rows('SELECT $n + $d AS sum', { n: typed('UBIGINT', 1), d: 2 })).toEqual([{ sum: 3n }]);
  await expect(bound([typed('DECIMAL(4,1)', 1), typed('DECIMAL(5,2)', 1)])).rejects.toMatchObject({ code: '42804' });
});

test('a Map is a MAP', async () => {
  expect(
    await bound(
      new Map<Parameter, Parameter>([
        ['a', 1],
        ['b', 2.5],
        ['c', null],
      ]),
    ),
  ).toEqual({
    type: 'MAP(VARCHAR, DOUBLE)',
    text: '{a=1.0, b=2.5, c=NULL}',
  });
  expect(await bound(typed('MAP(VARCHAR, INTEGER)', new Map()))).toEqual({ type: 'MAP(VARCHAR, INTEGER)', text: '{}' });
  await expect(
    bound(
      new Map([
        [1, 'a'],
        ['b', 'c'],
      ] as never),
    ),
  ).rejects.toMatchObject({ code: '42804' });
});

test('what is no value of the type, or no type, is refused', async () => {
  await expect(bound(typed('INTERVAL', 'x'))).rejects.toMatchObject({ code: expect.stringMatching(/^22/) as string });
  await expect(bound(typed("ENUM('a')", 'b'))).rejects.toMatchObject({ code: expect.stringMatching(/^22/) as string });
  await expect(bound(typed('NO_SUCH_TYPE', 1))).rejects.toMatchObject({ name: 'AlopexError' });
  await expect(bound(typed('GEOMETRY', 'POINT(1 2)'))).rejects.toMatchObject({ code: '0A000' });
  for (const type of ['INTEGER) + (SELECT 1', 'INTEGER; DROP TABLE t', '', "ENUM('a", 'INTEGER -- ', '(INTEGER']) {
    expect(() => typed(type, 1)).toThrow(expect.objectContaining({ code: '22023' }) as Error);
  }
  // A NULL is of no type.
  expect(await bound(typed('INTEGER', null))).toEqual({ type: '"NULL"', text: null });
  // The connection goes on.
  expect(await bound(1)).toEqual({ type: 'INTEGER', text: '1' });
});
