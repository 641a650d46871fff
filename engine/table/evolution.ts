import { quoteIdentifier, quoteLiteral, typeSql } from './data-type.ts';
import type { Column, DataType, Field } from './schema.ts';
import { fromStorageSql } from './storage-sql.ts';
import { storageType } from './storage-type.ts';

/**
 * How values of files are read that were written when the table had another schema: fields are found by id, at every depth; types only ever widen; what is newer than the file has its initial value.
 */

/** A value of the type that a column had when it was written, as one of the type that it has now. */
export function evolvedSql(expression: string, from: DataType, to: DataType, depth = 0): string {
  if (isUnchanged(from, to)) return expression;
  const parameter = `__e${depth}`;
  if (from.kind === 'struct' && to.kind === 'struct') {
    const fields = to.fields.map((field) => {
      const source = from.fields.find((candidate) => candidate.id === field.id);
      const value =
        source === undefined
          ? initialSql(field)
          : evolvedSql(`struct_extract(${expression}, ${quoteLiteral(source.name)})`, source.type, field.type, depth);
      return `${quoteIdentifier(field.name)} := ${value}`;
    });
    return `CASE WHEN ${expression} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`;
  }
  if (from.kind === 'list' && to.kind === 'list') {
    const element = evolvedSql(parameter, from.element, to.element, depth + 1);
    return `list_transform(${expression}, lambda ${parameter}: ${element})`;
  }
  if (from.kind === 'map' && to.kind === 'map') {
    const key = evolvedSql(`${parameter}.key`, from.key, to.key, depth + 1);
    const value = evolvedSql(`${parameter}.value`, from.value, to.value, depth + 1);
    return `map_from_entries(list_transform(map_entries(${expression}), lambda ${parameter}: struct_pack(key := ${key}, value := ${value})))`;
  }
  return `CAST(${expression} AS ${typeSql(to)})`;
}

/** What a field or column is in rows that were written before it was added. */
export function initialSql({ type, initial }: Field): string {
  if (initial === undefined) return `CAST(NULL AS ${typeSql(type)})`;
  return fromStorageSql(`CAST(${quoteLiteral(initial)} AS ${typeSql(storageType(type))})`, type);
}

/** Whether two types are one and the same, ids of fields included: a field that was dropped and added again is another one. */
export function isUnchanged(from: DataType, to: DataType): boolean {
  if (typeSql(from) !== typeSql(to)) return false;
  switch (to.kind) {
    case 'struct':
      return from.kind === 'struct' && haveSameIds(from.fields, to.fields);
    case 'union':
      return from.kind === 'union' && haveSameIds(from.members, to.members);
    case 'list':
      return from.kind === 'list' && isUnchanged(from.element, to.element);
    case 'map':
      return from.kind === 'map' && isUnchanged(from.key, to.key) && isUnchanged(from.value, to.value);
    case 'primitive':
    case 'interval':
      return true;
  }
}

function haveSameIds(from: readonly Field[], to: readonly Field[]): boolean {
  return to.every((field, at) => {
    const source = from[at];
    return source?.id === field.id && isUnchanged(source.type, field.type);
  });
}

/** A column as it is now, out of a file written with these columns. */
export function readColumnSql(column: Column, written: readonly Column[], table: string): string {
  const source = written.find((candidate) => candidate.id === column.id);
  if (source === undefined) return initialSql(column);
  const value = fromStorageSql(`${table}.${quoteIdentifier(source.name)}`, source.type);
  return evolvedSql(value, source.type, column.type);
}
