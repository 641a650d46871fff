import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyFilter } from './key-filter.ts';
import { rowKey, type RowKey } from './row-key.ts';

const KEYS = 20_000;

test.each([
  ['ascending numbers', (i: number): RowKey => i],
  ['large steps', (i: number): RowKey => i * 1e9],
  ['beyond what numbers hold', (i: number): RowKey => 2n ** 60n + BigInt(i)],
  ['negative numbers', (i: number): RowKey => -i - 1],
  ['strings', (i: number): RowKey => `user:${i}`],
])('of %s it has every one, and few others', (_, key) => {
  const filter = new KeyFilter(KEYS);
  for (let i = 0; i < KEYS; i++) filter.add(key(i));
  let wrong = 0;
  for (let i = 0; i < KEYS; i++) {
    expect(filter.mayHold(key(i))).toBe(true);
    if (filter.mayHold(key(KEYS + i))) wrong++;
  }
  expect(wrong / KEYS).toBeLessThan(0.01);
});

test('keys of several columns differ when a column does', () => {
  const part = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('1:', '1,', ','));
  const row = fc.tuple(part, fc.integer({ min: -20, max: 20 }), part);
  fc.assert(
    fc.property(row, row, (a, b) => {
      const same = a.every((value, place) => value === b[place]);
      expect(rowKey(3, (place) => a[place] ?? null) === rowKey(3, (place) => b[place] ?? null)).toBe(same);
    }),
    { seed: 5, numRuns: 1000 },
  );
});

test('a number is the same key whatever holds it', () => {
  expect(rowKey(1, () => 5n)).toBe(rowKey(1, () => 5));
  expect(rowKey(1, () => 2n ** 53n)).toBe(2n ** 53n);
  expect(new Set([rowKey(1, () => 2n ** 60n)]).has(rowKey(1, () => 2n ** 60n))).toBe(true);
});
