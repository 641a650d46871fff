import type { Garbage } from '../commits.ts';
import type { EngineContext } from '../context.ts';
import { forgettable, historyWithout, periodFiles, type TableHistory } from '../lsm/table-history.ts';
import { historyFileName, segmentName } from '../table/data-file.ts';
import type { TableVersion } from '../table/version.ts';

/** Lets go of the oldest versions of a table, when they are older than it keeps them or take too much room. The caller holds the write lock; `seq` is the newest commit. */
export async function forgetOld(
  context: EngineContext,
  { tableId, options }: TableVersion,
  seq: number,
): Promise<void> {
  const history = context.manifest.state.tables.get(tableId)?.history;
  const { historyRetention } = options;
  if (history === undefined || historyRetention === undefined) return;
  context.commitTimes.forget(tableId, history.fromSeq);
  const oldestMs = context.commitTimes.nowMs() - historyRetention.durationMs;
  const untilSeq = forgettable(history, oldestMs, context.limits.historyBytes);
  if (untilSeq === undefined) return;
  await context.manifest.commit({ kind: 'forget-history', tableId, untilSeq });
  context.pins.discard(seq + 1, historyGarbage(context, tableId, history, historyWithout(history, untilSeq)));
  context.pins.collect();
}

/** Removes the files that a history no longer names. Only when the readers that are at work have ended, for one of them may read them. */
export function historyGarbage(
  context: EngineContext,
  tableId: number,
  before: TableHistory,
  after: TableHistory | undefined,
): Garbage {
  const kept = new Set(after === undefined ? [] : historyFiles(tableId, after));
  const gone = historyFiles(tableId, before).filter((name) => !kept.has(name));
  return async () => {
    for (const name of gone) await context.fileSystem.remove(`${context.dataDir}/${name}`);
  };
}

/** Names of all files that are there for a history alone. */
export function historyFiles(tableId: number, { periods, retired }: TableHistory): string[] {
  return [
    ...retired.map(({ segment }) => segmentName(tableId, segment.fileId)),
    ...periods.flatMap(periodFiles).map(({ fileId }) => historyFileName(tableId, fileId)),
  ];
}
