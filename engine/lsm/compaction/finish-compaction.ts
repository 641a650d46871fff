import { tableState, type EngineContext } from '../../context.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { endPeriod } from '../../history/end-period.ts';
import { SegmentBatch } from '../../table/commit.ts';
import { deleteFileName, type DataFile } from '../../table/data-file.ts';
import { moveLateDeletes, removeRewritten } from '../../table/late-deletes.ts';
import { rewrittenRows } from '../../table/moved-rows.ts';
import { segmentFile } from '../../table/table-files.ts';
import type { TableVersion } from '../../table/version.ts';
import { withTable, type Writer } from '../../writer.ts';
import type { DeleteFileState, TableState } from '../state.ts';
import type { MergedSegments } from './merge.ts';

/** Segments that take the place of others, as soon as the manifest says so. */
export interface FinishedMerge extends MergedSegments {
  /** What the sources were read from. */
  readonly base: TableVersion;
  readonly sources: readonly DataFile[];
  /** Where the row maps are: removed when nobody needs them any more. */
  readonly folder: string;
  /** Collects the paths of what is written here. */
  readonly written: string[];
  /** Called before the edit: from then on what was written may be current. */
  readonly onCommit: () => void;
}

/**
 * The short part of a compaction: one manifest edit lets the new segments in and the sources out, with the rows deleted that were deleted from the sources meanwhile.
 * The memtable and the log stay as they are: their commits name the sources only in deletes, and those that count are in the edit. Returns false, having done nothing, when
 * the table or one of the sources is gone.
 */
export async function finishCompaction(
  context: EngineContext,
  connection: KernelConnection,
  writer: Writer,
  merge: FinishedMerge,
): Promise<boolean> {
  const { base, sources } = merge;
  return writer.sequenced(async (seq) => {
    const current = [...writer.latest.tables.values()].find((table) => table.tableId === base.tableId);
    const names = new Set(current?.files.map((file) => file.name));
    if (current === undefined || sources.some((source) => !names.has(source.name))) return false;
    await writer.settle();
    const state = tableState(context, current);
    const period = await endPeriod(context, connection, current, seq);
    const segments = merge.segments.map((segment) => ({ ...segment, seq }));
    const gone = new Set(sources.map((source) => source.name));
    const next: TableVersion = {
      ...current,
      seq,
      files: [
        ...current.files.filter((file) => !gone.has(file.name)),
        ...segments.map((segment) => segmentFile(context, current.tableId, segment)),
      ],
    };
    // As of the last flush: so they are in the edit, and no flush writes them once again. Nobody who reads an older version sees the files that they are of.
    const late = await moveLateDeletes(
      context,
      connection,
      current,
      { baseSeq: base.seq, sources: sources.map((source) => source.name), outputs: merge.outputs },
      state.flushedSeq,
    );
    const batch = new SegmentBatch(context, connection, next, merge.written);
    const deleteFiles = await rewriteDeleteFiles(batch, state, [...late.keys()]);
    merge.onCommit();
    await context.manifest.commit({
      kind: 'change-files',
      seq,
      tableId: current.tableId,
      addSegments: segments,
      removeSegments: state.segments
        .filter((segment) => gone.has(segmentFile(context, current.tableId, segment).name))
        .map((segment) => segment.fileId),
      addDeleteFiles: deleteFiles.add,
      removeDeleteFiles: deleteFiles.remove,
      ...(period === undefined ? {} : { period }),
    });
    const deletedRows = new Map([...current.deletedRows, ...late]);
    for (const source of sources) deletedRows.delete(source.fileId);
    const rewrite = { seq, sources: sources.map((source) => source.name), outputs: merge.outputs };
    writer.accept({
      version: withTable(writer.latest, { ...next, deletedRows }),
      durable: Promise.resolve(),
      garbage: [
        context.movedRows.add(current.tableId, rewrittenRows(context, current.tableId, rewrite)),
        () => context.fileSystem.removeFolder(merge.folder),
        () => removeRewritten(context, writer.maintenance, current, sources),
        async () => {
          // Read at the next open only, and no longer named.
          for (const fileId of deleteFiles.remove) {
            await context.fileSystem.remove(`${context.dataDir}/${deleteFileName(current.tableId, fileId)}`);
          }
        },
      ],
    });
    return true;
  });
}

/**
 * Delete files of which most concerns files that are gone are written anew, with the late deletes; else the late deletes alone. Deletes after the last flush stay in
 * the log.
 */
async function rewriteDeleteFiles(
  batch: SegmentBatch,
  state: TableState,
  lateFiles: readonly number[],
): Promise<{ add: DeleteFileState[]; remove: number[] }> {
  const flushed = `seq <= ${state.flushedSeq}`;
  const stored = state.deleteFiles.reduce((sum, file) => sum + file.rowCount, 0);
  const rewrite = stored > 0 && (await batch.countDeletes(state, flushed)) <= stored / 2;
  if (!rewrite && lateFiles.length === 0) return { add: [], remove: [] };
  const file = await batch.deleteFile(state, rewrite ? flushed : `${flushed} AND id IN (${lateFiles.join(', ')})`);
  return {
    add: file === undefined ? [] : [file],
    remove: rewrite ? state.deleteFiles.map((deleteFile) => deleteFile.fileId) : [],
  };
}
