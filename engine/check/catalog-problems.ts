import type { ManifestState } from '../lsm/state.ts';
import { definitionKey } from '../table/definition.ts';
import { displayName, MAIN_SCHEMA, objectKey } from '../table/object-name.ts';

/** What is wrong with schemas, views, macros, types and sequences: what no sequence of edits makes. */
export function catalogProblems({ catalog, tables }: ManifestState): string[] {
  const problems: string[] = [];
  const byKey = new Map<string, number>();
  const schemas = new Set([MAIN_SCHEMA]);
  for (const definition of catalog.definitions.values()) {
    const { definitionId, kind } = definition;
    const key = definitionKey(definition);
    const same = byKey.get(key);
    if (same !== undefined)
      problems.push(`definitions ${same} and ${definitionId} have one name, ${nameOf(definition)}`);
    byKey.set(key, definitionId);
    if (definitionId >= catalog.nextDefinitionId)
      problems.push(`the number of ${nameOf(definition)} was never given out`);
    if (kind === 'schema') schemas.add(definition.schemaName.toLowerCase());
  }
  for (const definition of catalog.definitions.values()) {
    const { kind, schemaName, name } = definition;
    if (!schemas.has(schemaName.toLowerCase())) problems.push(`${nameOf(definition)} is in a schema that is not there`);
    if (kind === 'view' && tableKeys(tables).has(objectKey(schemaName, name))) {
      problems.push(`a table has the name of ${nameOf(definition)}`);
    }
  }
  for (const table of tables.values()) {
    for (const { name, identity } of table.schemas.at(-1)?.columns ?? []) {
      if (identity === undefined || catalog.definitions.has(identity.sequenceId)) continue;
      problems.push(
        `column "${name}" of table "${displayName(table)}" counts by sequence ${identity.sequenceId}, which is not there`,
      );
    }
    if (schemas.has(table.schemaName.toLowerCase())) continue;
    problems.push(`table "${displayName(table)}" is in a schema that is not there`);
  }
  for (const id of catalog.reserved.keys()) {
    if (catalog.definitions.get(id)?.kind !== 'sequence') problems.push(`values of sequence ${id}, which is not there`);
  }
  return problems;
}

function tableKeys(tables: ManifestState['tables']): ReadonlySet<string> {
  return new Set([...tables.values()].map(({ schemaName, name }) => objectKey(schemaName, name)));
}

function nameOf(definition: { readonly kind: string; readonly schemaName: string; readonly name: string }): string {
  return `${definition.kind} "${displayName(definition)}"`;
}
