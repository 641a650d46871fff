import { AlopexError, SqlState } from '../errors.ts';
import { displayName, MAIN_SCHEMA, objectKey, type ObjectName } from './object-name.ts';
import type { DatabaseVersion } from './version.ts';

/** Schemas that the kernel, the catalog or this database have for themselves. */
const RESERVED_SCHEMAS = /^(alopex.*|memory|temp|system|information_schema|pg_catalog)$/i;

export function isReservedSchema(name: string): boolean {
  return RESERVED_SCHEMAS.test(name);
}

export function hasSchema(version: DatabaseVersion, schemaName: string): boolean {
  return schemaName.toLowerCase() === MAIN_SCHEMA || version.definitions.hasSchema(schemaName);
}

/** Throws `3F000` when there is no schema of this name, and `42939` when nothing can be created in it. */
export function requireSchema(version: DatabaseVersion, schemaName: string): void {
  if (hasSchema(version, schemaName)) return;
  if (isReservedSchema(schemaName)) {
    throw new AlopexError(SqlState.reservedName, `schema "${schemaName}" is the system's own`, {
      hint: 'Choose another schema.',
    });
  }
  throw new AlopexError(SqlState.undefinedSchema, `schema "${schemaName}" does not exist`, {
    hint: 'CREATE SCHEMA makes one; SELECT name FROM alopex.schemas lists them.',
  });
}

/** Tables and views share their names. */
export function relationAt(
  version: DatabaseVersion,
  { schemaName, name }: Required<ObjectName>,
): 'table' | 'view' | undefined {
  if (version.tables.has(objectKey(schemaName, name))) return 'table';
  return version.definitions.find('view', { schemaName, name }, [schemaName]) === undefined ? undefined : 'view';
}

/** Throws `42P07` when there is a table or view of this name. */
export function refuseTaken(version: DatabaseVersion, name: Required<ObjectName>): void {
  const existing = relationAt(version, name);
  if (existing === undefined) return;
  throw new AlopexError(SqlState.duplicateTable, `${existing} "${displayName(name)}" exists already`, {
    hint: 'Choose another name.',
  });
}

/** For a statement about one kind of relation that names another. */
export function wrongKind(name: ObjectName, actual: 'table' | 'view', hint: string): AlopexError {
  const other = actual === 'table' ? 'view' : 'table';
  return new AlopexError(SqlState.wrongObjectType, `"${displayName(name)}" is a ${actual}, and not a ${other}`, {
    hint,
  });
}
