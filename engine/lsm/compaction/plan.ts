import { compareBounds } from '../../table/bound-text.ts';
import type { CompactionSegment } from './compaction-segment.ts';
import { deepestOverlap } from './overlap.ts';

export interface CompactionOptions {
  /** So many segments of similar size are merged. */
  readonly mergeSegments: number;
  /** Size of the segments that a compaction makes. */
  readonly segmentBytes: number;
  /** Whether the table has a sort order, in which segments are cut. Without one they are joined, up to `segmentBytes`. */
  readonly isSorted: boolean;
}

export interface CompactionPlan {
  readonly reason: 'empty' | 'similar' | 'overlapping' | 'deleted' | 'vacuum';
  readonly inputs: readonly CompactionSegment[];
  /** Into how many segments of about the same size the rows are to be cut. */
  readonly outputCount: number;
  /** Of the outputs. */
  readonly generation: number;
}

/** Sizes of one tier differ by at most this factor. */
const TIER_FACTOR = 4;
/** Tiers below half of `segmentBytes`; whatever is smaller than the lowest belongs to it. */
const TIERS = 6;
/** A segment with this share of deleted rows is rewritten. */
const DELETED_SHARE = 0.3;
/** A compaction of sorted segments reads at most so many times `segmentBytes`. */
const MAX_OUTPUTS = 8;
/** A compaction reads at most so many segments. */
const MAX_INPUTS = 256;

/**
 * What to merge next in the hot tier of a table; `undefined` when nothing is due. Small segments are merged by size, so that each row is rewritten about once for each
 * tier. Full ones are merged only in a sort order, where many sorted runs overlap, so that a key is in few files and bounds prune; and only with others that have been merged
 * as often, so that rows are rewritten once each time that there are eight times as many of them.
 */
export function planCompaction(
  segments: readonly CompactionSegment[],
  options: CompactionOptions,
  busy: ReadonlySet<number> = NONE,
): CompactionPlan | undefined {
  const free = segments.filter((segment) => !busy.has(segment.fileId));
  const empty = free.filter((segment) => segment.deletedRows >= segment.rowCount);
  if (empty.length > 0) return plan('empty', empty, options);
  return (
    planSimilar(free, options) ??
    planDeleted(free, options) ??
    (options.isSorted ? planOverlapping(free, options) : undefined)
  );
}

/** Compactions after which the hot tier of a table is in as few segments as there can be, in sort order and without deleted rows. */
export function planVacuum(
  segments: readonly CompactionSegment[],
  options: CompactionOptions,
  busy: ReadonlySet<number> = NONE,
): CompactionPlan[] {
  const free = segments.filter((segment) => !busy.has(segment.fileId));
  const groups = options.isSorted ? [free] : joinable(free, options);
  return groups.filter((group) => !isTidy(group, options)).map((group) => vacuumPlan(group, options));
}

/** One run of many segments is as if they had been merged over and over. */
function vacuumPlan(group: readonly CompactionSegment[], options: CompactionOptions): CompactionPlan {
  const made = plan('vacuum', group, options);
  return { ...made, generation: Math.floor(Math.log(Math.max(1, made.outputCount)) / Math.log(MAX_OUTPUTS)) };
}

/** Whether a segment is too small to be left alone: reads want few of them. */
export function isSmall(sizeBytes: number, segmentBytes: number): boolean {
  return sizeBytes < segmentBytes / 2;
}

const NONE: ReadonlySet<number> = new Set();

function plan(
  reason: CompactionPlan['reason'],
  inputs: readonly CompactionSegment[],
  { segmentBytes, isSorted }: CompactionOptions,
  generation = 0,
): CompactionPlan {
  const bytes = inputs.reduce((sum, segment) => sum + liveBytes(segment), 0);
  const outputCount = bytes === 0 ? 0 : isSorted ? Math.ceil(bytes / segmentBytes) : 1;
  return { reason, inputs: inputs.toSorted((a, b) => a.fileId - b.fileId), outputCount, generation };
}

function liveBytes({ sizeBytes, rowCount, deletedRows }: CompactionSegment): number {
  return sizeBytes * (1 - Math.min(1, deletedRows / rowCount));
}

function planSimilar(segments: readonly CompactionSegment[], options: CompactionOptions): CompactionPlan | undefined {
  const small = segments.filter((segment) => isSmall(segment.sizeBytes, options.segmentBytes));
  const tiers = Array.from({ length: TIERS }, () => 0);
  for (const segment of small) {
    const tier = tierOf(segment.sizeBytes, options);
    tiers[tier] = (tiers[tier] ?? 0) + 1;
  }
  let top = tiers.findLastIndex((count, tier) => count >= fanIn(tier, options));
  if (top < 0) return undefined;
  // What is smaller costs little more. And when the result would fill a tier, that tier is merged now and not once again after.
  let inputs: CompactionSegment[];
  for (;;) {
    inputs = small.filter((segment) => tierOf(segment.sizeBytes, options) <= top);
    const landing = tierOf(totalBytes(inputs), options);
    if (landing <= top || (tiers[landing] ?? 0) + 1 < fanIn(landing, options)) break;
    top = landing;
  }
  const bounded = smallestFirst(inputs, maxBytes(options));
  return bounded.length < 2 ? undefined : plan('similar', bounded, options);
}

/** In the lowest tier a compaction costs more than what it writes: it waits for more segments. */
function fanIn(tier: number, { mergeSegments }: CompactionOptions): number {
  return tier === 0 ? 2 * mergeSegments : mergeSegments;
}

/** 0 is the lowest. Sizes of half of `segmentBytes` and more are above the highest. */
function tierOf(sizeBytes: number, { segmentBytes }: CompactionOptions): number {
  let limit = segmentBytes / 2;
  let tier = TIERS;
  while (tier > 0 && sizeBytes < limit) {
    limit /= TIER_FACTOR;
    tier--;
  }
  return tier;
}

/** The segment with most to gain. */
function planDeleted(segments: readonly CompactionSegment[], options: CompactionOptions): CompactionPlan | undefined {
  const gain = (segment: CompactionSegment): number => segment.sizeBytes - liveBytes(segment);
  const dirty = segments.filter((segment) => segment.deletedRows >= segment.rowCount * DELETED_SHARE);
  const [best] = dirty.toSorted((a, b) => gain(b) - gain(a));
  return best === undefined ? undefined : plan('deleted', [best], options, best.generation);
}

function planOverlapping(
  segments: readonly CompactionSegment[],
  options: CompactionOptions,
): CompactionPlan | undefined {
  const full = segments.filter((segment) => !isSmall(segment.sizeBytes, options.segmentBytes));
  for (const generation of new Set(full.map((segment) => segment.generation).sort((a, b) => a - b))) {
    const inputs = deepestOverlap(
      full.filter((segment) => segment.generation === generation),
      2 * options.mergeSegments,
      (active) => smallestFirst(active, maxBytes(options)),
    );
    // Fewer come about when segments are far above their size, as those of a single key are: merging those gains nothing.
    const runs = new Set(inputs.map((segment) => segment.run)).size;
    if (runs >= options.mergeSegments) return plan('overlapping', inputs, options, generation + 1);
  }
  return undefined;
}

function maxBytes({ segmentBytes, isSorted }: CompactionOptions): number {
  return isSorted ? segmentBytes * MAX_OUTPUTS : segmentBytes;
}

function smallestFirst(segments: readonly CompactionSegment[], limitBytes: number): CompactionSegment[] {
  const chosen: CompactionSegment[] = [];
  let bytes = 0;
  for (const segment of segments.toSorted((a, b) => a.sizeBytes - b.sizeBytes || a.fileId - b.fileId)) {
    bytes += segment.sizeBytes;
    if (bytes > limitBytes || chosen.length === MAX_INPUTS) break;
    chosen.push(segment);
  }
  return chosen;
}

function totalBytes(segments: readonly CompactionSegment[]): number {
  return segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
}

/** Small neighbours whose rows go into one segment, and full ones with deleted rows, each by itself. */
function joinable(segments: readonly CompactionSegment[], { segmentBytes }: CompactionOptions): CompactionSegment[][] {
  const alone: CompactionSegment[][] = [];
  const joined: CompactionSegment[][] = [];
  let bytes = Infinity;
  for (const segment of segments.toSorted((a, b) => a.fileId - b.fileId)) {
    if (!isSmall(liveBytes(segment), segmentBytes)) {
      alone.push([segment]);
      continue;
    }
    bytes += liveBytes(segment);
    if (bytes > segmentBytes) {
      joined.push([]);
      bytes = liveBytes(segment);
    }
    joined.at(-1)?.push(segment);
  }
  return [...alone, ...joined];
}

/** Whether a vacuum would write the same again. */
function isTidy(group: readonly CompactionSegment[], { segmentBytes }: CompactionOptions): boolean {
  if (group.some((segment) => segment.deletedRows > 0)) return false;
  if (group.length < 2) return true;
  const small = group.filter((segment) => isSmall(segment.sizeBytes, segmentBytes)).length;
  return small < 2 && areDisjoint(group);
}

/** Whether no two of them can hold the same sort key. */
function areDisjoint(segments: readonly CompactionSegment[]): boolean {
  const ranges = segments.flatMap((segment) => segment.range ?? []);
  if (ranges.length < segments.length) return false;
  const ordered = ranges.toSorted((a, b) => compareBounds(a.lower, b.lower));
  return ordered.every((range, index) => {
    const before = ordered[index - 1];
    return before === undefined || compareBounds(before.upper, range.lower) < 0;
  });
}
