import type { Writer } from '../../writer.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { Parameters } from '../../ports/kernel.ts';
import { alterTable, createTable, dropTable } from '../../table/ddl.ts';
import type { TableSchema } from '../../table/schema.ts';
import type { StagedRows } from '../../table/staged.ts';
import type { TableVersion } from '../../table/version.ts';
import type { AlterAction, AlterTableStatement, CreateTableStatement } from '../parse/statement.ts';
import { readColumn, readRelationSchema, readSchema } from './read-schema.ts';
import { requireColumn } from './require-column.ts';
import type { Session } from './session.ts';
import { applyOptions, findColumn, NO_OPTIONS } from './table-options.ts';

/** Returns the number of rows that CREATE TABLE … AS stored, if it is one. */
export async function runCreateTable(
  writer: Writer,
  session: Session,
  statement: CreateTableStatement,
  parameters?: Parameters,
): Promise<number | undefined> {
  const existing = writer.latest.tables.get(statement.name.toLowerCase());
  if (existing !== undefined && statement.ifNotExists) return undefined;
  if (existing !== undefined && !statement.orReplace) {
    throw new AlopexError(SqlState.duplicateTable, `table "${statement.name}" exists already`, {
      hint: 'Choose another name, or use CREATE TABLE IF NOT EXISTS or CREATE OR REPLACE TABLE.',
    });
  }
  if (statement.query !== undefined)
    return createFromQuery(writer, session, statement, existing, statement.query, parameters);
  const schema = await readSchema(session.connection, statement.name, statement.columns ?? '');
  await create(writer, session, statement, schema, existing, undefined);
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
    const schema = await readRelationSchema(connection, statement.name, relation);
    const [counted] = await connection.rows(`SELECT count(*) AS n FROM ${relation}`);
    const rows = { relation, rowCount: Number(counted?.['n'] ?? 0) };
    await create(writer, session, statement, schema, existing, rows);
    return rows.rowCount;
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${relation}`);
  }
}

async function create(
  writer: Writer,
  session: Session,
  statement: CreateTableStatement,
  schema: TableSchema,
  replaces: TableVersion | undefined,
  rows: StagedRows | undefined,
): Promise<void> {
  const options = await applyOptions(session.connection, NO_OPTIONS, schema, statement.options);
  // An address that cannot be opened is refused now, not when the first rows are tiered.
  writer.context.storage.open(options.coldStorage);
  await createTable(writer, session.connection, { name: statement.name, schema, options, replaces }, rows);
}

export async function runDropTable(writer: Writer, names: readonly string[], ifExists: boolean): Promise<void> {
  // All names are looked up before the first table goes.
  const tables = names.flatMap((name) =>
    ifExists ? (writer.latest.tables.get(name.toLowerCase()) ?? []) : writer.table(name),
  );
  for (const table of new Set(tables)) await dropTable(writer, table);
}

/** Every action of ALTER TABLE but moves between tiers. */
export async function runAlterTable(
  writer: Writer,
  session: Session,
  statement: AlterTableStatement & { action: Exclude<AlterAction, { kind: 'tier' }> },
): Promise<void> {
  if (statement.ifExists && !writer.latest.tables.has(statement.name.toLowerCase())) return;
  const table = writer.table(statement.name);
  const { action } = statement;
  switch (action.kind) {
    case 'set': {
      const options = await applyOptions(session.connection, table.options, table.schema, action.options);
      if (options.coldStorage !== table.options.coldStorage) {
        if (table.cold !== undefined) {
          throw new AlopexError(
            SqlState.objectInUse,
            `the cold rows of "${table.name}" are in its present cold_storage`,
            {
              hint: 'Move them back first: ALTER TABLE … TIER PARTITION WHERE true TO HOT.',
            },
          );
        }
        writer.context.storage.open(options.coldStorage);
      }
      await alterTable(writer, session.connection, table, { options });
      return;
    }
    case 'rename':
      await alterTable(writer, session.connection, table, { name: action.to });
      return;
    case 'add-column': {
      const schema = await withColumn(session, table, action);
      if (schema !== undefined) await alterTable(writer, session.connection, table, { schema });
      return;
    }
    case 'drop-column': {
      if (action.ifExists && findColumn(table.schema, action.column) === undefined) return;
      await alterTable(writer, session.connection, table, { schema: withoutColumn(table, action.column) });
      return;
    }
    case 'rename-column':
      await alterTable(writer, session.connection, table, { schema: withRenamed(table, action.from, action.to) });
  }
}

async function withColumn(
  session: Session,
  table: TableVersion,
  action: AlterAction & { kind: 'add-column' },
): Promise<TableSchema | undefined> {
  const { schema } = table;
  const added = await readColumn(session.connection, table.name, action.definition, schema.lastFieldId);
  if (findColumn(schema, added.column.name) !== undefined) {
    if (action.ifNotExists) return undefined;
    throw new AlopexError(
      SqlState.duplicateColumn,
      `table "${table.name}" has a column "${added.column.name}" already`,
    );
  }
  if (added.column.defaultSql !== undefined) {
    throw new AlopexError(SqlState.featureNotSupported, 'ADD COLUMN … DEFAULT is not supported', {
      hint: 'Add the column without a default, then UPDATE the rows.',
    });
  }
  if (added.column.required && (table.files.length > 0 || table.memtable.rowCount > 0)) {
    throw new AlopexError(
      SqlState.notNullViolation,
      `column "${added.column.name}" cannot be NOT NULL: the table has rows`,
    );
  }
  return nextSchema(schema, {
    columns: [...schema.columns, added.column],
    checks: [...schema.checks, ...added.checks],
    lastFieldId: added.lastFieldId,
  });
}

function withoutColumn(table: TableVersion, name: string): TableSchema {
  const { schema, options } = table;
  const column = requireColumn(table, name);
  const used =
    schema.primaryKey.includes(column.id) ||
    options.sortBy.includes(column.id) ||
    options.tierColumn === column.id ||
    options.partitionBy.some((field) => field.sourceId === column.id);
  if (used || schema.columns.length === 1 || schema.checks.length > 0) {
    throw new AlopexError(
      SqlState.invalidTableDefinition,
      `column "${column.name}" cannot be dropped: the table's definition uses it`,
      {
        hint: 'It is its last column, or in its primary key, sort_by, partition_by, tier_column or a CHECK constraint.',
      },
    );
  }
  return nextSchema(schema, { columns: schema.columns.filter((candidate) => candidate !== column) });
}

function withRenamed(table: TableVersion, from: string, to: string): TableSchema {
  const { schema } = table;
  const column = requireColumn(table, from);
  const other = findColumn(schema, to);
  if (other !== undefined && other !== column) {
    throw new AlopexError(SqlState.duplicateColumn, `table "${table.name}" has a column "${to}" already`);
  }
  if (schema.checks.length > 0) {
    throw new AlopexError(
      SqlState.featureNotSupported,
      `columns of "${table.name}" cannot be renamed: it has CHECK constraints`,
    );
  }
  return nextSchema(schema, {
    columns: schema.columns.map((candidate) => (candidate === column ? { ...column, name: to } : candidate)),
  });
}

function nextSchema(schema: TableSchema, change: Partial<TableSchema>): TableSchema {
  return { ...schema, ...change, schemaId: schema.schemaId + 1 };
}
