import { DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLE_COLUMNS } from '../test-support/sample-columns.ts';
import { dateText, intervalText, timestampText } from './calendar.ts';
import { decimalText, floatText } from './number-text.ts';
import { typeName } from './type-name.ts';
import { jsonReader } from './value-json.ts';
import { textReader } from './value-text.ts';

describe.each(Object.entries(SAMPLE_COLUMNS))(
  'a column of %s',
  (_, { vector, texts, json, typeName: expectedType }) => {
    const rows = [...texts.keys()];
    const data = vector.data[0]!;

    test('has its texts', () => {
      const read = textReader(data);
      expect(rows.map(read)).toEqual(texts);
    });

    test('has its JSON, which parses', () => {
      const read = jsonReader(data);
      expect(rows.map(read)).toEqual(json);
      for (const text of json) expect(() => JSON.parse(text) as unknown).not.toThrow();
    });

    test('has its type', () => {
      expect(typeName(vector.type)).toBe(expectedType);
    });

    test('reads the same from a slice', () => {
      const read = textReader(data.slice(1, texts.length - 1));
      expect(rows.slice(0, -1).map(read)).toEqual(texts.slice(1));
      const readJson = jsonReader(data.slice(1, texts.length - 1));
      expect(rows.slice(0, -1).map(readJson)).toEqual(json.slice(1));
    });
  },
);

describe('texts are those of DuckDB', () => {
  let close: () => void;
  let casts: (expressions: string, type: string) => Promise<string[]>;

  beforeAll(async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    casts = async (list, expression) => {
      const sql = `SELECT CAST(${expression} AS VARCHAR) FROM (SELECT unnest([${list}]) AS v)`;
      return (await connection.runAndReadAll(sql)).getRows().map(([text]) => String(text));
    };
    close = () => {
      connection.closeSync();
      instance.closeSync();
    };
  });
  afterAll(() => close());

  /** Many values of one kind, biased to the edges as fast-check's generators are. */
  const sample = <T>(arbitrary: fc.Arbitrary<T>): T[] => fc.sample(arbitrary, { seed: 5, numRuns: 500 });

  test('timestamps', async () => {
    // DuckDB's least timestamp is 290309-12-22 (BC).
    const values = sample(fc.bigInt({ min: -9_223_372_022_400_000_000n, max: 2n ** 63n - 2n }));
    const expected = await casts(values.map(String).join(), 'make_timestamp(v::BIGINT)');
    expect(values.map((value) => timestampText(value, 1_000_000n, false, 'sql'))).toEqual(expected);
  });

  test('timestamps near the first years', async () => {
    const values = sample(fc.bigInt({ min: -63_000_000_000_000_000n, max: -61_000_000_000_000_000n }));
    const expected = await casts(values.map(String).join(), 'make_timestamp(v::BIGINT)');
    expect(values.map((value) => timestampText(value, 1_000_000n, false, 'sql'))).toEqual(expected);
  });

  test('dates', async () => {
    const values = sample(fc.integer({ min: -2_147_483_646, max: 2_147_483_646 }));
    const valid = values.filter((days) => days >= -106_751_991 && days <= 106_751_991);
    const expected = await casts(valid.join(), "DATE '1970-01-01' + v::INTEGER");
    expect(valid.length).toBeGreaterThan(20);
    expect(valid.map((days) => dateText(days, 'sql'))).toEqual(expected);
  });

  test('doubles and floats', async () => {
    const literal = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
    const finite = { noNaN: true, noDefaultInfinity: true };
    const doubles = sample(fc.double(finite));
    expect(doubles.map((value) => floatText(value, 64))).toEqual(
      await casts(doubles.map((value) => `'${literal(value)}'::DOUBLE`).join(), 'v'),
    );
    const floats = sample(fc.float(finite));
    const expected = await casts(floats.map((value) => `'${literal(value)}'::FLOAT`).join(), 'v');
    for (const [index, value] of floats.entries()) {
      // Of single floats DuckDB sometimes prints a digit more than it takes.
      const text = floatText(value, 32);
      expect(Math.fround(Number(text))).toBe(value);
      expect(text.length).toBeLessThanOrEqual(expected[index]!.length);
      expect(text.includes('e')).toBe(expected[index]!.includes('e'));
    }
  });

  test('intervals', async () => {
    const parts = sample(
      fc.record({
        months: fc.integer({ min: -100_000, max: 100_000 }),
        days: fc.integer({ min: -100_000, max: 100_000 }),
        us: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
      }),
    );
    const list = parts.map(
      ({ months, days, us }) => `to_months(${months}) + to_days(${days}) + to_microseconds(${us})`,
    );
    expect(parts.map(({ months, days, us }) => intervalText(months, days, us * 1000n))).toEqual(
      await casts(list.join(), 'v'),
    );
  });
});

test('ISO timestamps are those of Date where it has them', () => {
  fc.assert(
    fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (ms) => {
      const text = timestampText(BigInt(ms), 1000n, true, 'iso');
      const expected = new Date(ms).toISOString();
      expect(text).toBe(expected.endsWith('.000Z') ? expected.replace('.000', '') : expected.replace('Z', '000Z'));
    }),
    { seed: 6 },
  );
});

test('decimals of every size are exact', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }), fc.nat(38), (value, scale) => {
      const words = Uint32Array.from([0n, 32n, 64n, 96n], (shift) => Number((value >> shift) & 0xffff_ffffn));
      const text = decimalText(words, scale);
      expect(BigInt(text.replace('.', ''))).toBe(value);
      expect(text.split('.')[1]?.length ?? 0).toBe(scale);
    }),
    { seed: 7 },
  );
});
