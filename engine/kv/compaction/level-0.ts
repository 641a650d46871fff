import type { KvSegmentState } from '../segment-state.ts';
import { canMove, isFree, mergePlan, movePlan } from './compaction-plan.ts';
import type { CompactionPlan, Levels } from './compaction-plan.ts';
import { hullOf, overlaps } from './key-range.ts';
import { bytesOf } from './level-sizes.ts';
import type { CompactionOptions } from './options.ts';

/**
 * What to do with level 0, in this order: move its oldest segment down if it overlaps nothing; merge all of it into the base level; or, while that would cost
 * too much for the little there is, merge its newest segments with each other.
 */
export function planLevel0(
  levels: Levels,
  base: number,
  options: CompactionOptions,
  busyFileIds: ReadonlySet<number>,
): CompactionPlan | undefined {
  const newestFirst = (levels[0] ?? []).toSorted((left, right) => right.maxSeq - left.maxSeq);
  if (newestFirst.some((segment) => busyFileIds.has(segment.fileId))) return undefined;
  const to = levels[base] ?? [];
  const oldest = newestFirst.at(-1) as KvSegmentState;
  if (canMove(oldest) && isAlone(oldest, newestFirst, to, options) && isFree([oldest], [to], busyFileIds)) {
    return movePlan(oldest, base);
  }
  const hull = hullOf(newestFirst);
  const below = to.filter((segment) => overlaps(segment, hull));
  const bytes = bytesOf(newestFirst);
  if (bytes >= options.level0Bytes || bytes * options.level0Ratio >= bytesOf(below)) {
    const inputs = [...newestFirst, ...below];
    if (isFree(inputs, [to], busyFileIds)) return mergePlan(levels, 0, base, inputs, options);
    // The base level is being compacted itself: wait, rather than merge twice.
    return undefined;
  }
  return mergePlan(levels, 0, 0, newestOfSimilarSize(newestFirst), options);
}

/**
 * Level 0 into the base level before it is due, when there is nothing else to do: what was overwritten or deleted takes room until then, and look-ups go through every segment.
 * Not while there is so little of it that it would be merged within level 0: that would begin anew after each flush.
 */
export function planIdleLevel0(levels: Levels, base: number, options: CompactionOptions): CompactionPlan | undefined {
  const level0 = levels[0] ?? [];
  if (level0.length === 0) return undefined;
  const hull = hullOf(level0);
  const below = (levels[base] ?? []).filter((segment) => overlaps(segment, hull));
  if (level0.length + below.length === 1) return undefined;
  if (bytesOf(level0) * options.level0Ratio < bytesOf(below)) return undefined;
  return planLevel0(levels, base, options, new Set());
}

/** Whether it overlaps nothing in level 0 or below, and is not so small that moving it would litter the base level. */
function isAlone(
  segment: KvSegmentState,
  level0: readonly KvSegmentState[],
  to: readonly KvSegmentState[],
  options: CompactionOptions,
): boolean {
  return (
    segment.sizeBytes >= options.segmentBytes / 4 &&
    !level0.some((other) => other !== segment && overlaps(other, segment)) &&
    !to.some((other) => overlaps(other, segment))
  );
}

/** From the newest on, as long as the next is at most twice as large as those before it together; so every entry is merged O(log n) times. */
function newestOfSimilarSize(newestFirst: readonly KvSegmentState[]): readonly KvSegmentState[] {
  let bytes = 0;
  const similar: KvSegmentState[] = [];
  for (const segment of newestFirst) {
    if (similar.length > 0 && segment.sizeBytes > 2 * bytes) break;
    similar.push(segment);
    bytes += segment.sizeBytes;
  }
  return similar.length > 1 ? similar : newestFirst;
}
