import { quoteIdentifier } from '../../table/data-type.ts';
import type { TableSchema } from '../../table/schema.ts';
import { TokenReader } from '../parse/token-reader.ts';

/** The name and the expression of a CHECK as it is stored. */
export function namedCheck(check: string): { readonly name: string | undefined; readonly expression: string } {
  const reader = new TokenReader(check);
  const name = reader.accept('CONSTRAINT') ? reader.identifier('the name of a constraint') : undefined;
  reader.expect('CHECK');
  return { name, expression: reader.group() };
}

export function constraintSql(name: string | undefined, text: string): string {
  return name === undefined ? text : `CONSTRAINT ${quoteIdentifier(name)} ${text}`;
}

/** The name, with a number behind it if it is taken. `taken` are in lower case. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 0; ; number++) {
    const free = number === 0 ? name : `${name}${number}`;
    if (!taken.has(free.toLowerCase())) return free;
  }
}

/** Names of a table's constraints, in lower case. */
export function constraintNames({ checks, unique = [] }: TableSchema): Set<string> {
  const names = [...checks.map((check) => namedCheck(check).name), ...unique.map(({ name }) => name)];
  return new Set(names.flatMap((name) => name?.toLowerCase() ?? []));
}
