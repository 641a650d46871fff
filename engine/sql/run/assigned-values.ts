import { AlopexError, SqlState } from '../../errors.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { TableVersion } from '../../table/version.ts';
import type { Assignment } from '../parse/statement.ts';
import { refuseGenerated } from './generated.ts';
import { refuseIdentity } from './given-identity.ts';
import { requireColumn } from './require-column.ts';

/** One expression for each column of the table: what it is assigned, or the column itself. */
export function assignedValues(table: TableVersion, target: string, set: readonly Assignment[]): string[] {
  const values = new Map<number, string>();
  for (const { column: name, valueSql } of set) {
    const column = requireColumn(table, name);
    if (values.has(column.id)) {
      throw new AlopexError(SqlState.syntaxError, `column "${column.name}" is assigned twice`);
    }
    // SET generated = DEFAULT says nothing new.
    if (valueSql !== undefined) {
      refuseGenerated(column);
      refuseIdentity(column);
    } else if (column.generatedSql !== undefined) continue;
    values.set(column.id, `(${valueSql ?? column.defaultSql ?? 'NULL'})`);
  }
  return table.schema.columns.map((column) => values.get(column.id) ?? `${target}.${quoteIdentifier(column.name)}`);
}

/** As `assignedValues`, under the names of the columns. */
export function assignedColumns(table: TableVersion, target: string, set: readonly Assignment[]): string[] {
  return assignedValues(table, target, set).map(
    (value, at) => `${value} AS ${quoteIdentifier(table.schema.columns[at]?.name ?? '')}`,
  );
}
