import { quoteIdentifier } from './data-type.ts';
import type { TableSchema } from './schema.ts';

/** `ORDER BY` for a table's files, or nothing. */
export function orderBySql(
  columns: TableSchema['columns'],
  sortBy: readonly number[],
  tieBreak: string | undefined,
): string {
  const keys = sortBy.flatMap((id) => {
    const column = columns.find((candidate) => candidate.id === id);
    return column === undefined ? [] : [`${quoteIdentifier(column.name)} ASC NULLS FIRST`];
  });
  if (tieBreak !== undefined) keys.push(tieBreak);
  return keys.length === 0 ? '' : ` ORDER BY ${keys.join(', ')}`;
}
