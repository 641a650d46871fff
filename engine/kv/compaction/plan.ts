import type { KvSegmentState } from '../segment-state.ts';
import { canMove, isFree, mergePlan, movePlan } from './compaction-plan.ts';
import type { CompactionPlan, Levels } from './compaction-plan.ts';
import { hullOf, overlaps } from './key-range.ts';
import { planIdleLevel0, planLevel0 } from './level-0.ts';
import { bytesOf, levelSizes } from './level-sizes.ts';
import type { CompactionOptions } from './options.ts';

/**
 * The most urgent compaction that can run beside those that are running, whose inputs are `busyFileIds`; `undefined` when none is due.
 *
 * What keeps jobs apart: level 0 has one job at a time, and no job's key range overlaps a busy segment in the levels it reads or writes. So two running jobs
 * never write overlapping segments to one level, and older entries of a key never get above newer ones.
 */
export function pickCompaction(
  levels: Levels,
  options: CompactionOptions,
  busyFileIds: ReadonlySet<number>,
): CompactionPlan | undefined {
  const { base, targets } = levelSizes(levels, options);
  const candidates = levels.slice(0, options.lastLevel).map((segments, level) => ({
    level,
    score: level === 0 ? segments.length / options.level0Segments : scoreOf(segments, targets[level] ?? 0, busyFileIds),
  }));
  for (const { level, score } of candidates.toSorted((left, right) => right.score - left.score)) {
    if (score < 1) return undefined;
    const plan =
      level === 0 ? planLevel0(levels, base, options, busyFileIds) : planLevel(levels, level, options, busyFileIds);
    if (plan !== undefined) return plan;
  }
  return undefined;
}

/** What is worth doing when no compaction is due and nothing is in memory. It ends: level 0 is empty afterwards. */
export function pickIdleCompaction(levels: Levels, options: CompactionOptions): CompactionPlan | undefined {
  return planIdleLevel0(levels, levelSizes(levels, options).base, options);
}

/** How many outputs a job over some inputs can have at most: compression may turn out a little worse than it was. */
export function outputFileCount(inputs: readonly KvSegmentState[], targetBytes: number): number {
  return targetBytes === 0 ? 1 : Math.ceil((1.5 * bytesOf(inputs)) / targetBytes) + 1;
}

/** Above 1: too large. A level that is not wanted any more is always too large. */
function scoreOf(segments: readonly KvSegmentState[], targetBytes: number, busyFileIds: ReadonlySet<number>): number {
  const bytes = bytesOf(segments.filter((segment) => !busyFileIds.has(segment.fileId)));
  if (bytes === 0) return 0;
  // Not "at least": a level of exactly its size is settled.
  return bytes > targetBytes ? Math.max(1, bytes / Math.max(1, targetBytes)) : 0;
}

/** Takes the segment that costs least to move down by one level, for its size. */
function planLevel(
  levels: Levels,
  level: number,
  options: CompactionOptions,
  busyFileIds: ReadonlySet<number>,
): CompactionPlan | undefined {
  const from = levels[level] ?? [];
  const to = levels[level + 1] ?? [];
  let best: { segment: KvSegmentState; below: KvSegmentState[]; cost: number } | undefined;
  for (const segment of from) {
    if (busyFileIds.has(segment.fileId)) continue;
    const below = to.filter((other) => overlaps(segment, other));
    const cost = bytesOf(below) / segment.sizeBytes;
    if (best !== undefined && best.cost <= cost) continue;
    if (isFree([segment, ...below], [from, to], busyFileIds)) best = { segment, below, cost };
  }
  if (best === undefined) return undefined;
  const { segment, below } = best;
  const outputLevel = level + 1;
  if (below.length === 0 && canMove(segment)) return movePlan(segment, outputLevel);
  return mergePlan(levels, level, outputLevel, widened(segment, below, from, to, busyFileIds), options);
}

/** Adds segments of the upper level that are merged at no further cost: those within the range of what is read from the lower level anyway. */
function widened(
  segment: KvSegmentState,
  below: readonly KvSegmentState[],
  from: readonly KvSegmentState[],
  to: readonly KvSegmentState[],
  busyFileIds: ReadonlySet<number>,
): KvSegmentState[] {
  if (below.length === 0) return [segment];
  const hull = hullOf([segment, ...below]);
  const more = from.filter(
    (other) =>
      other !== segment &&
      overlaps(hull, other) &&
      to.every((lower) => !overlaps(other, lower) || below.includes(lower)),
  );
  const wide = [segment, ...more, ...below];
  return isFree(wide, [from, to], busyFileIds) ? wide : [segment, ...below];
}
