import type { ByteRange } from './byte-ranges.ts';

/** How requests for ranges are cut. */
export interface FetchTuning {
  /** Ranges that are nearer to each other than this come in one request: what lies between costs less than another trip. */
  readonly gapBytes: number;
  /** A longer range comes in several requests at a time. */
  readonly pieceBytes: number;
}

/** Of all that is asked for, so much may be fetched in vain. */
const WASTE_SHARE = 0.04;

/** The requests for some ranges of one file, in order of position. Joins the nearest ones first, so that little is fetched in vain. */
export function planFetches(missing: readonly ByteRange[], { gapBytes, pieceBytes }: FetchTuning): ByteRange[] {
  const sorted = missing.filter(({ start, end }) => start < end).toSorted((a, b) => a.start - b.start);
  return join(sorted, gapBytes).flatMap((range) => split(range, pieceBytes));
}

function join(sorted: readonly ByteRange[], gapBytes: number): ByteRange[] {
  const gaps = sorted
    .slice(1)
    .map(({ start }, index) => ({ index: index + 1, sizeBytes: Math.max(0, start - (sorted[index]?.end ?? 0)) }))
    .toSorted((a, b) => a.sizeBytes - b.sizeBytes);
  let allowance = WASTE_SHARE * sorted.reduce((sum, { start, end }) => sum + end - start, 0);
  const joined = new Set<number>();
  for (const { index, sizeBytes } of gaps) {
    if (sizeBytes > gapBytes || sizeBytes > allowance) break;
    allowance -= sizeBytes;
    joined.add(index);
  }
  const ranges: ByteRange[] = [];
  for (const [index, range] of sorted.entries()) {
    const last = joined.has(index) ? ranges.pop() : undefined;
    ranges.push(last === undefined ? range : { start: last.start, end: Math.max(last.end, range.end) });
  }
  return ranges;
}

function split({ start, end }: ByteRange, pieceBytes: number): ByteRange[] {
  const count = Math.ceil((end - start) / pieceBytes);
  const step = Math.ceil((end - start) / count);
  return Array.from({ length: count }, (_, index) => ({
    start: start + index * step,
    end: Math.min(end, start + (index + 1) * step),
  }));
}
