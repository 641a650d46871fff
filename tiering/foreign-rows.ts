import { isDeepStrictEqual } from 'node:util';
import { storageType } from '../engine/table/storage-type.ts';
import type { TableVersion } from '../engine/table/version.ts';

/**
 * Why other engines must not add rows to a table: they do not know what its rows must be like, and a row that is not breaks queries or
 * keys. `undefined` when any row of the right columns will do.
 */
export function refusesForeignRows({ schema, schemas }: Pick<TableVersion, 'schema' | 'schemas'>): string | undefined {
  if (schema.primaryKey.length > 0) return 'it has a PRIMARY KEY, which others do not check';
  if ((schema.unique ?? []).length > 0) return 'it has a UNIQUE constraint, which others do not check';
  if (schema.checks.length > 0) return 'it has a CHECK constraint, which others do not check';
  const first = schemas[0];
  for (const column of schema.columns) {
    if (column.generatedSql !== undefined) return `its column ${column.name} is GENERATED, which others do not know`;
    const original = first?.columns.find(({ id }) => id === column.id);
    // Required from the start on, it is so in Iceberg's schema too.
    if (column.required && original?.required !== true) {
      return `its column ${column.name} has become NOT NULL, which others do not know`;
    }
    if (!isDeepStrictEqual(storageType(column.type), column.type)) {
      return `its column ${column.name} has a type that others do not know`;
    }
  }
  return undefined;
}
