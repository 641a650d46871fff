import type { PartitionValue } from '../engine/ports/cold-table.ts';
import { decodeAvroFile, encodeAvroFile, unwrap } from './avro-file.ts';
import type { Optional } from './avro-file.ts';
import { partitionColumns, partitionFromAvro, partitionToAvro } from './partition.ts';
import type { PartitionColumn, PartitionSpec } from './partition.ts';
import type { IcebergSchema } from './types.ts';
import { stringifyJson } from './json.ts';

/** What a file holds, in manifests and manifest lists alike. */
export const Content = { data: 0, positionDeletes: 1 } as const;
export type Content = (typeof Content)[keyof typeof Content];

export const Status = { existing: 0, added: 1, deleted: 2 } as const;
export type Status = (typeof Status)[keyof typeof Status];

/** Counts and bounds by field id, the bounds in binary form: they are carried from manifest to manifest unchanged. */
export interface ContentFile {
  readonly content: Content;
  /** Full address. */
  readonly path: string;
  readonly recordCount: number;
  readonly sizeBytes: number;
  readonly partition: readonly PartitionValue[];
  readonly columnSizes: ReadonlyMap<number, number>;
  readonly valueCounts: ReadonlyMap<number, number>;
  readonly nullCounts: ReadonlyMap<number, number>;
  readonly nanCounts: ReadonlyMap<number, number>;
  readonly lower: ReadonlyMap<number, Uint8Array>;
  readonly upper: ReadonlyMap<number, Uint8Array>;
}

/** A file's place in the table's history. Numbers that a manifest leaves out, to be inherited from its list, are filled in. */
export interface ManifestEntry {
  readonly status: Status;
  readonly snapshotId: bigint;
  /** The file's data sequence number: position deletes apply to data files of at most theirs. */
  readonly sequenceNumber: bigint;
  readonly fileSequenceNumber: bigint;
  readonly file: ContentFile;
}

/** What a manifest is written against. */
export interface ManifestContext {
  readonly content: 'data' | 'deletes';
  readonly schema: IcebergSchema;
  readonly spec: PartitionSpec;
  /** Primitive types by field id. */
  readonly types: ReadonlyMap<number, string>;
}

export function encodeManifest(context: ManifestContext, entries: readonly ManifestEntry[], sync: Uint8Array): Buffer {
  const columns = partitionColumns(context.spec, context.types);
  const header = {
    schema: stringifyJson(context.schema),
    'schema-id': String(context.schema['schema-id']),
    'partition-spec': stringifyJson(context.spec.fields),
    'partition-spec-id': String(context.spec['spec-id']),
    'format-version': '2',
    content: context.content,
  };
  return encodeAvroFile(
    manifestSchema(columns),
    header,
    entries.map((entry) => toRecord(entry, columns)),
    sync,
  );
}

/** Numbers that an added entry inherits from its manifest's entry in the manifest list. */
export interface Inherited {
  readonly snapshotId: bigint;
  readonly sequenceNumber: bigint;
}

/** Throws a plain error on anything but a manifest of `context.content` and `context.spec`. */
export function decodeManifest(
  context: Pick<ManifestContext, 'content' | 'spec' | 'types'>,
  inherited: Inherited,
  bytes: Uint8Array,
): ManifestEntry[] {
  const { header, records } = decodeAvroFile(bytes);
  const content = header.get('content') ?? 'data';
  if (content !== context.content) throw new Error(`it is a manifest of ${content}, not of ${context.content}`);
  const specId = Number(header.get('partition-spec-id') ?? context.spec['spec-id']);
  if (specId !== context.spec['spec-id']) throw new Error(`it is of partition spec ${String(specId)}`);
  const columns = partitionColumns(context.spec, context.types);
  return records.map((record) => fromRecord(record as EntryRecord, columns, inherited));
}

interface KeyValue<T> {
  readonly key: number;
  readonly value: T;
}
type OptionalMap<T> = Optional<readonly KeyValue<T>[]>;

interface FileRecord {
  readonly content: number;
  readonly file_path: string;
  readonly file_format: string;
  readonly partition: Readonly<Record<string, Optional<unknown>>>;
  readonly record_count: bigint;
  readonly file_size_in_bytes: bigint;
  readonly column_sizes: OptionalMap<bigint>;
  readonly value_counts: OptionalMap<bigint>;
  readonly null_value_counts: OptionalMap<bigint>;
  readonly nan_value_counts: OptionalMap<bigint>;
  readonly lower_bounds: OptionalMap<Uint8Array>;
  readonly upper_bounds: OptionalMap<Uint8Array>;
}

interface EntryRecord {
  readonly status: number;
  readonly snapshot_id: Optional<bigint>;
  readonly sequence_number: Optional<bigint>;
  readonly file_sequence_number: Optional<bigint>;
  readonly data_file: FileRecord;
}

function toRecord(entry: ManifestEntry, columns: readonly PartitionColumn[]): EntryRecord {
  const { file } = entry;
  // An added file's sequence number is known only once its commit has won, so it is left to be inherited.
  const isAdded = entry.status === Status.added;
  return {
    status: entry.status,
    snapshot_id: { long: entry.snapshotId },
    sequence_number: isAdded ? null : { long: entry.sequenceNumber },
    file_sequence_number: isAdded ? null : { long: entry.fileSequenceNumber },
    data_file: {
      content: file.content,
      file_path: file.path,
      file_format: 'PARQUET',
      partition: Object.fromEntries(
        columns.map((column, index) => [column.avroName, partitionToAvro(column, file.partition[index] ?? null)]),
      ),
      record_count: BigInt(file.recordCount),
      file_size_in_bytes: BigInt(file.sizeBytes),
      column_sizes: countsToAvro(file.columnSizes),
      value_counts: countsToAvro(file.valueCounts),
      null_value_counts: countsToAvro(file.nullCounts),
      nan_value_counts: countsToAvro(file.nanCounts),
      lower_bounds: mapToAvro(file.lower, (bytes) => Buffer.from(bytes)),
      upper_bounds: mapToAvro(file.upper, (bytes) => Buffer.from(bytes)),
    },
  };
}

function fromRecord(record: EntryRecord, columns: readonly PartitionColumn[], inherited: Inherited): ManifestEntry {
  const file = record.data_file;
  if (file.file_format.toUpperCase() !== 'PARQUET') throw new Error(`${file.file_path} is ${file.file_format}`);
  return {
    status: oneOf(Status, record.status, 'status'),
    snapshotId: unwrap(record.snapshot_id) ?? inherited.snapshotId,
    sequenceNumber: unwrap(record.sequence_number) ?? inherited.sequenceNumber,
    fileSequenceNumber: unwrap(record.file_sequence_number) ?? inherited.sequenceNumber,
    file: {
      content: oneOf(Content, file.content, 'content'),
      path: file.file_path,
      recordCount: Number(file.record_count),
      sizeBytes: Number(file.file_size_in_bytes),
      partition: columns.map(({ avroName, type }) => partitionFromAvro(type, unwrap(file.partition[avroName]))),
      columnSizes: countsFromAvro(file.column_sizes),
      valueCounts: countsFromAvro(file.value_counts),
      nullCounts: countsFromAvro(file.null_value_counts),
      nanCounts: countsFromAvro(file.nan_value_counts),
      lower: mapFromAvro(file.lower_bounds, (bytes) => new Uint8Array(bytes)),
      upper: mapFromAvro(file.upper_bounds, (bytes) => new Uint8Array(bytes)),
    },
  };
}

function oneOf<T extends number>(known: Readonly<Record<string, T>>, value: number, what: string): T {
  const found = Object.values(known).find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`an entry has ${what} ${String(value)}, which is not supported`);
  return found;
}

function countsToAvro(counts: ReadonlyMap<number, number>): OptionalMap<bigint> {
  return mapToAvro(counts, BigInt);
}

function countsFromAvro(counts: OptionalMap<bigint>): Map<number, number> {
  return mapFromAvro(counts, Number);
}

function mapToAvro<T, U>(map: ReadonlyMap<number, T>, convert: (value: T) => U): OptionalMap<U> {
  if (map.size === 0) return null;
  return { array: Array.from(map, ([key, value]) => ({ key, value: convert(value) })) };
}

function mapFromAvro<T, U>(map: OptionalMap<T>, convert: (value: T) => U): Map<number, U> {
  return new Map((unwrap(map) ?? []).map(({ key, value }) => [key, convert(value)]));
}

/** Avro has no maps with integer keys: Iceberg writes them as arrays of pairs. */
function mapField(name: string, id: number, keyId: number, valueId: number, value: 'long' | 'bytes'): unknown {
  const pair = {
    type: 'record',
    name: `k${String(keyId)}_v${String(valueId)}`,
    fields: [
      { name: 'key', type: 'int', 'field-id': keyId },
      { name: 'value', type: value, 'field-id': valueId },
    ],
  };
  return {
    name,
    type: ['null', { type: 'array', items: pair, logicalType: 'map' }],
    default: null,
    'field-id': id,
  };
}

function manifestSchema(columns: readonly PartitionColumn[]): unknown {
  const optionalLong = (name: string, id: number) => ({
    name,
    type: ['null', 'long'],
    default: null,
    'field-id': id,
  });
  const partition = {
    type: 'record',
    name: 'r102',
    fields: columns.map(({ avroName, avroType, fieldId, name }) => ({
      name: avroName,
      type: ['null', avroType.schema],
      default: null,
      'field-id': fieldId,
      ...(avroName === name ? {} : { 'iceberg-field-name': name }),
    })),
  };
  const dataFile = {
    type: 'record',
    name: 'r2',
    fields: [
      { name: 'content', type: 'int', 'field-id': 134 },
      { name: 'file_path', type: 'string', 'field-id': 100 },
      { name: 'file_format', type: 'string', 'field-id': 101 },
      { name: 'partition', type: partition, 'field-id': 102 },
      { name: 'record_count', type: 'long', 'field-id': 103 },
      { name: 'file_size_in_bytes', type: 'long', 'field-id': 104 },
      mapField('column_sizes', 108, 117, 118, 'long'),
      mapField('value_counts', 109, 119, 120, 'long'),
      mapField('null_value_counts', 110, 121, 122, 'long'),
      mapField('nan_value_counts', 137, 138, 139, 'long'),
      mapField('lower_bounds', 125, 126, 127, 'bytes'),
      mapField('upper_bounds', 128, 129, 130, 'bytes'),
    ],
  };
  return {
    type: 'record',
    name: 'manifest_entry',
    fields: [
      { name: 'status', type: 'int', 'field-id': 0 },
      optionalLong('snapshot_id', 1),
      optionalLong('sequence_number', 3),
      optionalLong('file_sequence_number', 4),
      { name: 'data_file', type: dataFile, 'field-id': 2 },
    ],
  };
}
