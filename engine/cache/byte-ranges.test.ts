import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteRanges, type ByteRange } from './byte-ranges.ts';

const SIZE = 60;

const range = fc
  .tuple(fc.integer({ min: 0, max: SIZE }), fc.integer({ min: 0, max: SIZE }))
  .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));

const bytesOf = ({ start, end }: ByteRange): number[] =>
  Array.from({ length: end - start }, (_, index) => start + index);

test('is the set of the bytes that were added', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), range, (added, asked) => {
      const ranges = new ByteRanges();
      for (const each of added) ranges.add(each);
      const model = new Set(added.flatMap(bytesOf));
      expect(ranges.sizeBytes).toBe(model.size);
      expect(new Set(ranges.ranges.flatMap(bytesOf))).toEqual(model);
      expect(ranges.missing(asked).flatMap(bytesOf)).toEqual(bytesOf(asked).filter((byte) => !model.has(byte)));
      const ends = ranges.ranges.slice(0, -1).map(({ end }, index) => (ranges.ranges[index + 1]?.start ?? 0) - end);
      expect(ends.every((gap) => gap > 0)).toBe(true);
    }),
    { seed: 1, numRuns: 2000 },
  );
});
