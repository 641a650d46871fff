import { openColdTable } from '../engine/context.ts';
import type { Engine } from '../engine/engine.ts';
import type { TierJob } from '../engine/lsm/state.ts';
import type { KernelConnection } from '../engine/ports/kernel.ts';
import { segmentName } from '../engine/table/data-file.ts';
import { finishMove } from './finish-move.ts';

/**
 * Settles the moves that a crash left unfinished, before anything is read: a move whose Iceberg commit happened is finished (step 6), one whose
 * commit is proven absent is undone. What cannot be found out fails the open: rows might be in both tiers.
 */
export async function recoverMoves(engine: Engine, connection: KernelConnection): Promise<void> {
  const { context } = engine;
  for (const job of context.manifest.state.jobs.values()) {
    const state = context.manifest.state.tables.get(job.tableId);
    if (state === undefined) continue;
    const cold = openColdTable(context, state).table;
    const committed = job.prepared === undefined ? undefined : await cold.findJob(job.jobId);
    if (job.prepared === undefined || committed === undefined) await rollBack(engine, job);
    else await finishMove(engine, connection, job, job.prepared, await cold.load());
  }
}

/** Undoes a move that the catalog has not committed, and never will. Its files carry its id or were never in a manifest: nobody else can name them. */
export async function rollBack(engine: Engine, job: TierJob): Promise<void> {
  const { context } = engine;
  const prepared = context.manifest.state.jobs.get(job.jobId)?.prepared;
  const state = context.manifest.state.tables.get(job.tableId);
  if (state !== undefined) {
    const { store } = openColdTable(context, state);
    const keys: string[] = [];
    for await (const object of store.list(`${state.coldPrefix}/data/${job.jobId}-`)) keys.push(object.key);
    await store.delete(keys);
  }
  for (const segment of prepared?.addSegments ?? []) {
    await context.fileSystem.remove(`${context.dataDir}/${segmentName(job.tableId, segment.fileId)}`);
  }
  await context.fileSystem.removeFolder(`${context.dataDir}/tmp/${job.jobId}`);
  // Last: as long as the manifest knows the job, a crash on the way leaves nothing that nobody will remove.
  await engine.maintain(async (writer) => {
    await writer.settle();
    await context.manifest.commit({ kind: 'end-job', jobId: job.jobId });
  });
}
