import { quoteIdentifier, typeSql } from '../../table/data-type.ts';
import type { ObjectName } from '../../table/object-name.ts';
import type { Column } from '../../table/schema.ts';
import type { TableVersion } from '../../table/version.ts';
import { sequenceRange } from '../../table/sequence-bounds.ts';
import { TokenReader } from '../parse/token-reader.ts';
import { columnNames } from './catalog-constraints.ts';

const PARTS = ['DEFAULTS', 'CONSTRAINTS', 'INDEXES', 'IDENTITY', 'GENERATED'] as const;
/** Of PostgreSQL: what our tables do not have, or have otherwise. */
const OTHERS = ['COMMENTS', 'COMPRESSION', 'STATISTICS', 'STORAGE'];

type Part = (typeof PARTS)[number];

/** The columns of CREATE TABLE with `LIKE t [INCLUDING | EXCLUDING part …]` written out: columns, types and NOT NULL, and the parts that it includes. */
export function withLikeTables(
  columnsSql: string,
  find: (name: ObjectName) => TableVersion,
  sequenceBody: (definitionId: number) => string,
): string {
  if (!/\blike\b/i.test(columnsSql)) return columnsSql;
  const list = new TokenReader(columnsSql);
  const items = list.listUntil(list.end).flatMap((item) => {
    const reader = new TokenReader(item);
    if (!reader.accept('LIKE')) return [item];
    const table = find(reader.objectName('a table name'));
    const parts = readParts(reader);
    return [...table.schema.columns.map((column) => columnSql(column, parts, sequenceBody)), ...keysSql(table, parts)];
  });
  return items.join(', ');
}

function readParts(reader: TokenReader): ReadonlySet<Part> {
  const parts = new Set<Part>();
  while (!reader.atEnd) {
    const isIncluded = reader.accept('INCLUDING');
    if (!isIncluded) reader.expect('EXCLUDING');
    if (OTHERS.some((word) => reader.accept(word))) continue;
    const named = PARTS.filter((word) => reader.accept(word));
    const meant = named.length === 0 && reader.accept('ALL') ? PARTS : named;
    if (meant.length === 0) throw reader.error(`expected ALL, ${PARTS.join(', ')}`);
    for (const part of meant) {
      if (isIncluded) parts.add(part);
      else parts.delete(part);
    }
  }
  return parts;
}

function columnSql(column: Column, parts: ReadonlySet<Part>, sequenceBody: (definitionId: number) => string): string {
  const { name, type, required, defaultSql, generatedSql, identity } = column;
  const declared = `${quoteIdentifier(name)} ${typeSql(type)}`;
  if (generatedSql !== undefined && parts.has('GENERATED')) return `${declared} GENERATED ALWAYS AS (${generatedSql})`;
  const notNull = required ? ' NOT NULL' : '';
  if (identity !== undefined) {
    if (!parts.has('IDENTITY')) return declared + notNull;
    const { start, increment, minimum, maximum } = sequenceRange(sequenceBody(identity.sequenceId));
    const range = `START WITH ${start} INCREMENT BY ${increment} MINVALUE ${minimum} MAXVALUE ${maximum}`;
    return `${declared} GENERATED ${identity.always ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY (${range})`;
  }
  const standard = defaultSql !== undefined && parts.has('DEFAULTS') ? ` DEFAULT (${defaultSql})` : '';
  return declared + notNull + standard;
}

/** A copied index is a constraint: its name belongs to the other. */
function keysSql({ schema }: TableVersion, parts: ReadonlySet<Part>): string[] {
  const list = (ids: readonly number[]): string => columnNames(schema, ids).map(quoteIdentifier).join(', ');
  const keys = parts.has('INDEXES') ? (schema.unique ?? []).map(({ columns }) => `UNIQUE (${list(columns)})`) : [];
  const hasPrimary = parts.has('INDEXES') && schema.primaryKey.length > 0;
  const primary = hasPrimary ? [`PRIMARY KEY (${list(schema.primaryKey)})`] : [];
  return [...(parts.has('CONSTRAINTS') ? schema.checks : []), ...primary, ...keys];
}
