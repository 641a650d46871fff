import { MAIN_SCHEMA, type SearchPath } from '../../table/object-name.ts';
import { requireSchema } from '../../table/relations.ts';
import type { DatabaseVersion } from '../../table/version.ts';
import { stringValue, tokenize } from '../lexer.ts';
import { TokenReader } from '../parse/token-reader.ts';

/**
 * The value of `SET schema`, `SET search_path` or `USE`: names of schemas, as identifiers, strings, or a string with commas. `main` comes last when it is not named. Throws `3F000` for a schema
 * that does not exist.
 */
export function readSearchPath(version: DatabaseVersion, valueSql: string): SearchPath {
  const names = listOf(valueSql);
  for (const name of names) requireSchema(version, name);
  const [first = MAIN_SCHEMA, ...others] = names;
  const hasMain = names.some((name) => name.toLowerCase() === MAIN_SCHEMA);
  return [first, ...others, ...(hasMain || names.length === 0 ? [] : [MAIN_SCHEMA])];
}

function listOf(text: string): string[] {
  const reader = new TokenReader(text);
  const names: string[] = [];
  if (reader.atEnd) return names;
  do {
    const token = reader.peek();
    const inner = token === undefined ? undefined : stringValue(token);
    if (inner === undefined) names.push(reader.identifier('the name of a schema'));
    else {
      reader.next();
      if (tokenize(inner).length > 0) names.push(...listOf(inner));
    }
  } while (reader.acceptSymbol(','));
  reader.expectEnd();
  return names;
}
