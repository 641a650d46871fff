import { quoteIdentifier } from './data-type.ts';

/** The schema that every database has. */
export const MAIN_SCHEMA = 'main';

/** The schema of the tables about the database itself. */
export const SYSTEM_SCHEMA = 'alopex';

/** Schemas in which plain names are looked for, in order; what is created by a plain name goes into the first. */
export type SearchPath = readonly [string, ...string[]];

export const MAIN_PATH: SearchPath = [MAIN_SCHEMA];

/** The name of a table, view or the like as a statement gives it. Tables and definitions are names of themselves. */
export interface ObjectName {
  /** Absent for a plain name, which is looked for along the search path. */
  readonly schemaName?: string;
  readonly name: string;
}

/** Key of an object among those of its kind; names are equal whatever their case. */
export function objectKey(schemaName: string, name: string): string {
  return `${quoteIdentifier(schemaName.toLowerCase())}.${quoteIdentifier(name.toLowerCase())}`;
}

/** The schema that a new object of this name goes into. */
export function schemaOf(name: ObjectName, path: SearchPath): string {
  return name.schemaName ?? path[0];
}

/** What a name stands for: the first that is found along the search path. */
export function lookUp<T>(
  objects: ReadonlyMap<string, T>,
  { schemaName, name }: ObjectName,
  path: SearchPath,
): T | undefined {
  for (const each of schemaName === undefined ? path : [schemaName]) {
    const found = objects.get(objectKey(each, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** For messages: as users write it. */
export function displayName({ schemaName, name }: ObjectName): string {
  return schemaName === undefined || schemaName.toLowerCase() === MAIN_SCHEMA ? name : `${schemaName}.${name}`;
}

/** For the kernel. */
export function qualifiedSql(schemaName: string, name: string): string {
  return `${quoteIdentifier(schemaName)}.${quoteIdentifier(name)}`;
}
