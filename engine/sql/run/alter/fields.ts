import { AlopexError, SqlState } from '../../../errors.ts';
import { typeSql } from '../../../table/data-type.ts';
import type { Column, DataType, Field, StructType, TableSchema } from '../../../table/schema.ts';
import type { TableVersion } from '../../../table/version.ts';
import { identifierValue, significant, tokenize } from '../../lexer.ts';
import type { AlterAction } from '../../parse/statement.ts';
import { readColumn } from '../read-schema.ts';
import { requireColumn } from '../require-column.ts';
import type { Alteration } from './alteration.ts';
import { replaced } from './columns.ts';
import { initialValue } from './initial-value.ts';

/** `ADD COLUMN s.f type`; `undefined` when there is nothing to do. */
export async function withField(
  { session, table, writer }: Alteration,
  action: AlterAction & { kind: 'add-column' },
): Promise<TableSchema | undefined> {
  const { schema } = table;
  const { connection } = session;
  await session.prepareDefinitions(writer.latest, action.definition);
  const { column: read, schema: added } = await readColumn(
    connection,
    table.name,
    action.definition,
    schema.lastFieldId,
  );
  if (read.required || added.checks.length > 0 || added.unique !== undefined) {
    throw new AlopexError(SqlState.featureNotSupported, 'a field takes a name, a type and a DEFAULT');
  }
  const { id, name, type } = read;
  const initial = read.defaultSql === undefined ? undefined : await initialValue(connection, read, read.defaultSql);
  const field: Field = { id, name, type, ...(initial === undefined ? {} : { initial }) };
  const changed = changeStruct(table, action.parent, (fields) => {
    if (findField(fields, name) === undefined) return [...fields, field];
    if (action.ifNotExists) return undefined;
    throw new AlopexError(SqlState.duplicateColumn, `${action.parent.join('.')} has a field "${name}" already`);
  });
  return changed === undefined ? undefined : { ...changed, lastFieldId: added.lastFieldId };
}

export function withoutField(
  { table }: Alteration,
  path: readonly string[],
  mayBeMissing: boolean,
): TableSchema | undefined {
  const name = path.at(-1) ?? '';
  return changeStruct(table, path.slice(0, -1), (fields) => {
    const field = findField(fields, name);
    if (field === undefined) {
      if (mayBeMissing) return undefined;
      throw noField(path);
    }
    if (fields.length > 1) return fields.filter((candidate) => candidate !== field);
    throw new AlopexError(SqlState.invalidTableDefinition, `${path.join('.')} is the only field of its STRUCT`, {
      hint: 'Drop the STRUCT instead.',
    });
  });
}

export function withRenamedField({ table }: Alteration, path: readonly string[], to: string): TableSchema | undefined {
  const name = path.at(-1) ?? '';
  return changeStruct(table, path.slice(0, -1), (fields) => {
    const field = findField(fields, name);
    if (field === undefined) throw noField(path);
    const other = findField(fields, to);
    if (other !== undefined && other !== field) {
      throw new AlopexError(SqlState.duplicateColumn, `${path.slice(0, -1).join('.')} has a field "${to}" already`);
    }
    return fields.map((candidate) => (candidate === field ? { ...field, name: to } : candidate));
  });
}

type FieldsChange = (fields: readonly Field[]) => readonly Field[] | undefined;

function changeStruct(table: TableVersion, path: readonly string[], change: FieldsChange): TableSchema | undefined {
  const [name = '', ...inner] = path;
  const column = requireColumn(table, name);
  refuseUsed(table, column);
  const type = changeType(column.type, inner, path, change);
  if (type === undefined) return undefined;
  // Its text has the fields that it had.
  if (column.initial !== undefined || column.defaultSql !== undefined) {
    throw new AlopexError(
      SqlState.featureNotSupported,
      `the fields of column "${column.name}" cannot change: it was added with a default, or has one`,
    );
  }
  return replaced(table.schema, column, { ...column, type });
}

/** `element`, `key` and `value` lead into lists and maps. */
function changeType(
  type: DataType,
  inner: readonly string[],
  path: readonly string[],
  change: FieldsChange,
): DataType | undefined {
  const [step, ...rest] = inner;
  const within = (part: DataType): DataType | undefined => changeType(part, rest, path, change);
  const word = step?.toLowerCase();
  if (type.kind === 'list' && type.length === undefined && word === 'element') {
    const element = within(type.element);
    return element === undefined ? undefined : { ...type, element };
  }
  if (type.kind === 'map' && word === 'value') {
    const value = within(type.value);
    return value === undefined ? undefined : { ...type, value };
  }
  if (type.kind !== 'struct') {
    throw new AlopexError(SqlState.datatypeMismatch, `${path.join('.')} leads to no STRUCT but to ${typeSql(type)}`, {
      hint: 'Fields are of STRUCTs; "element" leads into a list, "value" into a MAP.',
    });
  }
  if (step === undefined) return withFields(type, change(type.fields));
  const field = findField(type.fields, step);
  if (field === undefined) throw noField(path);
  const changed = within(field.type);
  if (changed === undefined) return undefined;
  if (field.initial !== undefined) {
    throw new AlopexError(
      SqlState.featureNotSupported,
      `the fields of ${path.join('.')} cannot change: it was added with a default`,
    );
  }
  const fields = type.fields.map((candidate) => (candidate === field ? { ...field, type: changed } : candidate));
  return withFields(type, fields);
}

function withFields(type: StructType, fields: readonly Field[] | undefined): StructType | undefined {
  return fields === undefined ? undefined : { ...type, fields };
}

function findField(fields: readonly Field[], name: string): Field | undefined {
  return fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
}

function noField(path: readonly string[]): AlopexError {
  return new AlopexError(SqlState.undefinedColumn, `there is no field ${path.join('.')}`);
}

/** Expressions may name the fields of a column, and keys hold all of it. */
function refuseUsed({ schema }: TableVersion, column: Column): void {
  const sql = [...schema.checks, ...schema.columns.map(({ generatedSql = '' }) => generatedSql)].join(' ');
  const isNamed = significant(tokenize(sql)).some(
    (token) => identifierValue(token)?.toLowerCase() === column.name.toLowerCase(),
  );
  const isKey =
    schema.primaryKey.includes(column.id) || schema.unique?.some(({ columns }) => columns.includes(column.id)) === true;
  if (!isNamed && !isKey) return;
  throw new AlopexError(
    SqlState.featureNotSupported,
    `the fields of column "${column.name}" cannot change: a constraint or a generated column uses it`,
  );
}
