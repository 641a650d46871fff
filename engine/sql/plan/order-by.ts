import { identifierValue, isKeyword, type Token } from '../lexer.ts';
import { splitList, type SimpleQuery } from './simple-query.ts';

/** `ORDER BY column … LIMIT n`, where every row of the table that matches is a row of the result. */
export interface TopRows {
  readonly column: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  /** Rows wanted, OFFSET included. */
  readonly wanted: number;
}

/** `undefined` when a query is not of that kind. `nullsFirst`: nulls may come first where the query does not say. */
export function readTopRows(query: SimpleQuery, nullsFirst: boolean): TopRows | undefined {
  if (!query.isPlain || query.limit === undefined) return undefined;
  const [tokens = []] = splitList(query.orderBy);
  const isQualified = tokens[1]?.text === '.' && isQualifier(tokens[0], query);
  const [name, ...rest] = isQualified ? tokens.slice(2) : tokens;
  const column = name === undefined ? undefined : identifierValue(name);
  if (column === undefined) return undefined;
  if (!isQualified && !query.items.every((item) => leavesName(item, column))) return undefined;
  if (!query.items.every(isOneRow)) return undefined;
  const descending = isKeyword(rest[0], 'DESC');
  const after = descending || isKeyword(rest[0], 'ASC') ? rest.slice(1) : rest;
  const top = { column, descending, wanted: query.limit };
  if (after.length === 0) return { ...top, nullsFirst };
  if (after.length !== 2 || !isKeyword(after[0], 'NULLS')) return undefined;
  if (isKeyword(after[1], 'LAST')) return { ...top, nullsFirst: false };
  return isKeyword(after[1], 'FIRST') ? { ...top, nullsFirst: true } : undefined;
}

function isQualifier(token: Token | undefined, { qualifier }: SimpleQuery): boolean {
  return token !== undefined && identifierValue(token)?.toLowerCase() === qualifier.toLowerCase();
}

/** Without calls there are no aggregates, window functions or `unnest`, so a row of the table is one of the result. */
function isOneRow(item: readonly Token[]): boolean {
  return !item.some(({ text }, index) => text === ':' || (text === '(' && isCall(item[index - 1])));
}

function isCall(before: Token | undefined): boolean {
  return before?.kind === 'identifier' || before?.kind === 'quotedIdentifier';
}

/** Whether an item is not called by this name, but for the column itself: an alias would hide the column. */
function leavesName(item: readonly Token[], column: string): boolean {
  const last = item.at(-1);
  const name = last === undefined ? undefined : identifierValue(last);
  if (name?.toLowerCase() !== column.toLowerCase()) return true;
  return item.length === 1 || (item.length === 3 && item[1]?.text === '.');
}
