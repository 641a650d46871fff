import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bound } from '../engine/table/bound.ts';
import { encodeLower, encodeUpper } from './bounds.ts';
import { decodeValue, encodeValue } from './single-value.ts';

const seed = { seed: 20261122, numRuns: 500 };
const integer = (bits: number) => fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n });
const text = fc.string({ unit: 'binary', maxLength: 40 });
// Mostly greatest values, so that rounding up has to carry.
const highText = fc.string({
  unit: fc.constantFrom('\u{10ffff}', '\ud7ff', '\uffff', 'z', '\u{10fffe}'),
  maxLength: 20,
});
const highBytes = fc.array(fc.constantFrom(0xff, 0xfe, 0), { maxLength: 20 }).map((bytes) => Uint8Array.from(bytes));

const values: Record<string, fc.Arbitrary<Bound>> = {
  boolean: fc.boolean(),
  int: integer(32),
  date: integer(32),
  long: integer(64),
  time: integer(64),
  timestamp: integer(64),
  timestamptz: integer(64),
  float: fc.float({ noNaN: true }),
  double: fc.double({ noNaN: true }),
  'decimal(38, 2)': integer(127),
  string: text,
  uuid: fc.uuid(),
  binary: fc.uint8Array({ maxLength: 40 }),
};

describe('single values', () => {
  test.each(Object.entries(values))('%s comes back as it was', (type, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(decodeValue(type, encodeValue(type, value))).toEqual(value);
      }),
      seed,
    );
  });

  test.each<[string, Bound, string]>([
    ['boolean', true, '01'],
    ['int', -2n, 'feffffff'],
    ['long', 1n, '0100000000000000'],
    ['float', 1, '0000803f'],
    ['double', 1, '000000000000f03f'],
    ['decimal(9, 2)', 0n, '00'],
    ['decimal(9, 2)', 127n, '7f'],
    ['decimal(9, 2)', 128n, '0080'],
    ['decimal(9, 2)', -128n, '80'],
    ['decimal(9, 2)', -129n, 'ff7f'],
    ['string', '€', 'e282ac'],
    ['uuid', 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 'f79c3e09677c4bbda4793f349cb785e7'],
    ['fixed[2]', Uint8Array.of(1, 2), '0102'],
  ])('%s %s is written as the specification has it', (type, value, hex) => {
    expect(encodeValue(type, value).toString('hex')).toBe(hex);
  });

  test('values from before a column was widened are read', () => {
    expect(decodeValue('long', encodeValue('int', -7n))).toBe(-7n);
    expect(decodeValue('double', encodeValue('float', 0.5))).toBe(0.5);
  });

  test('what is no value of the type is refused', () => {
    expect(() => encodeValue('int', 2n ** 31n)).toThrow('no value of Iceberg type int');
    expect(() => encodeValue('long', 'x')).toThrow('no value of Iceberg type long');
    expect(() => decodeValue('long', Buffer.alloc(5))).toThrow('5 bytes');
    expect(() => decodeValue('string', Buffer.from([0xff]))).toThrow('not valid');
  });
});

describe('bounds', () => {
  test.each([
    ['text', text],
    ['text of great characters', highText],
  ])('%s lies between its truncated bounds in byte order', (_name, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        const bytes = Buffer.from(value, 'utf8');
        const lower = encodeLower('string', value);
        const upper = encodeUpper('string', value);
        expect(lower === undefined || Buffer.compare(lower, bytes) <= 0).toBe(true);
        expect(upper === undefined || Buffer.compare(bytes, upper) <= 0).toBe(true);
        for (const bound of [lower, upper]) {
          expect(Array.from(decodeValue('string', bound ?? Buffer.alloc(0)) as string).length).toBeLessThanOrEqual(16);
        }
        const isGreatest = Array.from(value)
          .slice(0, 16)
          .every((point) => point === '\u{10ffff}');
        expect(upper === undefined).toBe(isGreatest && Array.from(value).length > 16);
      }),
      seed,
    );
  });

  test('bytes lie between their truncated bounds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), highBytes), (value) => {
        const lower = encodeLower('binary', value);
        const upper = encodeUpper('binary', value);
        expect(lower !== undefined && lower.length <= 16 && Buffer.compare(lower, value) <= 0).toBe(true);
        expect(upper === undefined || (upper.length <= 16 && Buffer.compare(value, upper) <= 0)).toBe(true);
        expect(upper === undefined).toBe(value.length > 16 && value.slice(0, 16).every((byte) => byte === 0xff));
      }),
      seed,
    );
  });

  test('a double that is no float lies between its bounds as floats', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const lower = decodeValue('float', encodeLower('float', value) ?? Buffer.alloc(0)) as number;
        const upper = decodeValue('float', encodeUpper('float', value) ?? Buffer.alloc(0)) as number;
        expect(lower <= value && value <= upper).toBe(true);
        if (Math.fround(value) === value) expect([lower === value, upper === value]).toEqual([true, true]);
      }),
      seed,
    );
  });

  test('the last character that is cut into goes up by one code point', () => {
    expect(encodeUpper('string', 'abcdefghijklmnopq')?.toString()).toBe('abcdefghijklmnoq');
    expect(encodeUpper('string', `${'a'.repeat(15)}\ud7ffx`)?.toString()).toBe(`${'a'.repeat(15)}\ue000`);
    expect(encodeUpper('string', `${'a'.repeat(15)}\u{10ffff}x`)?.toString()).toBe(`${'a'.repeat(14)}b`);
  });

  test('NaN and text that is not Unicode are no bounds', () => {
    for (const encode of [encodeLower, encodeUpper]) {
      expect(encode('double', Number.NaN)).toBeUndefined();
      expect(encode('float', Number.NaN)).toBeUndefined();
      expect(encode('string', 'a\ud800')).toBeUndefined();
    }
  });

  test('zero spans both zeros', () => {
    for (const type of ['float', 'double']) {
      for (const zero of [0, -0]) {
        expect(decodeValue(type, encodeLower(type, zero) ?? Buffer.alloc(0))).toBe(-0);
        expect(decodeValue(type, encodeUpper(type, zero) ?? Buffer.alloc(0))).toBe(0);
      }
    }
  });
});
