import { OVERLAY_FILE_ID } from '../table/data-file.ts';
import { quoteIdentifier } from '../table/data-type.ts';
import type { Overlay, TableVersion } from '../table/version.ts';

/** Positions of committed rows that a transaction has deleted: a relation (`__file`, `__pos`). */
export function deletedCommitted(overlay: Overlay): string {
  return `(SELECT __file, __pos FROM ${overlay.deletes} WHERE __file <> ${OVERLAY_FILE_ID})`;
}

/** Rows that a transaction has added and not deleted again: `__rid` and the table's columns. */
export function addedRows(version: TableVersion, overlay: Overlay): string {
  const columns = version.schema.columns.map((column) => quoteIdentifier(column.name)).join(', ');
  return `(SELECT __rid, ${columns} FROM ${overlay.rows} WHERE __rid NOT IN (SELECT __pos FROM ${overlay.deletes} WHERE __file = ${OVERLAY_FILE_ID}))`;
}
