import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteRanges, type ByteRange } from './byte-ranges.ts';
import { planFetches } from './fetch-plan.ts';

const KIB = 1024;

test('joins neighbours, and not what is far away', () => {
  const ranges = [
    { start: 0, end: 100 * KIB },
    { start: 101 * KIB, end: 200 * KIB },
    { start: 900 * KIB, end: 901 * KIB },
  ];
  expect(planFetches(ranges, { gapBytes: 64 * KIB, pieceBytes: KIB * KIB })).toEqual([
    { start: 0, end: 200 * KIB },
    { start: 900 * KIB, end: 901 * KIB },
  ]);
});

test('cuts what is long into pieces of about the same size', () => {
  const pieces = planFetches([{ start: 5, end: 5 + 100 }], { gapBytes: 0, pieceBytes: 30 });
  expect(pieces.map(({ start, end }) => end - start)).toEqual([25, 25, 25, 25]);
});

test('covers what is missing, once, in order, with at most 4% in vain', () => {
  const range = fc
    .tuple(fc.nat(10_000), fc.integer({ min: 1, max: 500 }))
    .map(([start, length]) => ({ start, end: start + length }));
  fc.assert(
    fc.property(
      fc.array(range, { maxLength: 20 }),
      fc.nat(400),
      fc.integer({ min: 50, max: 2000 }),
      (asked, gapBytes, pieceBytes) => {
        const wanted = new ByteRanges();
        for (const each of asked) wanted.add(each);
        const fetched = planFetches(wanted.ranges, { gapBytes, pieceBytes });
        const got = new ByteRanges();
        for (const each of fetched) got.add(each);
        const sizeOf = (ranges: readonly ByteRange[]): number =>
          ranges.reduce((sum, { start, end }) => sum + end - start, 0);
        expect(sizeOf(fetched)).toBe(got.sizeBytes);
        expect(wanted.ranges.flatMap((each) => got.missing(each))).toEqual([]);
        expect(got.sizeBytes).toBeLessThanOrEqual(wanted.sizeBytes * 1.04);
        expect(fetched.every(({ start, end }) => end - start <= pieceBytes)).toBe(true);
        expect(fetched.map(({ start }) => start)).toEqual(fetched.map(({ start }) => start).toSorted((a, b) => a - b));
      },
    ),
    { seed: 2, numRuns: 1000 },
  );
});
