import { AlopexError, SqlState } from '../../../errors.ts';
import { initialSql } from '../../../table/evolution.ts';
import type { Column, TableSchema, UniqueKey } from '../../../table/schema.ts';
import { constraintNames, constraintSql, freeName, namedCheck } from '../constraint-names.ts';
import { readConstraint } from '../read-schema.ts';
import type { Alteration } from './alteration.ts';

/** `ADD [CONSTRAINT name] CHECK | UNIQUE | PRIMARY KEY …`. Throws `23502`, `23505` or `23514` when rows do not fulfil it. */
export async function withConstraint(alteration: Alteration, definition: string): Promise<TableSchema> {
  const { session, table, writer } = alteration;
  await session.prepareDefinitions(writer.latest, definition);
  const added = await readConstraint(session.connection, table.name, table.schema, definition);
  return mergeConstraints(alteration, table.schema, added);
}

/** `schema` with the constraints of `added`, after all rows are checked. `newColumn` is one that the rows do not have yet. */
export async function mergeConstraints(
  alteration: Alteration,
  schema: TableSchema,
  added: TableSchema,
  newColumn?: Column,
): Promise<TableSchema> {
  const { table } = alteration;
  const isSame = added.checks.length + added.primaryKey.length + (added.unique?.length ?? 0) === 0;
  if (isSame) return schema;
  const rows = await alteration.rows();
  const names = constraintNames(table.schema);
  const checks = added.checks.map((check) => {
    const { name = '', expression } = namedCheck(check);
    const free = freeName(name, names);
    names.add(free.toLowerCase());
    return constraintSql(free, `CHECK(${expression})`);
  });
  const columns = newColumn === undefined ? [] : [[newColumn, initialSql(newColumn)] as const];
  for (const check of checks) await rows.refuseViolations(check, columns);
  if (newColumn !== undefined && (added.primaryKey.length > 0 || added.unique !== undefined)) {
    throw new AlopexError(SqlState.featureNotSupported, 'a column cannot be added with a key', {
      hint: 'Add the column, UPDATE it, then ADD UNIQUE or ADD PRIMARY KEY.',
    });
  }
  const unique: UniqueKey[] = [];
  for (const key of added.unique ?? []) {
    await rows.refuseDuplicates(schema, key.columns);
    const name = freeName(key.name, names);
    names.add(name.toLowerCase());
    unique.push({ ...key, name });
  }
  const keyed = await withPrimaryKey(alteration, schema, added.primaryKey);
  const all = [...(schema.unique ?? []), ...unique];
  return { ...keyed, checks: [...schema.checks, ...checks], ...(all.length === 0 ? {} : { unique: all }) };
}

async function withPrimaryKey(
  { table, rows }: Alteration,
  schema: TableSchema,
  primaryKey: readonly number[],
): Promise<TableSchema> {
  if (primaryKey.length === 0) return schema;
  if (schema.primaryKey.length > 0) {
    throw new AlopexError(SqlState.invalidTableDefinition, `table "${table.name}" has a primary key already`);
  }
  const existing = await rows();
  const keys = schema.columns.filter((column) => primaryKey.includes(column.id));
  for (const column of keys) await existing.refuseNulls(column);
  await existing.refuseDuplicates(schema, primaryKey);
  return {
    ...schema,
    primaryKey,
    columns: schema.columns.map((column) => (keys.includes(column) ? { ...column, required: true } : column)),
  };
}

/** `undefined` when there is none and there need not be. The primary key goes by the name `<table>_pkey`. */
export function withoutConstraint(
  { table }: Pick<Alteration, 'table'>,
  name: string,
  mayBeMissing: boolean,
): TableSchema | undefined {
  const { schema } = table;
  const is = (other: string | undefined): boolean => other?.toLowerCase() === name.toLowerCase();
  const key = schema.unique?.find((candidate) => is(candidate.name) && candidate.isIndex !== true);
  if (key !== undefined) return withoutUnique(schema, key);
  const checks = schema.checks.filter((check) => !is(namedCheck(check).name));
  if (checks.length < schema.checks.length) return { ...schema, checks };
  if (schema.primaryKey.length > 0 && is(`${table.name}_pkey`)) return { ...schema, primaryKey: [] };
  if (mayBeMissing) return undefined;
  const names = [...constraintNames(schema)].join(', ');
  throw new AlopexError(SqlState.undefinedObject, `table "${table.name}" has no constraint "${name}"`, {
    hint: names === '' ? 'It has no named constraints.' : `It has ${names}.`,
  });
}

export function withoutUnique(schema: TableSchema, key: UniqueKey): TableSchema {
  const { unique = [], ...rest } = schema;
  const kept = unique.filter((candidate) => candidate !== key);
  return kept.length === 0 ? rest : { ...rest, unique: kept };
}
