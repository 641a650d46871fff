import { quoteIdentifier } from '../../table/data-type.ts';
import { liveMemtableRows, type TableVersion } from '../../table/version.ts';
import { aggregateItems } from './aggregate-items.ts';
import type { SimpleQuery } from './simple-query.ts';

/** What `SELECT count(*) FROM table` comes to, as a query without a table: how many rows each file has and how many of them are deleted is known. `undefined` for other queries. */
export function countAnswer(query: SimpleQuery, table: TableVersion): string | undefined {
  const items = aggregateItems(query);
  // Rows of an open transaction are not counted.
  if (items === undefined || table.overlay !== undefined) return undefined;
  let rowCount = liveMemtableRows(table);
  for (const file of table.files) rowCount += file.rowCount - (table.deletedRows.get(file.fileId) ?? 0);
  const columns: string[] = [];
  for (const item of items) {
    if (item.kind !== 'count') return undefined;
    columns.push(`${rowCount}::BIGINT AS ${quoteIdentifier(item.alias ?? 'count_star()')}`);
  }
  return `SELECT ${columns.join(', ')}`;
}
