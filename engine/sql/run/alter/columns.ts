import { AlopexError, SqlState } from '../../../errors.ts';
import { quoteIdentifier, sameType, typeSql } from '../../../table/data-type.ts';
import type { Column, TableSchema } from '../../../table/schema.ts';
import type { TableVersion } from '../../../table/version.ts';
import { identifierValue, significant, tokenize } from '../../lexer.ts';
import type { AlterAction, ColumnChange } from '../../parse/statement.ts';
import { namedCheck } from '../constraint-names.ts';
import { readColumn, readRenamed } from '../read-schema.ts';
import { requireColumn } from '../require-column.ts';
import { findColumn } from '../table-options.ts';
import type { Alteration } from './alteration.ts';
import { mergeConstraints } from './constraints.ts';
import { withoutIndexesOf } from './without-index.ts';
import { initialValue, widenedInitial } from './initial-value.ts';
import { refuseNarrowing } from './widening.ts';

/** `undefined` when there is nothing to do. */
export async function withColumn(
  alteration: Alteration,
  action: AlterAction & { kind: 'add-column' },
): Promise<TableSchema | undefined> {
  const { session, table, rows, writer } = alteration;
  const { schema } = table;
  const { connection } = session;
  await session.prepareDefinitions(writer.latest, action.definition);
  const { column, schema: added } = await readColumn(connection, table.name, action.definition, schema.lastFieldId);
  if (findColumn(schema, column.name) !== undefined) {
    if (action.ifNotExists) return undefined;
    throw new AlopexError(SqlState.duplicateColumn, `table "${table.name}" has a column "${column.name}" already`);
  }
  const isEmpty = await (await rows()).isEmpty();
  const initial =
    column.defaultSql === undefined || isEmpty ? undefined : await initialValue(connection, column, column.defaultSql);
  if (column.required && initial === undefined && !isEmpty) {
    throw new AlopexError(
      SqlState.notNullViolation,
      `column "${column.name}" cannot be NOT NULL: the table has rows, and they get no value`,
      { hint: 'Give the column a DEFAULT.' },
    );
  }
  const complete = initial === undefined ? column : { ...column, initial };
  const next = { ...schema, columns: [...schema.columns, complete], lastFieldId: added.lastFieldId };
  return mergeConstraints(alteration, next, added, complete);
}

export async function withoutColumn(
  { table }: Pick<Alteration, 'table'>,
  name: string,
  mayBeMissing: boolean,
): Promise<TableSchema | undefined> {
  const { schema } = table;
  if (mayBeMissing && findColumn(schema, name) === undefined) return undefined;
  const column = requireColumn(table, name);
  const reason = schema.columns.length === 1 ? 'it is the only one' : useOf(table, column);
  if (reason !== undefined) {
    throw new AlopexError(SqlState.invalidTableDefinition, `column "${column.name}" cannot be dropped: ${reason}`, {
      hint: 'Change or drop what uses it first: ALTER TABLE … SET (…), DROP CONSTRAINT, DROP INDEX.',
    });
  }
  const kept = withoutIndexesOf(schema, column.id);
  return { ...kept, columns: schema.columns.filter((candidate) => candidate !== column) };
}

/** What of a table's definition needs the column, if anything does. */
function useOf({ schema, options }: TableVersion, column: Column): string | undefined {
  if (schema.primaryKey.includes(column.id)) return 'it is in the primary key';
  const key = schema.unique?.find(({ columns }) => columns.includes(column.id));
  if (key !== undefined) return `it is in the UNIQUE constraint "${key.name}"`;
  if (options.sortBy.includes(column.id)) return 'it is in sort_by';
  if (options.tierColumn === column.id) return 'it is the tier_column';
  if (options.partitionBy.some((field) => field.sourceId === column.id)) return 'it is in partition_by';
  const check = schema.checks.find((candidate) => mentions(namedCheck(candidate).expression, column.name));
  if (check !== undefined) return `a constraint uses it: ${check}`;
  const generated = schema.columns.find(({ generatedSql = '' }) => mentions(generatedSql, column.name));
  return generated === undefined ? undefined : `the generated column "${generated.name}" uses it`;
}

/** Whether a name occurs in an expression: too often rather than too seldom. */
function mentions(sql: string, name: string): boolean {
  const tokens = significant(tokenize(sql));
  return tokens.some((token) => identifierValue(token)?.toLowerCase() === name.toLowerCase());
}

export async function withRenamed(
  { table, session, writer }: Alteration,
  from: string,
  to: string,
): Promise<TableSchema> {
  const { schema } = table;
  const column = requireColumn(table, from);
  const other = findColumn(schema, to);
  if (other !== undefined && other !== column) {
    throw new AlopexError(SqlState.duplicateColumn, `table "${table.name}" has a column "${to}" already`);
  }
  const sql = [...schema.checks, ...schema.columns.map(({ generatedSql = '' }) => generatedSql)];
  if (sql.some((text) => mentions(text, column.name))) {
    await session.prepareTarget(writer.latest, table);
    return { ...schema, ...(await readRenamed(session.connection, table.name, schema, column.name, to)) };
  }
  return {
    ...schema,
    columns: schema.columns.map((candidate) => (candidate === column ? { ...column, name: to } : candidate)),
  };
}

export async function withChanged(
  alteration: Alteration,
  name: string,
  change: ColumnChange,
): Promise<TableSchema | undefined> {
  const { table } = alteration;
  const { schema } = table;
  const column = requireColumn(table, name);
  switch (change.kind) {
    case 'set-default':
      refuseIdentityColumn(column);
      return replaced(schema, column, await withDefault(alteration, column, change.valueSql));
    case 'drop-default': {
      if (column.defaultSql === undefined) return undefined;
      refuseIdentityColumn(column);
      const { defaultSql: _, ...rest } = column;
      return replaced(schema, column, rest);
    }
    case 'set-not-null':
      if (column.required) return undefined;
      if (column.generatedSql !== undefined) throw generatedColumn(column);
      await (await alteration.rows()).refuseNulls(column);
      return replaced(schema, column, { ...column, required: true });
    case 'drop-not-null':
      if (!column.required) return undefined;
      if (schema.primaryKey.includes(column.id)) {
        throw new AlopexError(
          SqlState.invalidTableDefinition,
          `column "${column.name}" is in the primary key, which has no nulls`,
        );
      }
      refuseIdentityColumn(column);
      return replaced(schema, column, { ...column, required: false });
    case 'set-type':
      return withType(alteration, column, change.type);
    case 'move':
      return moved(table, column, change.after);
  }
}

async function withDefault({ session, table, writer }: Alteration, column: Column, sql: string): Promise<Column> {
  if (column.generatedSql !== undefined) throw generatedColumn(column);
  await session.prepareDefinitions(writer.latest, sql);
  const definition = `${quoteIdentifier(column.name)} ${typeSql(column.type)} DEFAULT ${sql}`;
  const { column: read } = await readColumn(session.connection, table.name, definition, 0);
  const { defaultSql: _, ...rest } = column;
  return read.defaultSql === undefined ? rest : { ...rest, defaultSql: read.defaultSql };
}

async function withType(alteration: Alteration, column: Column, type: string): Promise<TableSchema | undefined> {
  const { session, table, writer } = alteration;
  const { schema } = table;
  if (column.generatedSql !== undefined) throw generatedColumn(column);
  await session.prepareDefinitions(writer.latest, type);
  // A type of the user's own is written out by the kernel.
  const definition = `${quoteIdentifier(column.name)} ${type}`;
  const { column: read } = await readColumn(session.connection, table.name, definition, 0);
  if (read.required || read.defaultSql !== undefined) {
    throw new AlopexError(SqlState.syntaxError, 'TYPE takes a type alone', {
      hint: 'ALTER COLUMN … SET DEFAULT and SET NOT NULL are statements of their own.',
    });
  }
  if (sameType(column.type, read.type)) return undefined;
  refuseNarrowing(column.name, column.type, read.type);
  const users = schema.columns.filter(({ generatedSql = '' }) => mentions(generatedSql, column.name));
  if (users.length > 0 || table.options.partitionBy.some((field) => field.sourceId === column.id)) {
    throw new AlopexError(
      SqlState.featureNotSupported,
      `the type of column "${column.name}" cannot change: a generated column or partition_by uses it`,
    );
  }
  const initial = await widenedInitial(session.connection, column, read.type);
  const { initial: _, ...rest } = column;
  return replaced(schema, column, { ...rest, type: read.type, ...(initial === undefined ? {} : { initial }) });
}

function moved(table: TableVersion, column: Column, after: string | undefined): TableSchema | undefined {
  const { schema } = table;
  const target = after === undefined ? undefined : requireColumn(table, after);
  if (target === column) return undefined;
  const columns = schema.columns.filter((candidate) => candidate !== column);
  columns.splice(target === undefined ? 0 : columns.indexOf(target) + 1, 0, column);
  return { ...schema, columns };
}

export function replaced(schema: TableSchema, column: Column, by: Column): TableSchema {
  return { ...schema, columns: schema.columns.map((candidate) => (candidate === column ? by : candidate)) };
}

function refuseIdentityColumn({ name, identity }: Column): void {
  if (identity === undefined) return;
  throw new AlopexError(SqlState.syntaxError, `column "${name}" is an IDENTITY column, which counts and has no nulls`, {
    hint: 'ALTER COLUMN … DROP IDENTITY first.',
  });
}

function generatedColumn({ name }: Column): AlopexError {
  return new AlopexError(SqlState.featureNotSupported, `column "${name}" is generated: it cannot be altered`, {
    hint: 'Drop the column.',
  });
}
