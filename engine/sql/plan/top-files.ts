import type { DataFile } from '../../table/data-file.ts';
import { compareBounds } from '../../table/bound-text.ts';
import type { Bound } from '../../table/bound.ts';
import type { TableVersion } from '../../table/version.ts';
import { identifierValue, isKeyword, type Token } from '../lexer.ts';
import { bindOperand } from './prune.ts';
import { splitList, type SimpleQuery } from './simple-query.ts';

/**
 * The files that can hold one of the first rows of `ORDER BY column LIMIT n`: files in order of their bounds hold enough rows up to some value, so nothing beyond that value is wanted. What ties with
 * it is read, as further columns may decide. `undefined` when a query is not of that kind.
 */
export function topFiles(
  query: SimpleQuery,
  table: TableVersion,
  files: readonly DataFile[],
): readonly DataFile[] | undefined {
  const order = query.limit === undefined ? undefined : firstOrder(query);
  const operand =
    order === undefined ? undefined : bindOperand({ path: [order.column], conversions: [] }, table.schema);
  if (order === undefined || operand === undefined) return undefined;
  const sign = order.descending ? -1 : 1;
  const ranges = files.map((file) => {
    const stats = file.stats.get(operand.leaf.id);
    const { lower, upper } = stats === undefined ? { lower: undefined, upper: undefined } : operand.range(stats);
    const [near, far] = order.descending ? [upper, lower] : [lower, upper];
    // Nulls come last, so rows without one come before them.
    const deleted = table.deletedRows.get(file.fileId) ?? 0;
    return { file, near, far, rows: file.rowCount - (stats?.nullCount ?? file.rowCount) - deleted };
  });
  const limit = thresholdOf(ranges, query.limit ?? 0, sign);
  if (limit === undefined) return undefined;
  return ranges
    .filter(({ near }) => near === undefined || sign * compareBounds(near, limit) <= 0)
    .map(({ file }) => file);
}

/** The value up to which the files are sure to hold `wanted` rows. */
function thresholdOf(
  ranges: readonly { readonly far: Bound | undefined; readonly rows: number }[],
  wanted: number,
  sign: number,
): Bound | undefined {
  const sure = ranges.flatMap(({ far, rows }) => (far === undefined || rows <= 0 ? [] : [{ far, rows }]));
  sure.sort((a, b) => sign * compareBounds(a.far, b.far));
  let rows = 0;
  for (const each of sure) {
    rows += each.rows;
    if (rows >= wanted) return each.far;
  }
  return undefined;
}

/** The column that decides the order first, when every row of the table is a row of the result. */
function firstOrder(query: SimpleQuery): { column: string; descending: boolean } | undefined {
  const isWhole = query.where?.kind === 'and' && query.where.children.length === 0;
  if (!query.isPlain || !isWhole) return undefined;
  const [tokens = []] = splitList(query.orderBy);
  const [name, ...rest] = tokens;
  const column = name === undefined ? undefined : identifierValue(name);
  if (column === undefined || !query.items.every((item) => isPlainItem(item, column))) return undefined;
  const descending = isKeyword(rest[0], 'DESC');
  const after = descending || isKeyword(rest[0], 'ASC') ? rest.slice(1) : rest;
  const nullsLast = after.length === 2 && isKeyword(after[0], 'NULLS') && isKeyword(after[1], 'LAST');
  return after.length === 0 || nullsLast ? { column, descending } : undefined;
}

/** `*`, a column or `table.column`, maybe under another name than that of the column that orders: an alias would hide the column. */
function isPlainItem(item: readonly Token[], column: string): boolean {
  const [first] = item;
  if (item.length === 1 && first?.text === '*') return true;
  if (first === undefined || identifierValue(first) === undefined) return false;
  const rest = item[1]?.text === '.' ? item.slice(3) : item.slice(1);
  if (rest.length === 0) return true;
  const alias = rest.at(-1);
  const name = alias === undefined ? undefined : identifierValue(alias);
  const isAlias = rest.length === 1 || (rest.length === 2 && isKeyword(rest[0], 'AS'));
  return isAlias && name !== undefined && name.toLowerCase() !== column.toLowerCase();
}
