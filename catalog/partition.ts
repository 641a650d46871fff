import { AlopexError, SqlState } from '../engine/errors.ts';
import type { PartitionField, PartitionValue } from '../engine/ports/cold-table.ts';
import {
  decimalBytes,
  decimalValue,
  encodeValue,
  expectInteger,
  expectKind,
  uuidBytes,
  uuidText,
} from './single-value.ts';
import { decimalOf, fixedLength } from './types.ts';
import type { Optional } from './avro-file.ts';

/** One field of a partition spec, in the table metadata's JSON. */
export interface SpecField {
  readonly 'source-id': number;
  readonly 'field-id': number;
  readonly name: string;
  readonly transform: string;
}

export interface PartitionSpec {
  readonly 'spec-id': number;
  readonly fields: readonly SpecField[];
}

/** A partition field made ready for use: what its values are, and how Avro holds them. */
export interface PartitionColumn {
  readonly fieldId: number;
  readonly name: string;
  /** Iceberg type of the partition values. */
  readonly type: string;
  /** Name of the field in the Avro record, where fewer characters are allowed than in a column's name. */
  readonly avroName: string;
  readonly avroType: AvroValueType;
}

/** A type of partition values in Avro, and the name of its branch in a union. */
export interface AvroValueType {
  readonly schema: unknown;
  readonly branch: string;
}

/** The lowest partition field id is 1000, so that they never meet the ids of columns in a manifest's schema. */
export const firstPartitionFieldId = 1000;

/** The transforms' result types (specification, Partition Transforms). */
export function partitionType(transform: string, sourceType: string): string {
  if (transform === 'identity' || transform.startsWith('truncate[')) return sourceType;
  if (transform === 'day') return 'date';
  if (['year', 'month', 'hour'].includes(transform) || transform.startsWith('bucket[')) return 'int';
  throw new AlopexError(SqlState.featureNotSupported, `partition transform ${transform} is not supported`);
}

export function partitionColumns(spec: PartitionSpec, types: ReadonlyMap<number, string>): readonly PartitionColumn[] {
  return spec.fields.map((field) => {
    const sourceType = types.get(field['source-id']);
    if (sourceType === undefined) {
      throw new AlopexError(
        SqlState.invalidTableDefinition,
        `partition field ${field.name} is made from field ${String(field['source-id'])}, which is no primitive column`,
      );
    }
    const type = partitionType(field.transform, sourceType);
    return {
      fieldId: field['field-id'],
      name: field.name,
      type,
      avroName: avroName(field.name),
      avroType: avroValueType(type, field['field-id']),
    };
  });
}

/** The spec for `fields`: one of `specs` when they have it already, else a new one whose fields keep the ids they had in earlier specs. */
export function evolveSpec(
  fields: readonly PartitionField[],
  specs: readonly PartitionSpec[],
  lastFieldId: number,
): { spec: PartitionSpec; lastFieldId: number } {
  const same = (known: SpecField, field: PartitionField) =>
    known['source-id'] === field.sourceId && known.transform === field.transform;
  const identical = specs.find(
    (spec) =>
      spec.fields.length === fields.length &&
      fields.every((field, index) => {
        const known = spec.fields[index];
        return known !== undefined && same(known, field) && known.name === field.name;
      }),
  );
  if (identical !== undefined) return { spec: identical, lastFieldId };
  let last = lastFieldId;
  const knownFields = specs.flatMap((spec) => spec.fields);
  const spec = {
    'spec-id': specs.reduce((greatest, spec) => Math.max(greatest, spec['spec-id']), -1) + 1,
    fields: fields.map((field) => ({
      'source-id': field.sourceId,
      'field-id': knownFields.find((known) => same(known, field))?.['field-id'] ?? ++last,
      name: field.name,
      transform: field.transform,
    })),
  };
  return { spec, lastFieldId: last };
}

export function partitionToAvro(column: PartitionColumn, value: PartitionValue): Optional<unknown> {
  return value === null ? null : { [column.avroType.branch]: valueToAvro(column.type, value) };
}

function valueToAvro(type: string, value: Exclude<PartitionValue, null>): unknown {
  switch (type) {
    case 'int':
    case 'date':
      return Number(expectInteger(type, value, 32));
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return expectInteger(type, value, 64);
    case 'boolean':
      return expectKind('boolean', type, value);
    case 'float':
    case 'double':
      return expectKind('number', type, value);
    case 'string':
      return expectKind('string', type, value);
    case 'uuid':
      return uuidBytes(expectKind('string', type, value));
    default: {
      const decimal = decimalOf(type);
      return decimal === undefined
        ? encodeValue(type, value)
        : decimalBytes(expectKind('bigint', type, value), decimalLength(decimal.precision));
    }
  }
}

/** The inverse of `partitionToAvro`, given the value inside the union's branch. */
export function partitionFromAvro(type: string, value: unknown): PartitionValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'bigint') {
    return value;
  }
  if (typeof value === 'number') return type === 'float' || type === 'double' ? value : BigInt(value);
  if (!(value instanceof Uint8Array)) throw new Error(`a partition value of type ${type} is ${typeof value}`);
  if (type === 'uuid') return uuidText(value);
  return decimalOf(type) === undefined ? new Uint8Array(value) : decimalValue(value);
}

export function partitionsEqual(left: readonly PartitionValue[], right: readonly PartitionValue[]): boolean {
  return (
    left.length === right.length &&
    left.every((value, index) => {
      const other = right[index];
      return value instanceof Uint8Array && other instanceof Uint8Array
        ? Buffer.compare(value, other) === 0
        : Object.is(value, other);
    })
  );
}

function avroValueType(type: string, fieldId: number): AvroValueType {
  const plain = (name: string): AvroValueType => ({ schema: name, branch: name });
  const logical = (name: string, logicalType: string, rest: object = {}): AvroValueType => ({
    schema: { type: name, logicalType, ...rest },
    branch: name,
  });
  switch (type) {
    case 'boolean':
    case 'int':
    case 'long':
    case 'float':
    case 'double':
    case 'string':
      return plain(type);
    case 'binary':
      return plain('bytes');
    case 'date':
      return logical('int', 'date');
    case 'time':
      return logical('long', 'time-micros');
    case 'timestamp':
      return logical('long', 'timestamp-micros', { 'adjust-to-utc': false });
    case 'timestamptz':
      return logical('long', 'timestamp-micros', { 'adjust-to-utc': true });
    default:
      return fixedValueType(type, fieldId);
  }
}

// Avro names each fixed type, and a name may be defined once in a schema: the field id keeps them apart.
function fixedValueType(type: string, fieldId: number): AvroValueType {
  const decimal = decimalOf(type);
  if (type === 'uuid') {
    const branch = `uuid_fixed_${String(fieldId)}`;
    return { schema: { type: 'fixed', name: branch, size: 16, logicalType: 'uuid' }, branch };
  }
  if (decimal !== undefined) {
    const branch = `decimal_${String(decimal.precision)}_${String(decimal.scale)}_${String(fieldId)}`;
    const size = decimalLength(decimal.precision);
    return { schema: { type: 'fixed', name: branch, size, logicalType: 'decimal', ...decimal }, branch };
  }
  const length = fixedLength(type);
  if (length === undefined) {
    throw new AlopexError(SqlState.featureNotSupported, `partitioning by ${type} is not supported`);
  }
  const branch = `fixed_${String(fieldId)}`;
  return { schema: { type: 'fixed', name: branch, size: length }, branch };
}

/** Bytes of two's complement that hold every unscaled value of a precision. */
function decimalLength(precision: number): number {
  return decimalBytes(10n ** BigInt(precision) - 1n).length;
}

/** Avro names are `[A-Za-z_][A-Za-z0-9_]*`; other characters become `_x` and their code, as Iceberg's writers do it. */
function avroName(name: string): string {
  const escaped = Array.from(name, (character) => {
    if (/[A-Za-z0-9_]/.test(character)) return character;
    return `_x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`;
  }).join('');
  return /^[0-9]/.test(escaped) ? `_${escaped}` : escaped;
}
