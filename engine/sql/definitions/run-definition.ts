import { AlopexError, SqlState } from '../../errors.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { Definition, DefinitionKind } from '../../table/definition.ts';
import { displayName, lookUp, schemaOf, type ObjectName } from '../../table/object-name.ts';
import { refuseTaken, relationAt, requireSchema, wrongKind } from '../../table/relations.ts';
import { createKernelSequence, readSequenceBody } from '../../table/sequences.ts';
import type { Writer } from '../../writer.ts';
import type { AlterView, CreateDefinition, DropDefinition } from '../parse/definition-statement.ts';
import type { Session } from '../run/session.ts';
import { dropDefinitions, putDefinition } from './commit.ts';
import { bodyForKernel } from './sequence-names.ts';
import { refuseUsedSequences } from './sequences.ts';

const DUPLICATE: Readonly<Record<DefinitionKind, string>> = {
  schema: SqlState.duplicateSchema,
  view: SqlState.duplicateTable,
  sequence: SqlState.duplicateTable,
  type: SqlState.duplicateObject,
  macro: SqlState.duplicateFunction,
  'table-macro': SqlState.duplicateFunction,
};

const UNDEFINED: Readonly<Record<DefinitionKind, string>> = {
  schema: SqlState.undefinedSchema,
  view: SqlState.undefinedTable,
  sequence: SqlState.undefinedTable,
  type: SqlState.undefinedObject,
  macro: SqlState.undefinedFunction,
  'table-macro': SqlState.undefinedFunction,
};

/** The definition is checked against what there is now; what it names may go later. */
export async function runCreateDefinition(
  writer: Writer,
  session: Session,
  statement: CreateDefinition,
): Promise<void> {
  const { of, orReplace, ifNotExists } = statement;
  const name = { schemaName: schemaOf(statement.name, writer.searchPath), name: statement.name.name };
  requireSchema(writer.latest, name.schemaName);
  if (of === 'view' && relationAt(writer.latest, name) === 'table') {
    if (orReplace) throw wrongKind(name, 'table', 'Choose another name, or drop the table.');
    refuseTaken(writer.latest, name);
  }
  const existing = writer.latest.definitions.find(of, name, [name.schemaName]);
  if (existing !== undefined && ifNotExists) return;
  if (existing !== undefined && !orReplace) {
    throw new AlopexError(DUPLICATE[of], `${wordOf(of)} "${displayName(name)}" exists already`, {
      hint: `Choose another name, or use CREATE OR REPLACE ${wordOf(of).toUpperCase()}.`,
    });
  }
  const definitionId = existing?.definitionId ?? writer.context.manifest.state.catalog.nextDefinitionId;
  const typed: Definition = { definitionId, kind: of, ...name, body: statement.body };
  if (of === 'sequence') {
    const definition = { ...typed, body: await readSequenceBody(session.connection, statement.body) };
    if (existing !== undefined && writer.isInTransaction) {
      throw new AlopexError(
        SqlState.featureNotSupported,
        'CREATE OR REPLACE SEQUENCE cannot begin a sequence anew in a transaction: all connections share its values at once',
        { hint: 'Run it before or after the transaction, or DROP the sequence and CREATE another one.' },
      );
    }
    // One that is there already counts on until the manifest says that it begins anew: what it hands out meanwhile is skipped by the new one, at worst.
    if (existing !== undefined) await putDefinition(writer, definition, true);
    await createKernelSequence(session.connection, definition, undefined);
    if (existing === undefined) await putDefinition(writer, definition);
    return;
  }
  await putDefinition(writer, await checked(writer, session, typed));
}

/** As it is stored. Throws what the kernel has to say against it. */
async function checked(writer: Writer, session: Session, definition: Definition): Promise<Definition> {
  const { connection, catalog } = session;
  const { kind, schemaName, name } = definition;
  await session.prepare(writer.latest, `${quoteIdentifier(schemaName)} ${definition.body}`);
  if (kind !== 'view' && session.usesSequence) {
    throw new AlopexError(SqlState.featureNotSupported, `a ${wordOf(kind)} cannot take values from a sequence`, {
      hint: 'Call nextval in the statement itself, or in a view.',
    });
  }
  try {
    await catalog.check(definition, bodyForKernel(definition, writer.latest.definitions));
    if (kind !== 'type') return definition;
    // What other types and queries it was made of may change: the type itself does not.
    const [row] = await connection.rows(
      `SELECT typeof(CAST(NULL AS ${quoteIdentifier(schemaName)}.${quoteIdentifier(name)})) AS type`,
    );
    return { ...definition, body: `AS ${String(row?.['type'])}` };
  } catch (error) {
    throw catalog.explain(error);
  } finally {
    await catalog.discard(definition);
  }
}

export async function runDropDefinition(writer: Writer, { of, names, ifExists }: DropDefinition): Promise<void> {
  // All names are looked up before the first one goes.
  const found = new Set(names.flatMap((name) => findDefinition(writer, of, name, ifExists) ?? []));
  if (found.size === 0) return;
  refuseUsedSequences(writer.latest, [...found], []);
  await dropDefinitions(writer, [...found]);
}

/** Throws when there is none, unless it may be missing; a table in place of a view is an error anyway. */
export function findDefinition(
  { latest, searchPath }: Writer,
  of: DropDefinition['of'],
  name: ObjectName,
  mayBeMissing: boolean,
): Definition | undefined {
  for (const kind of of) {
    const found = latest.definitions.find(kind, name, searchPath);
    if (found !== undefined) return found;
  }
  const [kind] = of;
  if (kind === 'view' && lookUp(latest.tables, name, searchPath) !== undefined) {
    throw wrongKind(name, 'table', 'DROP TABLE, ALTER TABLE and COMMENT ON TABLE are for tables.');
  }
  if (mayBeMissing) return undefined;
  throw new AlopexError(UNDEFINED[kind], `${wordOf(kind)} "${displayName(name)}" does not exist`, {
    hint: `SELECT schema_name, name FROM alopex.${kind === 'table-macro' ? 'macro' : kind}s lists what there is.`,
  });
}

export async function runAlterView(writer: Writer, { name, ifExists, change }: AlterView): Promise<void> {
  const view = findDefinition(writer, ['view'], name, ifExists);
  if (view === undefined) return;
  const altered = { ...view, ...change };
  requireSchema(writer.latest, altered.schemaName);
  const isSame =
    altered.name.toLowerCase() === view.name.toLowerCase() &&
    altered.schemaName.toLowerCase() === view.schemaName.toLowerCase();
  if (!isSame) refuseTaken(writer.latest, altered);
  await putDefinition(writer, altered);
}

function wordOf(kind: DefinitionKind): string {
  return kind === 'table-macro' ? 'macro' : kind;
}
