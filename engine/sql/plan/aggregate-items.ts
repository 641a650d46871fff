import { identifierValue, isKeyword, type Token } from '../lexer.ts';
import type { SimpleQuery } from './simple-query.ts';

/** `count(*)`, or `min` or `max` of a column. */
export type AggregateItem =
  | { readonly kind: 'count'; readonly alias: string | undefined }
  | { readonly kind: 'min' | 'max'; readonly column: string };

/** The select list of a query when it consists of such items only. */
export function aggregateItems(query: SimpleQuery): readonly AggregateItem[] | undefined {
  if (!query.isPlain || query.orderBy.length > 0 || query.isLimited) return undefined;
  const items = query.items.map(readItem);
  return items.every((item) => item !== undefined) ? items : undefined;
}

function readItem(tokens: readonly Token[]): AggregateItem | undefined {
  const [name, open, ...rest] = tokens;
  if (open?.text !== '(') return undefined;
  const close = rest.findIndex(({ text }) => text === ')');
  const argument = rest.slice(0, close);
  const alias = readAlias(rest.slice(close + 1));
  if (close < 0 || alias === undefined) return undefined;
  if (isKeyword(name, 'COUNT')) {
    const isStar = argument.length === 0 || (argument.length === 1 && argument[0]?.text === '*');
    return isStar ? { kind: 'count', alias: alias.name } : undefined;
  }
  const [column] = argument;
  const value = column === undefined ? undefined : identifierValue(column);
  if (value === undefined || argument.length !== 1) return undefined;
  if (isKeyword(name, 'MIN')) return { kind: 'min', column: value };
  return isKeyword(name, 'MAX') ? { kind: 'max', column: value } : undefined;
}

/** `[AS] name`, or nothing; `undefined` for anything else. */
function readAlias(tokens: readonly Token[]): { name: string | undefined } | undefined {
  if (tokens.length === 0) return { name: undefined };
  const rest = isKeyword(tokens[0], 'AS') ? tokens.slice(1) : tokens;
  const [token] = rest;
  const name = rest.length === 1 && token !== undefined ? identifierValue(token) : undefined;
  return name === undefined ? undefined : { name };
}
