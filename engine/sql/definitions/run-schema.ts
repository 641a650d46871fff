import { AlopexError, SqlState } from '../../errors.ts';
import { MAIN_SCHEMA } from '../../table/object-name.ts';
import { hasSchema, isReservedSchema } from '../../table/relations.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';
import type { Definition } from '../../table/definition.ts';
import type { Writer } from '../../writer.ts';
import type { DefinitionStatement } from '../parse/definition-statement.ts';
import { dropDefinitions, putDefinition } from './commit.ts';
import { refuseUsedSequences } from './sequences.ts';

export async function runCreateSchema(
  writer: Writer,
  { name, ifNotExists }: DefinitionStatement & { kind: 'create-schema' },
): Promise<void> {
  if (hasSchema(writer.latest, name)) {
    if (ifNotExists) return;
    throw new AlopexError(SqlState.duplicateSchema, `schema "${name}" exists already`, {
      hint: 'Choose another name, or use CREATE SCHEMA IF NOT EXISTS.',
    });
  }
  if (isReservedSchema(name)) {
    throw new AlopexError(SqlState.reservedName, `schema name "${name}" is reserved`, { hint: 'Choose another name.' });
  }
  const definitionId = writer.context.manifest.state.catalog.nextDefinitionId;
  await putDefinition(writer, { definitionId, kind: 'schema', schemaName: name, name, body: '' });
}

/** With CASCADE all that is in the schemas goes with them, in one edit. */
export async function runDropSchema(
  writer: Writer,
  { names, ifExists, cascade }: DefinitionStatement & { kind: 'drop-schema' },
): Promise<void> {
  const definitions = new Set<Definition>();
  const tables: TableVersion[] = [];
  for (const name of names) {
    const schema = findSchema(writer.latest, name, ifExists);
    if (schema === undefined || definitions.has(schema)) continue;
    const content = contentOf(writer.latest, name);
    if (!cascade) refuseContent(name, content);
    for (const definition of content.definitions) definitions.add(definition);
    definitions.add(schema);
    tables.push(...content.tables);
  }
  if (definitions.size === 0) return;
  const dropped = [...definitions];
  refuseUsedSequences(writer.latest, dropped, tables);
  await dropDefinitions(writer, dropped, tables);
}

function findSchema(version: DatabaseVersion, name: string, ifExists: boolean): Definition | undefined {
  if (name.toLowerCase() === MAIN_SCHEMA || isReservedSchema(name)) {
    throw new AlopexError(SqlState.dependentObjects, `schema "${name}" cannot be dropped: every database has it`);
  }
  const schema = version.definitions.find('schema', { schemaName: name, name }, [name]);
  if (schema !== undefined || ifExists) return schema;
  throw new AlopexError(SqlState.undefinedSchema, `schema "${name}" does not exist`, {
    hint: 'SELECT name FROM alopex.schemas lists the schemas.',
  });
}

interface SchemaContent {
  readonly tables: readonly TableVersion[];
  readonly definitions: readonly Definition[];
}

function contentOf(version: DatabaseVersion, name: string): SchemaContent {
  const isIn = ({ schemaName }: { readonly schemaName: string }): boolean =>
    schemaName.toLowerCase() === name.toLowerCase();
  return {
    tables: [...version.tables.values()].filter(isIn),
    definitions: version.definitions.all.filter((definition) => definition.kind !== 'schema' && isIn(definition)),
  };
}

function refuseContent(name: string, { tables, definitions }: SchemaContent): void {
  const [first] = [...tables.map((table) => `table "${table.name}"`), ...definitions.map(describe)];
  if (first === undefined) return;
  const count = tables.length + definitions.length;
  const more = count === 1 ? '' : ` and ${count - 1} more`;
  throw new AlopexError(SqlState.dependentObjects, `schema "${name}" is not empty: it has ${first}${more}`, {
    hint: 'DROP SCHEMA … CASCADE drops all of it.',
  });
}

function describe({ kind, name }: Definition): string {
  return `${kind.replace('-', ' ')} "${name}"`;
}
