import { openColdTable, tableState, type EngineContext } from '../engine/context.ts';
import type { Engine } from '../engine/engine.ts';
import { endPeriod } from '../engine/history/end-period.ts';
import { withTable } from '../engine/writer.ts';
import type { DeleteFileState, PreparedMove, TableState, TierJob } from '../engine/lsm/state.ts';
import type { ColdSnapshot } from '../engine/ports/cold-table.ts';
import type { KernelConnection } from '../engine/ports/kernel.ts';
import { countDeleted } from '../engine/recovery.ts';
import { SegmentBatch } from '../engine/table/commit.ts';
import { moveLateDeletes, removeRewritten } from '../engine/table/late-deletes.ts';
import { rewrittenRows } from '../engine/table/moved-rows.ts';
import { coldFiles, segmentFile } from '../engine/table/table-files.ts';
import { MEMTABLE_FILE_ID, type DataFile } from '../engine/table/data-file.ts';
import type { TableVersion } from '../engine/table/version.ts';

/**
 * Step 6 of a move: one manifest edit lets the new files in and the sources out, so that no row is seen twice or not at all. Rows of the sources that were deleted after
 * the move had read them are deleted in the new files by the same edit. Runs after a commit, and again after a crash in between.
 */
export async function finishMove(
  engine: Engine,
  connection: KernelConnection,
  job: TierJob,
  prepared: PreparedMove,
  snapshot: ColdSnapshot | undefined,
): Promise<void> {
  const { context } = engine;
  const removeMaps = (): Promise<void> => context.fileSystem.removeFolder(`${context.dataDir}/tmp/${job.jobId}`);
  await engine.maintain(async (writer) => {
    const table = [...writer.latest.tables.values()].find((candidate) => candidate.tableId === job.tableId);
    if (table === undefined) return removeMaps(); // Dropped meanwhile, and its jobs with it.
    // Deletes so far go to delete files, so that the edit has to carry its own only.
    await writer.flush(connection, table);
    const current = writer.table(table);
    await writer.sequenced(async (seq) => {
      await writer.settle();
      const state = tableState(context, current);
      const checksums = [...(state.cold?.checksums ?? []), ...prepared.checksums];
      const { store } = openColdTable(context, state);
      const addSegments = prepared.addSegments.map((segment) => ({ ...segment, seq }));
      const period = await endPeriod(context, connection, current, seq);
      const files: DataFile[] = [
        ...current.files.filter((file) => file.tier === 'hot' && !prepared.sources.includes(file.name)),
        ...addSegments.map((segment) => segmentFile(context, current.tableId, segment)),
        ...coldFiles(context, state, new Map(checksums), snapshot, store),
      ];
      const next: TableVersion = { ...current, seq, files, cold: snapshot };
      const deleteFiles = await writeLateDeletes(context, connection, next, prepared, state);
      await context.manifest.commit({
        kind: 'change-files',
        seq,
        tableId: current.tableId,
        flushedSeq: seq,
        addSegments,
        removeSegments: prepared.removeSegments,
        addDeleteFiles: deleteFiles.add,
        removeDeleteFiles: deleteFiles.remove,
        ...(snapshot?.snapshotId === undefined
          ? {}
          : { cold: { snapshotId: snapshot.snapshotId, deleteSeq: prepared.baseSeq, checksums } }),
        endJob: job.jobId,
        ...(period === undefined ? {} : { period }),
      });
      const gone = current.files.filter((file) => prepared.sources.includes(file.name));
      const deletedRows = await countDeleted(connection, next);
      deletedRows.delete(MEMTABLE_FILE_ID); // The memtable was flushed: what is left of it is for older readers.
      writer.accept({
        version: withTable(writer.latest, { ...next, deletedRows }),
        durable: Promise.resolve(),
        garbage: [
          context.movedRows.add(current.tableId, rewrittenRows(context, current.tableId, { ...prepared, seq })),
          removeMaps,
          () => removeRewritten(context, writer.maintenance, current, gone),
        ],
      });
    });
  });
}

/** The delete files of the edit. When they cannot be written, nothing is left under the number of a commit that did not come about. */
async function writeLateDeletes(
  context: EngineContext,
  connection: KernelConnection,
  next: TableVersion,
  prepared: PreparedMove,
  state: TableState,
): Promise<{ add: DeleteFileState[]; remove: number[] }> {
  const written: string[] = [];
  try {
    await moveLateDeletes(context, connection, next, prepared, next.seq);
    return await new SegmentBatch(context, connection, next, written).deleteFiles(state);
  } catch (error) {
    await connection.run(`DELETE FROM ${next.deletesTable} WHERE seq = ${next.seq}`);
    for (const path of written) await context.fileSystem.remove(path);
    throw error;
  }
}
