import type { Definition } from '../../table/definition.ts';
import { MAIN_SCHEMA, type SearchPath } from '../../table/object-name.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';
import { identifierValue, tokenize } from '../lexer.ts';

/** What a text may refer to: a superset of what it does, for any name in it may be that of a column or an alias. */
export interface References {
  readonly tables: readonly TableVersion[];
  /** Each after those that it refers to. Schemas and sequences are not among them. */
  readonly definitions: readonly Definition[];
}

/** Every name in a text, in lower case. */
export function namesIn(text: string): Set<string> {
  return new Set(tokenize(text).flatMap((token) => identifierValue(token)?.toLowerCase() ?? []));
}

/** Everything there is. */
export function allReferences(version: DatabaseVersion): References {
  const everything = [...version.tables.values(), ...version.definitions.all];
  const names = everything.flatMap(({ schemaName, name }) => [schemaName.toLowerCase(), name.toLowerCase()]);
  return referencesOf(version, new Set(names), [MAIN_SCHEMA]);
}

/** The tables and definitions that a text can reach: by itself, and by way of views, macros and types. */
export function referencesOf(version: DatabaseVersion, names: ReadonlySet<string>, path: SearchPath): References {
  if (version.definitions.size === 0) {
    return {
      tables: [...version.tables.values()].filter(({ name }) => names.has(name.toLowerCase())),
      definitions: [],
    };
  }
  const tables = new Set<TableVersion>();
  const definitions = new Set<Definition>();
  const visited = new Set<Definition>();
  const visit = (mentioned: ReadonlySet<string>, schemas: readonly string[]): void => {
    const isReachable = ({ schemaName, name }: TableVersion | Definition): boolean =>
      mentioned.has(name.toLowerCase()) &&
      (mentioned.has(schemaName.toLowerCase()) ||
        schemas.some((each) => each.toLowerCase() === schemaName.toLowerCase()));
    for (const table of version.tables.values()) if (isReachable(table)) tables.add(table);
    for (const definition of version.definitions.all) {
      const { kind, schemaName } = definition;
      if (kind === 'schema' || kind === 'sequence' || visited.has(definition) || !isReachable(definition)) continue;
      visited.add(definition);
      visit(namesInBody(definition), [schemaName, ...schemas]);
      definitions.add(definition);
    }
  };
  visit(names, path);
  return { tables: [...tables], definitions: [...definitions] };
}

const namesByDefinition = new WeakMap<Definition, ReadonlySet<string>>();

function namesInBody(definition: Definition): ReadonlySet<string> {
  let names = namesByDefinition.get(definition);
  if (names === undefined) {
    names = namesIn(definition.body);
    namesByDefinition.set(definition, names);
  }
  return names;
}
