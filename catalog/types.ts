import { AlopexError, SqlState } from '../engine/errors.ts';
import type { Column, DataType, StoredName, TableSchema } from '../engine/table/schema.ts';
import { storageType, type StoredPrimitive, type StoredType } from '../engine/table/storage-type.ts';

/** A primitive is its name (`int`, `decimal(9, 2)`, `fixed[16]`); nested types are objects, as in the table metadata's JSON. */
export type IcebergType = string | IcebergStruct | IcebergList | IcebergMap;

export interface IcebergField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: IcebergType;
}

export interface IcebergStruct {
  readonly type: 'struct';
  readonly fields: readonly IcebergField[];
}

export interface IcebergList {
  readonly type: 'list';
  readonly 'element-id': number;
  readonly element: IcebergType;
  readonly 'element-required': boolean;
}

export interface IcebergMap {
  readonly type: 'map';
  readonly 'key-id': number;
  readonly key: IcebergType;
  readonly 'value-id': number;
  readonly value: IcebergType;
  readonly 'value-required': boolean;
}

export interface IcebergSchema extends IcebergStruct {
  readonly 'schema-id': number;
  readonly 'identifier-field-ids'?: readonly number[];
}

const toIcebergName: Readonly<Record<Exclude<StoredName, 'DECIMAL'>, string>> = {
  BOOLEAN: 'boolean',
  INTEGER: 'int',
  BIGINT: 'long',
  FLOAT: 'float',
  DOUBLE: 'double',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  VARCHAR: 'string',
  UUID: 'uuid',
  BLOB: 'binary',
};

const fromIcebergName: ReadonlyMap<string, StoredName> = new Map([
  ['boolean', 'BOOLEAN'],
  ['int', 'INTEGER'],
  ['long', 'BIGINT'],
  ['float', 'FLOAT'],
  ['double', 'DOUBLE'],
  ['date', 'DATE'],
  ['time', 'TIME'],
  ['timestamp', 'TIMESTAMP'],
  ['timestamptz', 'TIMESTAMP WITH TIME ZONE'],
  ['string', 'VARCHAR'],
  ['uuid', 'UUID'],
  ['binary', 'BLOB'],
]);

/** The Iceberg type that holds every value of `type`. Several types are stored as one, so that the way back is not exact. */
export function toIcebergType(type: DataType): IcebergType {
  return storedToIceberg(storageType(type));
}

function storedToIceberg(type: StoredType): IcebergType {
  if (type.kind === 'primitive') return primitiveToIceberg(type);
  if (type.kind === 'list') {
    return {
      type: 'list',
      'element-id': type.elementId,
      element: storedToIceberg(type.element),
      'element-required': false,
    };
  }
  if (type.kind === 'struct') {
    const fields = type.fields.map(({ id, name, type }) => ({
      id,
      name,
      required: false,
      type: storedToIceberg(type),
    }));
    return { type: 'struct', fields };
  }
  return {
    type: 'map',
    'key-id': type.keyId,
    key: storedToIceberg(type.key),
    'value-id': type.valueId,
    value: storedToIceberg(type.value),
    'value-required': false,
  };
}

function primitiveToIceberg(type: StoredPrimitive): string {
  if (type.name !== 'DECIMAL') return toIcebergName[type.name];
  const { precision, scale } = type;
  if (precision === undefined || scale === undefined || precision < 1 || precision > 38 || scale > precision) {
    throw new AlopexError(
      SqlState.invalidTableDefinition,
      `DECIMAL(${String(precision)}, ${String(scale)}) is not an Iceberg type`,
    );
  }
  return `decimal(${String(precision)}, ${String(scale)})`;
}

/** The engine's type for an Iceberg type. Throws `0A000` for types of later format versions, such as `timestamp_ns`. */
export function fromIcebergType(type: IcebergType): StoredType {
  if (typeof type === 'string') return primitiveFromIceberg(type);
  if (type.type === 'list') {
    return { kind: 'list', elementId: type['element-id'], element: fromIcebergType(type.element) };
  }
  if (type.type === 'struct') {
    const fields = type.fields.map(({ id, name, type }) => ({ id, name, type: fromIcebergType(type) }));
    return { kind: 'struct', fields };
  }
  return {
    kind: 'map',
    keyId: type['key-id'],
    key: fromIcebergType(type.key),
    valueId: type['value-id'],
    value: fromIcebergType(type.value),
  };
}

function primitiveFromIceberg(type: string): StoredPrimitive {
  const decimal = decimalOf(type);
  if (decimal !== undefined) return { kind: 'primitive', name: 'DECIMAL', ...decimal };
  const name = fixedLength(type) === undefined ? fromIcebergName.get(type) : 'BLOB';
  if (name === undefined) {
    throw new AlopexError(SqlState.featureNotSupported, `Iceberg type ${type} is not supported`);
  }
  return { kind: 'primitive', name };
}

/** Precision and scale of `decimal(P, S)`, or `undefined` for another type. */
export function decimalOf(type: string): { precision: number; scale: number } | undefined {
  const match = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(type);
  return match === null ? undefined : { precision: Number(match[1]), scale: Number(match[2]) };
}

/** Length in bytes of `fixed[L]`, or `undefined` for another type. */
export function fixedLength(type: string): number | undefined {
  const match = /^fixed\[(\d+)\]$/.exec(type);
  return match === null ? undefined : Number(match[1]);
}

/**
 * The Iceberg form of a schema. A column is `required` only when it was so from the table's first schema on
 * (`previous`): version 2 has no default values, and readers reject a file that lacks a required column.
 */
export function toIcebergSchema(schema: TableSchema, previous?: IcebergSchema): IcebergSchema {
  const wasRequired = (column: Column) =>
    previous === undefined || previous.fields.some(({ id, required }) => id === column.id && required);
  const fields = schema.columns.map((column) => ({
    id: column.id,
    name: column.name,
    required: column.required && wasRequired(column),
    type: toIcebergType(column.type),
  }));
  // A part of a key is no key: all its columns can be identifier fields, or none is.
  const canIdentify = schema.primaryKey.every((id) =>
    fields.some((field) => field.id === id && field.required && field.type !== 'float' && field.type !== 'double'),
  );
  return {
    type: 'struct',
    'schema-id': schema.schemaId,
    ...(canIdentify && schema.primaryKey.length > 0 ? { 'identifier-field-ids': schema.primaryKey } : {}),
    fields,
  };
}

/** Primitive types by field id, nested ones included. Later schemas win, for types only ever widen. */
export function primitiveTypes(schemas: readonly IcebergSchema[]): ReadonlyMap<number, string> {
  const types = new Map<number, string>();
  const visit = (id: number, type: IcebergType): void => {
    if (typeof type === 'string') {
      types.set(id, type);
    } else if (type.type === 'struct') {
      for (const field of type.fields) visit(field.id, field.type);
    } else if (type.type === 'list') {
      visit(type['element-id'], type.element);
    } else {
      visit(type['key-id'], type.key);
      visit(type['value-id'], type.value);
    }
  };
  for (const schema of schemas) for (const field of schema.fields) visit(field.id, field.type);
  return types;
}
