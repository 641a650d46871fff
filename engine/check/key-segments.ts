import { AlopexError, SqlState } from '../errors.ts';
import { compareKeys } from '../kv/bytes.ts';
import { BlockCache } from '../kv/segment/block-cache.ts';
import { SegmentReader } from '../kv/segment/segment-reader.ts';
import { kvSegmentName, type KvSegmentState } from '../kv/segment-state.ts';
import type { KvState } from '../lsm/kv-state.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { problemOf } from './finding.ts';

const NO_CACHE = new BlockCache(0);

/** What is wrong with a key-value segment, if anything: every byte is read. Throws `0A000` for one of a later format. */
export async function keySegmentProblem(
  fileSystem: FileSystem,
  dataDir: string,
  segment: KvSegmentState,
): Promise<string | undefined> {
  const path = `${dataDir}/${kvSegmentName(segment.fileId)}`;
  try {
    const reader = SegmentReader.open(fileSystem, path, segment, NO_CACHE);
    try {
      await reader.verify();
    } finally {
      reader.close();
    }
    return undefined;
  } catch (error) {
    if (error instanceof AlopexError && error.code === SqlState.featureNotSupported) throw error;
    return problemOf(error, path).replace('the file is missing', 'it is missing');
  }
}

/** Segments of a level that overlap though they must not: every level but 0 holds a key in one segment only. */
export function overlaps(state: KvState): { readonly fileId: number; readonly problem: string }[] {
  const byLevel = Map.groupBy(state.segments, (segment) => segment.level);
  const found: { fileId: number; problem: string }[] = [];
  for (const [level, segments] of byLevel) {
    if (level === 0) continue;
    const ordered = segments.toSorted((a, b) => compareKeys(a.smallest, b.smallest));
    for (const [at, segment] of ordered.entries()) {
      const before = ordered[at - 1];
      if (before === undefined || compareKeys(before.largest, segment.smallest) < 0) continue;
      // A range deletion ends before its end, which may be the first key of the next segment.
      if (compareKeys(before.largest, segment.smallest) === 0 && before.rangeDeleteCount > 0) continue;
      found.push({
        fileId: segment.fileId,
        problem: `its keys overlap with those of ${kvSegmentName(before.fileId)} on level ${level}`,
      });
    }
  }
  return found;
}
