import type { KvSegmentState } from '../segment-state.ts';
import type { CompactionOptions } from './options.ts';

export interface LevelSizes {
  /** The level that level 0 goes down to: the first that is used. */
  readonly base: number;
  /** By level: bytes beyond which a segment moves down. 0 where a level is not wanted any more; the last level takes whatever comes. */
  readonly targets: readonly number[];
}

/**
 * Sizes follow from the last level upward: it holds nearly everything, so levels in proportion to it waste about a tenth of the space at most, and there are
 * never more levels than the data needs.
 */
export function levelSizes(levels: readonly (readonly KvSegmentState[])[], options: CompactionOptions): LevelSizes {
  const { lastLevel, multiplier, baseLevelBytes } = options;
  const targets = Array.from({ length: lastLevel + 1 }, () => 0);
  targets[lastLevel] = Number.POSITIVE_INFINITY;
  let base = lastLevel;
  for (let target = bytesOf(levels[lastLevel] ?? []) / multiplier; target >= baseLevelBytes && base > 1;) {
    targets[--base] = target;
    target /= multiplier;
  }
  const firstUsed = levels.findIndex((level, number) => number > 0 && level.length > 0);
  return { base: firstUsed === -1 ? base : Math.min(base, firstUsed), targets };
}

export function bytesOf(segments: readonly KvSegmentState[]): number {
  return segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
}
