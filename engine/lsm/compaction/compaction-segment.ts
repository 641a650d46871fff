import type { EngineContext } from '../../context.ts';
import type { Bound } from '../../table/bound.ts';
import { segmentName } from '../../table/data-file.ts';
import type { TableVersion } from '../../table/version.ts';
import type { TableState } from '../state.ts';

/** A hot segment as compaction plans with it. */
export interface CompactionSegment {
  /** Its number in the manifest. */
  readonly fileId: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly rowCount: number;
  readonly deletedRows: number;
  /** The commit that brought it. What one compaction wrote is one sorted run, cut into segments that do not overlap. */
  readonly run: number;
  /** How often its rows have been merged with overlapping full segments. */
  readonly generation: number;
  /** Bounds of the first column of the sort order, where both are known. */
  readonly range: KeyBounds | undefined;
}

export interface KeyBounds {
  readonly lower: Bound;
  readonly upper: Bound;
}

/** The hot segments of a version that are in the manifest: what one of the two does not know is about to come or to go. */
export function compactionSegments(
  context: Pick<EngineContext, 'fileIds'>,
  version: TableVersion,
  state: TableState,
): CompactionSegment[] {
  const live = new Set(version.files.map((file) => file.name));
  const [sortKey] = version.options.sortBy;
  return state.segments.flatMap((segment) => {
    const name = segmentName(version.tableId, segment.fileId);
    if (!live.has(name)) return [];
    const stats = segment.stats.find(([id]) => id === sortKey)?.[1];
    const known = stats?.lower !== undefined && stats.upper !== undefined;
    return {
      fileId: segment.fileId,
      name,
      sizeBytes: segment.sizeBytes,
      rowCount: segment.rowCount,
      deletedRows: version.deletedRows.get(context.fileIds.idOf(version.tableId, name)) ?? 0,
      run: segment.seq,
      generation: segment.generation ?? 0,
      range: known ? { lower: stats.lower, upper: stats.upper } : undefined,
    };
  });
}
