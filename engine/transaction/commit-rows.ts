import type { Engine } from '../engine.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { commitToLog, type TableChangeRequest } from '../table/commit.ts';
import { dropKernelTable } from '../table/kernel-tables.ts';
import { lookUp, MAIN_PATH } from '../table/object-name.ts';
import type { TableVersion } from '../table/version.ts';
import { withTable, type Writer } from '../writer.ts';
import { stageOverlay } from './stage-overlay.ts';
import { checkTableConflicts, type ChangedTable } from './table-conflicts.ts';
import type { TransactionWriter } from './transaction-writer.ts';

/** What is committed together with rows. */
export interface WithRows {
  /** Operations on keys. */
  readonly kv: Uint8Array;
  /** Throws when nothing must be committed. */
  readonly check: () => void;
}

/** Commits what a transaction has changed in rows, by one record of the log. Throws `40001` when a commit since its snapshot is in the way. */
export async function commitRows(
  engine: Engine,
  writer: Writer,
  connection: KernelConnection,
  { changed }: Pick<TransactionWriter, 'changed'>,
  { kv, check }: WithRows,
): Promise<void> {
  const tables = changed.map(({ now, before }): ChangedTable => {
    return { before, now, latest: lookUp(writer.latest.tables, now, MAIN_PATH) };
  });
  for (const table of tables) await checkTableConflicts(engine.context, connection, table);
  const staged: string[] = [];
  try {
    const requests: TableChangeRequest[] = [];
    for (const { now, latest } of tables) {
      await latest?.memtable.pending.load();
      requests.push(await stageOverlay(connection, now, latest as TableVersion, staged));
    }
    await writer.sequenced(async (seq) => {
      check();
      const { versions, durable } = await commitToLog(engine.context, connection, seq, requests, kv);
      engine.kv.apply(seq, kv);
      const version = versions.reduce((latest, table) => withTable(latest, table), writer.latest);
      writer.accept({ version: { ...version, seq }, durable, garbage: [] });
    });
  } finally {
    for (const relation of staged) await dropKernelTable(connection, relation);
  }
}
