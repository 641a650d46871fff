import type { DataFile } from '../../table/data-file.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import { liveMemtableRows, type TableVersion } from '../../table/version.ts';
import { aggregateItems } from './aggregate-items.ts';
import type { FileTest } from './prune.ts';
import type { SimpleQuery } from './simple-query.ts';

/** What counts rows in place of a query, and the files that it reads. */
export interface CountAnswer {
  readonly sql: string;
  readonly files: readonly DataFile[];
  /** It reads no table at all, and takes no parameters. */
  readonly isConstant: boolean;
}

/**
 * What `SELECT count(*) FROM table [WHERE …]` comes to: how many rows each file has and how many of them are deleted is known, so only files of which some rows may match and others not are to
 * be read, and memory. `files` are those that may have matching rows; of those for which `matches` all rows match. `undefined` for other queries.
 */
export function countAnswer(
  query: SimpleQuery,
  table: TableVersion,
  files: readonly DataFile[],
  matches: FileTest,
): CountAnswer | undefined {
  const items = aggregateItems(query);
  if (items === undefined) return undefined;
  const toRead = files.filter((file) => !matches(file));
  let rowCount = 0;
  for (const file of files) if (matches(file)) rowCount += file.rowCount - (table.deletedRows.get(file.fileId) ?? 0);
  const isWhole = query.whereText === undefined;
  // Rows of an open transaction are not counted.
  const isConstant = toRead.length === 0 && table.overlay === undefined && (isWhole || liveMemtableRows(table) === 0);
  // Nothing is known that would save reading.
  if (!isConstant && toRead.length === files.length) return undefined;
  if (isConstant) rowCount += liveMemtableRows(table);
  const columns: string[] = [];
  for (const item of items) {
    if (item.kind !== 'count') return undefined;
    const sum = isConstant ? `${rowCount}::BIGINT` : `count(*) + ${rowCount}`;
    columns.push(`${sum} AS ${quoteIdentifier(item.alias ?? 'count_star()')}`);
  }
  return { sql: `SELECT ${columns.join(', ')}${isConstant ? '' : ` ${query.fromText}`}`, files: toRead, isConstant };
}
