import type { EngineContext } from '../../context.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { RateLimit } from '../../kv/compaction/rate-limit.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { SegmentBatch } from '../../table/commit.ts';
import { segmentName, type DataFile } from '../../table/data-file.ts';
import { SOURCE_ORDER, SourceRows } from '../../table/source-rows.ts';
import { admitFiles } from '../../table/table-files.ts';
import type { TableVersion } from '../../table/version.ts';
import type { MoveOutput, SegmentState } from '../state.ts';
import { cutBySortKey } from './key-cuts.ts';

/** Segments that are written and that no manifest names. */
export interface MergedSegments {
  readonly segments: readonly SegmentState[];
  readonly outputs: readonly MoveOutput[];
}

export interface MergeRequest {
  readonly version: TableVersion;
  readonly sources: readonly DataFile[];
  readonly outputCount: number;
  readonly generation: number;
  /** For the row maps. */
  readonly folder: string;
  /** Collects the paths of new segments, for the caller to remove when they do not become current. */
  readonly written: string[];
  readonly rate: RateLimit;
  readonly signal: AbortSignal;
}

/**
 * Lets the kernel write the live rows of some segments as new ones, in the table's sort order and cut by it, each with its row map. One statement for each new segment, so
 * that no statement takes long and there is a pause between them.
 */
export async function mergeSegments(
  context: EngineContext,
  connection: KernelConnection,
  request: MergeRequest,
): Promise<MergedSegments> {
  const { version, sources, outputCount, generation, folder, written, rate, signal } = request;
  const segments: SegmentState[] = [];
  const outputs: MoveOutput[] = [];
  if (outputCount === 0) return { segments, outputs };
  await admitFiles(context, version, sources);
  const rows = new SourceRows(context, connection, version, sources);
  const batch = new SegmentBatch(context, connection, version, written);
  const rowCount = await rows.count('true');
  let writtenRows = 0;
  for (const condition of await cutBySortKey(connection, version, rows, outputCount)) {
    signal.throwIfAborted();
    const segment = await batch.segment(`SELECT * FROM ${rows.relation(condition)}`, SOURCE_ORDER);
    await rate.spend(segment.sizeBytes, signal);
    if (segment.rowCount === 0) {
      await context.fileSystem.remove(`${context.dataDir}/${segmentName(version.tableId, segment.fileId)}`);
      continue;
    }
    writtenRows += segment.rowCount;
    segments.push({ ...segment, generation });
    const path = `${folder}/map-${outputs.length}.parquet`;
    outputs.push(await rows.writeRowMap(segmentName(version.tableId, segment.fileId), condition, path));
  }
  if (writtenRows !== rowCount) {
    throw new AlopexError(
      SqlState.internalError,
      `a compaction of "${version.name}" wrote ${writtenRows} rows instead of ${rowCount}; nothing was changed`,
    );
  }
  return { segments, outputs };
}
