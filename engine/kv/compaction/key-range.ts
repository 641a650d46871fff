import type { KeyRange } from '../../ports/kv-jobs.ts';
import { compareKeys } from '../bytes.ts';

/** Both ends count as inside: ranges that touch overlap. */
export function overlaps(left: KeyRange, right: KeyRange): boolean {
  return compareKeys(left.smallest, right.largest) <= 0 && compareKeys(right.smallest, left.largest) <= 0;
}

/** From the smallest to the largest key of some ranges. */
export function hullOf(ranges: readonly KeyRange[]): KeyRange {
  let [{ smallest, largest }] = ranges as [KeyRange];
  for (const range of ranges) {
    if (compareKeys(range.smallest, smallest) < 0) ({ smallest } = range);
    if (compareKeys(range.largest, largest) > 0) ({ largest } = range);
  }
  return { smallest, largest };
}

/** The same keys as ascending ranges that do not overlap. */
export function unionOf(ranges: readonly KeyRange[]): KeyRange[] {
  const union: KeyRange[] = [];
  for (const { smallest, largest } of ranges.toSorted((left, right) => compareKeys(left.smallest, right.smallest))) {
    const last = union.at(-1);
    if (last === undefined || compareKeys(last.largest, smallest) < 0) union.push({ smallest, largest });
    else if (compareKeys(last.largest, largest) < 0) union[union.length - 1] = { smallest: last.smallest, largest };
  }
  return union;
}
