import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from '../bytes.ts';
import type { RangeDelete } from '../entry.ts';
import { RangeDeleteSet } from './range-delete-set.ts';
import { someKey } from './test-support/history.ts';

const someRange = fc.record({ start: someKey, end: someKey, seq: fc.integer({ min: 1, max: 30 }) });

test.each([3, 8, 200])('up to %i ranges cover what each of them covers, while they are added', (maxLength) => {
  fc.assert(
    fc.property(fc.array(someRange, { maxLength, size: 'max' }), someKey, fc.nat(31), (ranges, key, maxSeq) => {
      const set = new RangeDeleteSet();
      const added: RangeDelete[] = [];
      const padded = Uint8Array.of(9, ...key, 9);
      for (const range of ranges) {
        set.add(range);
        added.push(range);
        expect(set.coveringSeq(padded, 1, padded.length - 1, maxSeq)).toBe(newestOver(added, key, maxSeq));
      }
      expect([...set].length).toBe(set.size);
    }),
    { seed: 5, numRuns: maxLength > 100 ? 60 : 400 },
  );
});

function newestOver(ranges: readonly RangeDelete[], key: Uint8Array, maxSeq: number): number {
  const over = ranges.filter(
    ({ start, end, seq }) => seq <= maxSeq && compareKeys(start, key) <= 0 && compareKeys(key, end) < 0,
  );
  return Math.max(0, ...over.map(({ seq }) => seq));
}

test('empty ranges are left out', () => {
  const key = Uint8Array.of(5);
  expect(
    new RangeDeleteSet([
      { start: key, end: key, seq: 1 },
      { start: Uint8Array.of(7), end: key, seq: 2 },
    ]).size,
  ).toBe(0);
});
