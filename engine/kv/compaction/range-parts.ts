import { compareKeys } from '../bytes.ts';
import type { RangeDelete } from '../entry.ts';

/** The parts of range deletions with `start` ≤ key < `end`, in order of their beginnings; `undefined` is no bound. */
export function partsWithin(
  ranges: readonly RangeDelete[],
  start: Uint8Array | undefined,
  end: Uint8Array | undefined,
): RangeDelete[] {
  return ranges
    .map((range) => ({
      start: start !== undefined && compareKeys(range.start, start) < 0 ? start : range.start,
      end: end !== undefined && compareKeys(range.end, end) > 0 ? end : range.end,
      seq: range.seq,
    }))
    .filter((part) => compareKeys(part.start, part.end) < 0)
    .sort((left, right) => compareKeys(left.start, right.start) || right.seq - left.seq);
}

/** Whether some range deletion begins before `bound` and goes on up to it at least. */
export function anyReaches(ranges: readonly RangeDelete[], bound: Uint8Array): boolean {
  return ranges.some(({ start, end }) => compareKeys(start, bound) < 0 && compareKeys(bound, end) <= 0);
}

/** The least key that is greater than `key`. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}
