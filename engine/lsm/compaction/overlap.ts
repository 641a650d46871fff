import { compareBounds } from '../../table/bound-text.ts';
import type { CompactionSegment, KeyBounds } from './compaction-segment.ts';

interface Ranged extends CompactionSegment {
  readonly range: KeyBounds;
}

/**
 * The segments at the sort key that most sorted runs may hold, of those keys that at least `minRuns` may hold; none when there is no such key. `choose` says which of
 * the segments at one key are worth taking. Segments without bounds are left alone.
 */
export function deepestOverlap(
  segments: readonly CompactionSegment[],
  minRuns: number,
  choose: (active: readonly CompactionSegment[]) => CompactionSegment[],
): CompactionSegment[] {
  const ranged = segments
    .filter((segment): segment is Ranged => segment.range !== undefined)
    .sort((a, b) => compareBounds(a.range.lower, b.range.lower) || a.fileId - b.fileId);
  let best: CompactionSegment[] = [];
  let bestRuns = 0;
  let active: Ranged[] = [];
  for (const segment of ranged) {
    active = active.filter((other) => compareBounds(other.range.upper, segment.range.lower) >= 0);
    active.push(segment);
    if (active.length < minRuns || countRuns(active) < minRuns) continue;
    const chosen = choose(active);
    const runs = countRuns(chosen);
    if (runs <= bestRuns) continue;
    best = chosen;
    bestRuns = runs;
  }
  return best;
}

function countRuns(segments: readonly CompactionSegment[]): number {
  return new Set(segments.map((segment) => segment.run)).size;
}
