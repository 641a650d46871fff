import { isCommitted, missingRowMaps } from '../check/moves.ts';
import { applyEdit } from '../lsm/state.ts';
import type { ColdStorageResolver } from '../ports/cold-storage.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { segmentName } from '../table/data-file.ts';
import type { RepairPlan } from './repair-plan.ts';

/**
 * Ends moves that the catalog has committed and whose row maps are gone: they were finished once, and the edit that said so is lost. Without the maps, deletes of rows that were made while the
 * move ran cannot follow the rows.
 */
export async function planMoves(
  ports: { readonly fileSystem: FileSystem; readonly storage: ColdStorageResolver },
  dataDir: string,
  plan: RepairPlan,
): Promise<void> {
  const { fileSystem, storage } = ports;
  for (const job of plan.state.jobs.values()) {
    const { jobId, tableId, direction, prepared } = job;
    const table = plan.state.tables.get(tableId);
    const missing = await missingRowMaps(fileSystem, dataDir, job);
    if (table === undefined || prepared === undefined || missing.length === 0) continue;
    if (!(await isCommitted(storage, table, job))) continue;
    const snapshot = await storage.open(table.options.coldStorage).catalog.table(table.coldPrefix).load();
    if (snapshot?.snapshotId === undefined) continue;
    plan.state = applyEdit(plan.state, {
      kind: 'change-files',
      seq: plan.state.seq,
      tableId,
      addSegments: prepared.addSegments,
      removeSegments: prepared.removeSegments,
      addDeleteFiles: [],
      removeDeleteFiles: [],
      cold: {
        snapshotId: snapshot.snapshotId,
        deleteSeq: prepared.baseSeq,
        checksums: [...(table.cold?.checksums ?? []), ...prepared.checksums],
      },
      endJob: jobId,
    });
    plan.removals.push(...prepared.removeSegments.map((fileId) => segmentName(tableId, fileId)));
    plan.items.push({
      outcome: 'lost',
      file: `tmp/${jobId}`,
      problem: `row maps of a move of table "${table.name}" to the ${direction} tier are missing`,
      action: 'the move was ended; rows that were deleted while it ran may be there again',
    });
  }
}
