import type { KernelConnection } from '../ports/kernel.ts';
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
 * wins. Afterwards the transaction's deletes name the places where the rows are now.
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
  await checkDeletes(context, connection, { before, now, latest });
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

/** Throws `40001` when a table that was read has changed since, whichever of its rows were. To put rows into other files is no change. */
export function checkReads(read: ReadonlySet<number>, base: DatabaseVersion, latest: DatabaseVersion): void {
  if (read.size === 0) return;
  const now = new Map([...latest.tables.values()].map((table) => [table.tableId, table.contentSeq]));
  for (const table of base.tables.values()) {
    if (read.has(table.tableId) && now.get(table.tableId) !== table.contentSeq) {
      throw conflict(`changed table "${table.name}", which this transaction read`);
    }
  }
}

async function checkDeletes(
  context: EngineContext,
  connection: KernelConnection,
  { before, now, latest }: { before: TableVersion; now: ChangedTable['now']; latest: TableVersion },
): Promise<void> {
  const { name, overlay } = now;
  const changed = conflict(`changed a row of table "${name}" that this transaction changes too`);
  for (const { from, sql } of context.movedRows.since(latest.tableId, before.seq)) {
    if (from.length === 0) continue;
    const inThem = `FROM ${overlay.deletes} WHERE __file IN (${from.join(', ')}) LIMIT 1`;
    const [touched] = await connection.rows(`SELECT 1 AS found ${inThem}`);
    if (touched === undefined) continue;
    await connection.run(
      `UPDATE ${overlay.deletes} AS d SET __file = m.to_file, __pos = m.to_pos FROM (${sql}) AS m WHERE d.__file = m.from_file AND d.__pos = m.from_pos`,
    );
    // What was not live any more has not moved.
    const [gone] = await connection.rows(`SELECT 1 AS found ${inThem}`);
    if (gone !== undefined) throw changed;
  }
  // The rows were live in the snapshot: whatever deletes them came later, also what has a lower number since it has followed its row.
  const [clash] = await connection.rows(
    `SELECT 1 AS found FROM ${latest.deletesTable} AS d JOIN ${deletedCommitted(overlay)} AS o ON d.file_id = o.__file AND d.pos = o.__pos WHERE d.seq <= ${latest.seq} LIMIT 1`,
  );
  if (clash !== undefined) throw changed;
}
