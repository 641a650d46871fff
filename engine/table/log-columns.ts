import { quoteIdentifier, typeSql } from './data-type.ts';
import { fromStorageSql, toStorageSql } from './storage-sql.ts';
import { storageType } from './storage-type.ts';
import type { Column, DataType, PrimitiveName } from './schema.ts';

/**
 * How a column travels through the log, as Arrow. A column of types that Arrow has goes as it is, but for UUIDs, which go as text; any other goes as it is stored in files, so that what files cannot hold is
 * refused before it is committed.
 */
export function toLogSql(column: Column): string {
  const name = quoteIdentifier(column.name);
  const isArrow = hasArrowType(column.type);
  const value = isArrow ? name : toStorageSql(name, column.type);
  const from = typeSql(isArrow ? column.type : storageType(column.type));
  const to = typeSql(logType(column.type));
  if (from !== to) return `CAST(${value} AS ${to}) AS ${name}`;
  return value === name ? name : `${value} AS ${name}`;
}

export function fromLogSql(column: Column): string {
  const name = quoteIdentifier(column.name);
  if (hasArrowType(column.type)) return `CAST(${name} AS ${typeSql(column.type)})`;
  return fromStorageSql(`CAST(${name} AS ${typeSql(storageType(column.type))})`, column.type);
}

/** Types that come back out of Arrow as they went in. */
const ARROW_TYPES: ReadonlySet<PrimitiveName> = new Set([
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMP WITH TIME ZONE',
  'VARCHAR',
  'UUID',
  'BLOB',
]);

function hasArrowType(type: DataType): boolean {
  switch (type.kind) {
    case 'primitive':
      return ARROW_TYPES.has(type.name);
    case 'list':
      return type.length === undefined && hasArrowType(type.element);
    case 'struct':
      return type.fields.every((field) => hasArrowType(field.type));
    case 'map':
      return hasArrowType(type.key) && hasArrowType(type.value);
    case 'union':
    case 'interval':
      return false;
  }
}

function logType(type: DataType): DataType {
  return uuidAsText(hasArrowType(type) ? type : storageType(type));
}

function uuidAsText(type: DataType): DataType {
  switch (type.kind) {
    case 'primitive':
      return type.name === 'UUID' ? { kind: 'primitive', name: 'VARCHAR' } : type;
    case 'list':
      return { ...type, element: uuidAsText(type.element) };
    case 'struct':
      return { kind: 'struct', fields: type.fields.map((field) => ({ ...field, type: uuidAsText(field.type) })) };
    case 'map':
      return { ...type, key: uuidAsText(type.key), value: uuidAsText(type.value) };
    case 'union':
    case 'interval':
      return type;
  }
}
