import type { KeyRange } from '../../ports/kv-jobs.ts';
import type { KvSegmentState } from '../segment-state.ts';
import { hullOf, overlaps, unionOf } from './key-range.ts';
import type { CompactionOptions } from './options.ts';

/** Segments by level; level 0 in any order. Between segments of any other level there is no overlap, but one may end where the next begins. */
export type Levels = readonly (readonly KvSegmentState[])[];

export interface CompactionPlan {
  /** `move`: the one input goes to `outputLevel` as it is. */
  readonly kind: 'move' | 'merge';
  readonly fromLevel: number;
  readonly outputLevel: number;
  /** All segments of both levels within the range of the job. */
  readonly inputs: readonly KvSegmentState[];
  /** For the job: ranges of the segments with older entries that are not inputs. */
  readonly older: readonly KeyRange[];
  /** For the job. */
  readonly targetBytes: number;
}

/** Whether no busy segment of some levels is within the range of a job. */
export function isFree(inputs: readonly KvSegmentState[], levels: Levels, busyFileIds: ReadonlySet<number>): boolean {
  if (busyFileIds.size === 0) return true;
  const hull = hullOf(inputs);
  return levels.every((level) =>
    level.every((segment) => !busyFileIds.has(segment.fileId) || !overlaps(segment, hull)),
  );
}

/** A segment with range deletions is rewritten: at the bottom they are dropped, and otherwise they become part of smaller ranges. */
export function canMove(segment: KvSegmentState): boolean {
  return segment.rangeDeleteCount === 0;
}

export function movePlan(segment: KvSegmentState, outputLevel: number): CompactionPlan {
  return { kind: 'move', fromLevel: segment.level, outputLevel, inputs: [segment], older: [], targetBytes: 0 };
}

export function mergePlan(
  levels: Levels,
  fromLevel: number,
  outputLevel: number,
  inputs: readonly KvSegmentState[],
  options: CompactionOptions,
): CompactionPlan {
  const hull = hullOf(inputs);
  const inJob = new Set(inputs);
  // Within level 0 those that are left out count as older, too: some are.
  const older = levels
    .slice(outputLevel === 0 ? 0 : outputLevel + 1)
    .flatMap((level) => level.filter((segment) => !inJob.has(segment) && overlaps(segment, hull)));
  return {
    kind: 'merge',
    fromLevel,
    outputLevel,
    inputs,
    older: unionOf(older),
    targetBytes: outputLevel === 0 ? 0 : options.segmentBytes,
  };
}
