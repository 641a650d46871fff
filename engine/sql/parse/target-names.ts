import { MAIN_SCHEMA, type ObjectName } from '../../table/object-name.ts';
import { identifierValue, isSignificant, tokenize } from '../lexer.ts';
import { TokenReader } from './token-reader.ts';

/**
 * The rest of a statement about a table without an alias: what names the table with its schema, as in `s.t.column`, names it without, for the rows that are changed come from a
 * relation that has the table's plain name.
 */
export function withPlainTarget(reader: TokenReader, table: ObjectName): TokenReader {
  const rest = reader.rest();
  return new TokenReader(plainTarget(rest, table));
}

export function plainTarget(sql: string, { schemaName = MAIN_SCHEMA, name }: ObjectName): string {
  const tokens = tokenize(sql);
  const solid = tokens.filter(isSignificant);
  const left = new Set<(typeof tokens)[number]>();
  for (const [at, token] of solid.entries()) {
    const [dot, table, next] = solid.slice(at + 1, at + 4);
    const isQualified =
      solid[at - 1]?.text !== '.' &&
      dot?.text === '.' &&
      next?.text === '.' &&
      identifierValue(token)?.toLowerCase() === schemaName.toLowerCase() &&
      table !== undefined &&
      identifierValue(table)?.toLowerCase() === name.toLowerCase();
    if (isQualified) left.add(token).add(dot);
  }
  if (left.size === 0) return sql;
  return tokens.map((token) => (left.has(token) ? '' : token.text)).join('');
}
