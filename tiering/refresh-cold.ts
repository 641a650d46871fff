import { openColdTable, tableState } from '../engine/context.ts';
import type { Engine } from '../engine/engine.ts';
import type { ColdSnapshot } from '../engine/ports/cold-table.ts';
import type { DataFile } from '../engine/table/data-file.ts';
import { coldFiles } from '../engine/table/table-files.ts';
import type { TableVersion } from '../engine/table/version.ts';
import { withTable } from '../engine/writer.ts';

/**
 * Lets the rows that others have added to a cold table be seen: one manifest edit to the snapshot that is current now. Anything but added
 * files is left to the next open, which reads deletes anew; so is a table with a move that is not settled, which ends in a newer snapshot.
 */
export async function refreshCold(engine: Engine, tableId: number): Promise<void> {
  const { context } = engine;
  // Not while a move is under way: its rows would be in both tiers until its last step.
  await engine.fileWork.run(tableId, async () => {
    const find = (tables: Iterable<TableVersion>): TableVersion | undefined =>
      [...tables].find((table) => table.tableId === tableId);
    const known = find(engine.commits.published.tables.values());
    const isMoving = [...context.manifest.state.jobs.values()].some((job) => job.tableId === tableId);
    if (known?.cold === undefined || isMoving) return;
    const snapshot = await openColdTable(context, tableState(context, known)).table.load();
    await engine.maintain(async (writer) => {
      const current = find(writer.latest.tables.values());
      if (current?.cold === undefined || snapshot === undefined || !isAddition(current.cold, snapshot)) return;
      await writer.sequenced(async (seq) => {
        await writer.settle();
        const state = tableState(context, current);
        if (state.cold === undefined || snapshot.snapshotId === undefined) return;
        const { store } = openColdTable(context, state);
        const files: DataFile[] = [
          ...current.files.filter((file) => file.tier === 'hot'),
          ...coldFiles(context, state, new Map(state.cold.checksums), snapshot, store),
        ];
        await context.manifest.commit({
          kind: 'change-files',
          seq,
          tableId,
          addSegments: [],
          removeSegments: [],
          addDeleteFiles: [],
          removeDeleteFiles: [],
          cold: { ...state.cold, snapshotId: snapshot.snapshotId },
        });
        writer.accept({
          version: withTable(writer.latest, { ...current, seq, files, cold: snapshot }),
          durable: Promise.resolve(),
          garbage: [],
        });
      });
    });
  });
}

/** Whether all that was there still is, and only data files have come. */
function isAddition(before: ColdSnapshot, after: ColdSnapshot): boolean {
  const data = new Set(after.dataFiles.map(({ key }) => key));
  const deletes = new Set(after.deleteFiles.map(({ key }) => key));
  return (
    before.dataFiles.every(({ key }) => data.has(key)) &&
    before.deleteFiles.length === deletes.size &&
    before.deleteFiles.every(({ key }) => deletes.has(key))
  );
}
