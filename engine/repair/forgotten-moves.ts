import type { ManifestState } from '../lsm/state.ts';
import type { ColdStorageResolver } from '../ports/cold-storage.ts';
import type { RepairItem } from './repair-item.ts';

const JOB_ID = 'alopex.job-id';

/**
 * Moves that the catalog knows and the manifest, whose newest edits are lost, does not. They cannot be undone or finished: which rows they took is not known. `left`, for whoever can compare
 * the tiers.
 */
export async function forgottenMoves(storage: ColdStorageResolver, state: ManifestState): Promise<RepairItem[]> {
  const items: RepairItem[] = [];
  for (const table of state.tables.values()) {
    const { store, catalog } = storage.open(table.options.coldStorage);
    const file = `${store.uri}/${table.coldPrefix}`;
    try {
      const snapshots = await catalog.table(table.coldPrefix).snapshots();
      const known = snapshots.find(({ snapshotId }) => snapshotId === table.cold?.snapshotId)?.sequenceNumber ?? 0;
      const moves = snapshots.filter(({ sequenceNumber, summary }) => {
        const jobId = summary[JOB_ID];
        return sequenceNumber > known && jobId !== undefined && !state.jobs.has(jobId);
      });
      if (moves.length === 0) continue;
      items.push({
        outcome: 'left',
        file,
        problem: `it has ${moves.length} moves of table "${table.name}" that the manifest has lost`,
        action: 'left; rows that they moved may be in both tiers, or in neither: compare them with a backup',
      });
    } catch (error) {
      if (table.cold !== undefined) continue; // The check of the cold table says so already.
      const problem = error instanceof Error ? error.message : String(error);
      items.push({ outcome: 'left', file, problem, action: 'left; restore it from a backup' });
    }
  }
  return items;
}
