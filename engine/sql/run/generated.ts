import { AlopexError, SqlState } from '../../errors.ts';
import { quoteIdentifier, typeSql } from '../../table/data-type.ts';
import type { Column, TableSchema } from '../../table/schema.ts';

/** The columns that statements give values to: the kernel works out the others in the stage. */
export function givenColumns({ columns }: TableSchema): Column[] {
  return columns.filter((column) => column.generatedSql === undefined);
}

/** As `givenColumns`, for an INSERT into the stage and the query that it takes them from. */
export function givenList(schema: TableSchema): string {
  return givenColumns(schema)
    .map((column) => quoteIdentifier(column.name))
    .join(', ');
}

/** Columns of rows that have not been in the stage: generated ones are worked out anew. */
export function freshColumns({ columns }: TableSchema): string {
  return columns
    .map(({ name, type, generatedSql }) => {
      const column = quoteIdentifier(name);
      return generatedSql === undefined ? column : `CAST((${generatedSql}) AS ${typeSql(type)}) AS ${column}`;
    })
    .join(', ');
}

/** Throws `428C9` for a column that no statement can give a value to. */
export function refuseGenerated(column: Column): void {
  if (column.generatedSql === undefined) return;
  throw new AlopexError(SqlState.generatedAlways, `column "${column.name}" is generated: it cannot be given a value`, {
    hint: 'Leave it out; it follows from the other columns.',
  });
}
