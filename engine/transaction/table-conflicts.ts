import type { KernelConnection } from '../ports/kernel.ts';
import { MEMTABLE_FILE_ID, OVERLAY_FILE_ID } from '../table/data-file.ts';
import { quoteIdentifier } from '../table/data-type.ts';
import { scanSql } from '../table/scan.ts';
import { makeReadable } from '../table/readable.ts';
import type { EngineContext } from '../context.ts';
import type { DatabaseVersion, Overlay, TableVersion } from '../table/version.ts';
import { conflict } from './transaction-tree.ts';
import { addedRows, deletedCommitted } from './overlay-sql.ts';

/** A table that a transaction has changed: in its snapshot, with its changes, and as it is when the transaction commits. */
export interface ChangedTable {
  readonly before: TableVersion;
  readonly now: TableVersion & { readonly overlay: Overlay };
  readonly latest: TableVersion | undefined;
}

/**
 * Throws `40001` when commits since the snapshot deleted or replaced a row that the transaction deletes or replaces, or added one of its keys: the first committer
 * wins. Rows that have moved to another file since count as changed.
 */
export async function checkTableConflicts(
  context: EngineContext,
  connection: KernelConnection,
  { before, now, latest }: ChangedTable,
): Promise<void> {
  const { name, overlay } = now;
  if (latest?.tableId !== before.tableId) throw conflict(`dropped table "${name}"`);
  if (latest.schema.schemaId !== before.schema.schemaId) throw conflict(`changed the columns of table "${name}"`);
  if (latest.seq === before.seq) return;
  await checkDeletes(connection, { before, now, latest });
  const { columns, primaryKey, unique = [] } = before.schema;
  const keys = [primaryKey, ...unique.map((key) => key.columns)].filter((ids) => ids.length > 0);
  if (keys.length === 0) return;
  const readable = await makeReadable(context, latest, latest.files);
  for (const ids of keys) {
    const on = columns
      .filter((column) => ids.includes(column.id))
      .map(({ name }) => `s.${quoteIdentifier(name)} = t.${quoteIdentifier(name)}`)
      .join(' AND ');
    const [clash] = await connection.rows(
      `SELECT 1 AS found FROM ${addedRows(now, overlay)} AS s JOIN (${scanSql(readable, { positions: true })}) AS t ON ${on} ANTI JOIN ${deletedCommitted(overlay)} AS d ON t.__file = d.__file AND t.__pos = d.__pos LIMIT 1`,
    );
    if (clash !== undefined) throw conflict(`added a row to table "${name}" with a key that this transaction adds too`);
  }
}

/** Throws `40001` when a table that was read has changed since, whichever of its rows were. */
export function checkReads(read: ReadonlySet<number>, base: DatabaseVersion, latest: DatabaseVersion): void {
  if (read.size === 0) return;
  const now = new Map([...latest.tables.values()].map((table) => [table.tableId, table.seq]));
  for (const table of base.tables.values()) {
    if (read.has(table.tableId) && now.get(table.tableId) !== table.seq) {
      throw conflict(`changed table "${table.name}", which this transaction read`);
    }
  }
}

async function checkDeletes(
  connection: KernelConnection,
  { before, now, latest }: { before: TableVersion; now: ChangedTable['now']; latest: TableVersion },
): Promise<void> {
  const { name, overlay } = now;
  const touched = await connection.rows(
    `SELECT DISTINCT __file FROM ${overlay.deletes} WHERE __file <> ${OVERLAY_FILE_ID}`,
  );
  const live = new Set(latest.files.map((file) => file.fileId));
  if (latest.memtable.table === before.memtable.table) live.add(MEMTABLE_FILE_ID);
  if (touched.some((row) => !live.has(Number(row['__file'])))) {
    throw conflict(`moved rows of table "${name}" to another file that this transaction changes`);
  }
  const [clash] = await connection.rows(
    `SELECT 1 AS found FROM ${latest.deletesTable} AS d JOIN ${deletedCommitted(overlay)} AS o ON d.file_id = o.__file AND d.pos = o.__pos WHERE d.seq > ${before.seq} AND d.seq <= ${latest.seq} LIMIT 1`,
  );
  if (clash !== undefined) throw conflict(`changed a row of table "${name}" that this transaction changes too`);
}
