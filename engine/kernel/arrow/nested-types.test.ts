import { Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawColumn } from '../test-support/arrow-values.ts';
import type { RawValue } from '../test-support/arrow-values.ts';
import { batchesOf, openTestKernel } from '../test-support/open-kernel.ts';
import type { TestKernel } from '../test-support/open-kernel.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await openTestKernel({ batchRows: 1500 });
});
afterAll(() => kernel.close());

/** A type as SQL, values of it as Arrow holds them, and how a value is written in SQL. */
interface Shape {
  readonly sql: string;
  readonly value: fc.Arbitrary<RawValue>;
  readonly literal: (value: RawValue) => string;
}

const sqlText = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const orNull = (value: fc.Arbitrary<RawValue>): fc.Arbitrary<RawValue> => fc.option(value, { freq: 4, nil: null });
const literalOf = (shape: Shape, value: RawValue): string =>
  value === null ? `NULL::${shape.sql}` : shape.literal(value);

const TEXT = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.string({ unit: 'grapheme', minLength: 10, maxLength: 40 }),
    fc.constantFrom('', '123456789012', '1234567890123', 'ein ziemlich langer Text, der sich wiederholt'),
  )
  .map((text) => text.replaceAll('\0', '0'));

const LEAVES: readonly Shape[] = [
  { sql: 'INTEGER', value: fc.integer(), literal: (value) => `(${value as number})::INTEGER` },
  {
    sql: 'BIGINT',
    value: fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }),
    literal: (value) => `'${value as bigint}'::BIGINT`,
  },
  { sql: 'BOOLEAN', value: fc.boolean(), literal: (value) => (value === true ? 'true' : 'false') },
  { sql: 'VARCHAR', value: TEXT, literal: (value) => sqlText(value as string) },
  {
    sql: 'DECIMAL(9,0)',
    value: fc.bigInt({ min: -999_999_999n, max: 999_999_999n }),
    literal: (value) => `(${value as number})::DECIMAL(9,0)`,
  },
  {
    sql: `ENUM('a', 'a long label of an enum', 'c')`,
    value: fc.constantFrom('a', 'a long label of an enum', 'c'),
    literal: (value) => `${sqlText(value as string)}::ENUM('a', 'a long label of an enum', 'c')`,
  },
  { sql: 'UUID', value: fc.uuid(), literal: (value) => `'${value as string}'::UUID` },
];

function list(element: Shape): Shape {
  return {
    sql: `${element.sql}[]`,
    value: fc.array(orNull(element.value), { maxLength: 5 }),
    literal: (value) =>
      `[${(value as RawValue[]).map((item) => literalOf(element, item)).join(', ')}]::${element.sql}[]`,
  };
}

function fixedList(element: Shape, length: number): Shape {
  return {
    sql: `${element.sql}[${length}]`,
    value: fc.array(orNull(element.value), { minLength: length, maxLength: length }),
    literal: (value) =>
      `array_value(${(value as RawValue[]).map((item) => literalOf(element, item)).join(', ')})::${element.sql}[${length}]`,
  };
}

function struct(fields: readonly Shape[]): Shape {
  const names = fields.map((_, index) => `f ${index}`);
  const sql = `STRUCT(${fields.map((field, index) => `"${names[index]}" ${field.sql}`).join(', ')})`;
  return {
    sql,
    value: fc.record(Object.fromEntries(fields.map((field, index) => [names[index]!, orNull(field.value)])), {
      noNullPrototype: true,
    }),
    literal: (value) =>
      `{${fields.map((field, index) => `'${names[index]}': ${literalOf(field, (value as Record<string, RawValue>)[names[index]!]!)}`).join(', ')}}::${sql}`,
  };
}

function map(value: Shape): Shape {
  const sql = `MAP(VARCHAR, ${value.sql})`;
  return {
    sql,
    value: fc
      .uniqueArray(TEXT, { maxLength: 4 })
      .chain((keys) =>
        fc
          .tuple(...keys.map(() => orNull(value.value)))
          .map((values) => new Map(keys.map((key, index) => [key, values[index]!]))),
      ),
    literal: (entries) => {
      const map = entries as Map<string, RawValue>;
      const keys = [...map.keys()].map(sqlText).join(', ');
      const values = [...map.values()].map((item) => literalOf(value, item)).join(', ');
      return `map([${keys}]::VARCHAR[], [${values}]::${value.sql}[])::${sql}`;
    },
  };
}

const leaf = fc.constantFrom(...LEAVES);
const shape = fc.letrec<{ any: Shape }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'large' },
    leaf,
    tie('any').map(list),
    fc.tuple(tie('any'), fc.integer({ min: 1, max: 3 })).map(([element, length]) => fixedList(element, length)),
    fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map(struct),
    tie('any').map(map),
  ),
})).any;

const sample = shape.chain((shape) =>
  fc.array(orNull(shape.value), { minLength: 1, maxLength: 8 }).map((values) => ({ shape, values })),
);

test('any nested type: values arrive as they were written, through streams, selections and IPC', async () => {
  await fc.assert(
    fc.asyncProperty(sample, async ({ shape, values }) => {
      const { connection } = kernel;
      await connection.run(`CREATE OR REPLACE TEMP TABLE wanted AS
        SELECT * FROM (VALUES ${values.map((value, index) => `(${index}, ${literalOf(shape, value)})`).join(', ')}) t(k, v)`);
      // Several chunks of odd sizes; the join hands out selections of its build side.
      const batches = await batchesOf(
        connection,
        `SELECT k, v, i FROM (SELECT i, (hash(i) % ${values.length + 1})::INTEGER AS k FROM range(2800) t(i) WHERE i % 7 <> 2) LEFT JOIN wanted USING (k)`,
      );
      expect(batches.reduce((sum, batch) => sum + batch.numRows, 0)).toBe(2400);
      for (const checked of [batches, tableFromIPC(tableToIPC(new Table(batches), 'stream')).batches]) {
        const keys = rawColumn(checked, 0) as number[];
        const actual = rawColumn(checked, 1);
        const firstOf = new Map<number, RawValue>();
        keys.forEach((key, row) => {
          const expected = values[key] ?? null;
          // Deep comparison is slow: one row for each key that is right vouches for those of the same text.
          const known = firstOf.get(key);
          if (known === undefined) {
            expect(actual[row]).toEqual(expected);
            firstOf.set(key, actual[row]!);
          } else if (textOf(actual[row]!) !== textOf(known)) {
            expect(actual[row]).toEqual(expected);
          }
        });
      }
    }),
    { seed: 20_261_122, numRuns: 40, endOnFailure: true },
  );
}, 60_000);

function textOf(value: RawValue): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`;
    return item instanceof Map ? [...item] : item;
  });
}

test('lists that share or skip elements of their vector', async () => {
  const batches = await batchesOf(
    kernel.connection,
    `SELECT l, i FROM (SELECT [i, i + 1, NULL]::BIGINT[] AS l, i FROM range(100) t(i)) WHERE i % 3 = 0 ORDER BY i DESC LIMIT 20`,
  );
  expect(rawColumn(batches, 0)).toEqual(
    Array.from({ length: 20 }, (_, row) => [99n - 3n * BigInt(row), 100n - 3n * BigInt(row), null]),
  );
});

test('children of null structs and arrays are null, whatever memory holds', async () => {
  const batches = await batchesOf(
    kernel.connection,
    `SELECT v FROM range(3000) t(i) LEFT JOIN (SELECT i, {'s': 'a string that is long enough ' || i, 'a': array_value('another quite long string ' || i, 'x')} AS v
       FROM range(0, 3000, 2) t(i)) USING (i) ORDER BY i`,
  );
  const values = rawColumn(batches, 0);
  expect(values).toHaveLength(3000);
  values.forEach((value, row) => {
    expect(value).toEqual(
      row % 2 === 0 ? { s: `a string that is long enough ${row}`, a: [`another quite long string ${row}`, 'x'] } : null,
    );
  });
  const struct = batches[0]!.data.children[0]!;
  expect(struct.children[0]!.nullCount).toBe(struct.nullCount);
});

test('long strings in any order of memory: dictionaries, sorts, and one far larger than the rest', async () => {
  const batches = await batchesOf(
    kernel.connection,
    `SELECT s, k FROM (SELECT (hash(i) % 500)::INTEGER AS k FROM range(20000) t(i))
       JOIN (SELECT i::INTEGER AS k, repeat('long string ' || i || '-', CASE WHEN i = 77 THEN 20000 ELSE 1 + (i % 9)::INTEGER END) AS s FROM range(500) t(i)) USING (k)
     WHERE k <> 5 ORDER BY hash(s)`,
  );
  const texts = rawColumn(batches, 0);
  const keys = rawColumn(batches, 1) as number[];
  expect(texts.length).toBeGreaterThan(19_000);
  keys.forEach((key, row) => {
    expect(texts[row] === `long string ${key}-`.repeat(key === 77 ? 20_000 : 1 + (key % 9))).toBe(true);
  });
});

test('an interval too long for nanoseconds is an error and not another interval', async () => {
  const stream = await kernel.connection.stream(`SELECT INTERVAL '3000000 hours'`);
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: '22003' });
  expect(await kernel.connection.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});
