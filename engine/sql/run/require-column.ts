import { AlopexError, SqlState } from '../../errors.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { Column } from '../../table/schema.ts';
import type { TableVersion } from '../../table/version.ts';
import { findColumn } from './table-options.ts';

/** The column of this name; throws `42703` when the table has none. */
export function requireColumn(table: Pick<TableVersion, 'name' | 'schema'>, name: string): Column {
  const column = findColumn(table.schema, name);
  if (column !== undefined) return column;
  throw new AlopexError(SqlState.undefinedColumn, `table "${table.name}" has no column "${name}"`, {
    hint: `Its columns are ${table.schema.columns.map((candidate) => quoteIdentifier(candidate.name)).join(', ')}.`,
  });
}
