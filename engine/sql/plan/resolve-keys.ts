import { quoteIdentifier } from '../../table/data-type.ts';
import { UNKNOWN, type Literal, type Predicate } from './predicate.ts';

/** More different keys than these are taken as a range. */
const MAX_KEYS = 1000;

/** Reads keys: rows of one column as text, or `undefined` when the rows of the source are not to be read. */
export type KeyReader = (table: string, sqlOf: (relation: string) => string) => Promise<readonly KeyRow[] | undefined>;
export type KeyRow = Readonly<Record<string, unknown>>;

/** A predicate with the keys of joins in place of the joins. */
export async function resolveKeys(predicate: Predicate, read: KeyReader): Promise<Predicate> {
  switch (predicate.kind) {
    case 'and':
    case 'or': {
      const children: Predicate[] = [];
      for (const child of predicate.children) children.push(await resolveKeys(child, read));
      return { kind: predicate.kind, children };
    }
    case 'keys':
      return readKeys(predicate, read);
    case 'compare':
    case 'null':
    case 'prefix':
    case 'never':
    case 'unknown':
      return predicate;
  }
}

export function hasKeys(predicate: Predicate): boolean {
  if (predicate.kind === 'and' || predicate.kind === 'or') return predicate.children.some(hasKeys);
  return predicate.kind === 'keys';
}

async function readKeys({ operand, source }: Predicate & { kind: 'keys' }, read: KeyReader): Promise<Predicate> {
  const key = quoteIdentifier(source.column);
  const where = source.filters.map((filter) => ` AND (${filter})`).join('');
  const from = (relation: string): string => `FROM ${relation} WHERE ${key} IS NOT NULL${where}`;
  const keys = await read(
    source.table,
    (relation) => `SELECT k::VARCHAR AS k FROM (SELECT DISTINCT ${key} AS k ${from(relation)} LIMIT ${MAX_KEYS + 1})`,
  );
  if (keys === undefined) return UNKNOWN;
  const literal = (value: unknown): Literal => ({ text: String(value), written: 'text' });
  if (keys.length <= MAX_KEYS) {
    return {
      kind: 'or',
      children: keys.map(({ k }) => ({ kind: 'compare', operand, operator: '=', literal: literal(k) })),
    };
  }
  const [range] =
    (await read(
      source.table,
      (relation) => `SELECT min(${key})::VARCHAR AS low, max(${key})::VARCHAR AS high ${from(relation)}`,
    )) ?? [];
  if (range === undefined) return UNKNOWN;
  return {
    kind: 'and',
    children: [
      { kind: 'compare', operand, operator: '>=', literal: literal(range['low']) },
      { kind: 'compare', operand, operator: '<=', literal: literal(range['high']) },
    ],
  };
}
