import { quoteIdentifier, typeSql } from './data-type.ts';
import type { Column, DataType } from './schema.ts';

/**
 * How a column travels through the log, as Arrow. UUIDs go as text, for Arrow has no such type; everything else goes as it is.
 */
export function toLogSql(column: Column): string {
  const name = quoteIdentifier(column.name);
  const logged = logType(column.type);
  return typeSql(logged) === typeSql(column.type) ? name : `CAST(${name} AS ${typeSql(logged)}) AS ${name}`;
}

export function fromLogSql(column: Column): string {
  return `CAST(${quoteIdentifier(column.name)} AS ${typeSql(column.type)})`;
}

function logType(type: DataType): DataType {
  switch (type.kind) {
    case 'primitive':
      return type.name === 'UUID' ? { kind: 'primitive', name: 'VARCHAR' } : type;
    case 'list':
      return { ...type, element: logType(type.element) };
    case 'struct':
      return { kind: 'struct', fields: type.fields.map((field) => ({ ...field, type: logType(field.type) })) };
    case 'map':
      return { ...type, key: logType(type.key), value: logType(type.value) };
  }
}
