import type { Writer } from '../../writer.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { Parameters } from '../../ports/kernel.ts';
import { createTable, dropTable, type NewTable } from '../../table/ddl.ts';
import { displayName, lookUp, MAIN_PATH, schemaOf, type ObjectName } from '../../table/object-name.ts';
import { relationAt, requireSchema, wrongKind } from '../../table/relations.ts';
import type { StagedRows } from '../../table/staged.ts';
import type { TableVersion } from '../../table/version.ts';
import type { CreateTableStatement } from '../parse/statement.ts';
import { withIdentities } from './identity.ts';
import { withLikeTables } from './like-table.ts';
import { readRelationSchema, readSchema } from './read-schema.ts';
import type { Session } from './session.ts';
import { applyOptions, NO_OPTIONS } from './table-options.ts';

/** Returns the number of rows that CREATE TABLE … AS stored, if it is one. */
export async function runCreateTable(
  writer: Writer,
  session: Session,
  statement: CreateTableStatement,
  parameters?: Parameters,
): Promise<number | undefined> {
  const name = { schemaName: schemaOf(statement.name, writer.searchPath), name: statement.name.name };
  requireSchema(writer.latest, name.schemaName);
  if (relationAt(writer.latest, name) === 'view')
    throw wrongKind(name, 'view', 'Choose another name, or drop the view.');
  const existing = lookUp(writer.latest.tables, name, MAIN_PATH);
  if (existing !== undefined && statement.ifNotExists) return undefined;
  if (existing !== undefined && !statement.orReplace) {
    throw new AlopexError(SqlState.duplicateTable, `table "${displayName(name)}" exists already`, {
      hint: 'Choose another name, or use CREATE TABLE IF NOT EXISTS or CREATE OR REPLACE TABLE.',
    });
  }
  if (statement.query !== undefined)
    return createFromQuery(writer, session, statement, existing, statement.query, parameters);
  const columns = withLikeTables(
    statement.columns ?? '',
    (like) => writer.table(like),
    (id) => writer.latest.definitions.all.find(({ definitionId }) => definitionId === id)?.body ?? '',
  );
  await session.prepareDefinitions(writer.latest, columns);
  const read = await readSchema(session.connection, name.name, columns);
  const { schema, sequences } = await withIdentities(writer, session.connection, name, read.schema, read.identities);
  await create(writer, session, statement, { schema, sequences, replaces: existing }, undefined);
  return undefined;
}

async function createFromQuery(
  writer: Writer,
  session: Session,
  statement: CreateTableStatement,
  existing: TableVersion | undefined,
  query: string,
  parameters?: Parameters,
): Promise<number> {
  const { connection } = session;
  const relation = 'temp.main.__alopex_result';
  await session.prepare(writer.latest, query, parameters);
  try {
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${relation} AS ${query}`, parameters);
    const schema = await readRelationSchema(connection, statement.name.name, relation);
    const [counted] = await connection.rows(`SELECT count(*) AS n FROM ${relation}`);
    const rows = { relation, rowCount: Number(counted?.['n'] ?? 0) };
    await create(writer, session, statement, { schema, replaces: existing }, rows);
    return rows.rowCount;
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${relation}`);
  }
}

async function create(
  writer: Writer,
  session: Session,
  statement: CreateTableStatement,
  definition: Pick<NewTable, 'schema' | 'replaces' | 'sequences'>,
  rows: StagedRows | undefined,
): Promise<void> {
  const { schema } = definition;
  const options = await applyOptions(session.connection, NO_OPTIONS, schema, statement.options);
  // An address that cannot be opened is refused now, not when the first rows are tiered.
  writer.context.storage.open(options.coldStorage);
  const { name } = statement.name;
  const schemaName = schemaOf(statement.name, writer.searchPath);
  await createTable(writer, session.connection, { ...definition, schemaName, name, options }, rows);
}

export async function runDropTable(writer: Writer, names: readonly ObjectName[], ifExists: boolean): Promise<void> {
  // All names are looked up before the first table goes.
  const tables = names.flatMap((name) => (ifExists && !isRelation(writer, name) ? [] : writer.table(name)));
  for (const table of new Set(tables)) await dropTable(writer, table);
}

/** A view counts too: what is for tables only says so of it. */
export function isRelation({ latest, searchPath }: Writer, name: ObjectName): boolean {
  return (
    lookUp(latest.tables, name, searchPath) !== undefined ||
    latest.definitions.find('view', name, searchPath) !== undefined
  );
}
