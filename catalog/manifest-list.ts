import type { PartitionValue } from '../engine/ports/cold-table.ts';
import { decodeAvroFile, encodeAvroFile, unwrap } from './avro-file.ts';
import type { Optional } from './avro-file.ts';
import { compareBounds } from './compare.ts';
import { Content, Status } from './manifest.ts';
import type { ManifestEntry } from './manifest.ts';
import type { PartitionColumn } from './partition.ts';
import { encodeValue } from './single-value.ts';

/** A manifest as its snapshot's list tells of it: enough to skip it without reading it. */
export interface ManifestFile {
  /** Full address. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly specId: number;
  readonly content: 'data' | 'deletes';
  readonly sequenceNumber: bigint;
  /** The least data sequence number of its live files. */
  readonly minSequenceNumber: bigint;
  readonly addedSnapshotId: bigint;
  readonly files: ManifestCounts;
  readonly rows: ManifestCounts;
  readonly partitions: readonly FieldSummary[];
}

export interface ManifestCounts {
  readonly added: number;
  readonly existing: number;
  readonly deleted: number;
}

/** What the values of one partition field are in a manifest. Bounds are in binary form, and absent when all are null or NaN. */
export interface FieldSummary {
  readonly hasNull: boolean;
  readonly hasNan: boolean;
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
}

/** The part of a manifest's entry in the list that follows from its own entries. */
export function summarizeManifest(
  entries: readonly ManifestEntry[],
  columns: readonly PartitionColumn[],
  sequenceNumber: bigint,
): Pick<ManifestFile, 'minSequenceNumber' | 'files' | 'rows' | 'partitions'> {
  const tally = (status: Status, measure: (entry: ManifestEntry) => number) =>
    entries.reduce((sum, entry) => (entry.status === status ? sum + measure(entry) : sum), 0);
  const counts = (measure: (entry: ManifestEntry) => number): ManifestCounts => ({
    added: tally(Status.added, measure),
    existing: tally(Status.existing, measure),
    deleted: tally(Status.deleted, measure),
  });
  const minSequenceNumber = entries
    .filter(({ status }) => status !== Status.deleted)
    .reduce((least, entry) => (entry.sequenceNumber < least ? entry.sequenceNumber : least), sequenceNumber);
  return {
    minSequenceNumber,
    files: counts(() => 1),
    rows: counts(({ file }) => file.recordCount),
    partitions: columns.map((column, index) =>
      summarizeField(
        column,
        entries.map(({ file }) => file.partition[index] ?? null),
      ),
    ),
  };
}

function summarizeField(column: PartitionColumn, values: readonly PartitionValue[]): FieldSummary {
  const known = values.filter((value) => value !== null && !Number.isNaN(value)).filter((value) => value !== null);
  const [first] = known;
  const least = first === undefined ? undefined : known.reduce((a, b) => (compareBounds(b, a) < 0 ? b : a), first);
  const greatest = first === undefined ? undefined : known.reduce((a, b) => (compareBounds(b, a) > 0 ? b : a), first);
  return {
    hasNull: values.includes(null),
    hasNan: values.some((value) => Number.isNaN(value)),
    lower: least === undefined ? undefined : encodeValue(column.type, least),
    upper: greatest === undefined ? undefined : encodeValue(column.type, greatest),
  };
}

/** The header's entries of a manifest list. */
export interface ListContext {
  readonly snapshotId: bigint;
  readonly parentId: bigint | undefined;
  readonly sequenceNumber: bigint;
}

export function encodeManifestList(context: ListContext, manifests: readonly ManifestFile[], sync: Uint8Array): Buffer {
  const header = {
    'snapshot-id': String(context.snapshotId),
    'parent-snapshot-id': context.parentId === undefined ? 'null' : String(context.parentId),
    'sequence-number': String(context.sequenceNumber),
    'format-version': '2',
  };
  return encodeAvroFile(listSchema, header, manifests.map(toRecord), sync);
}

/** Throws a plain error on anything that is no manifest list. */
export function decodeManifestList(bytes: Uint8Array): ManifestFile[] {
  return decodeAvroFile(bytes).records.map((record) => fromRecord(record as ListRecord));
}

interface SummaryRecord {
  readonly contains_null: boolean;
  readonly contains_nan: Optional<boolean>;
  readonly lower_bound: Optional<Uint8Array>;
  readonly upper_bound: Optional<Uint8Array>;
}

interface ListRecord {
  readonly manifest_path: string;
  readonly manifest_length: bigint;
  readonly partition_spec_id: number;
  readonly content: number;
  readonly sequence_number: bigint;
  readonly min_sequence_number: bigint;
  readonly added_snapshot_id: bigint;
  readonly added_files_count: number;
  readonly existing_files_count: number;
  readonly deleted_files_count: number;
  readonly added_rows_count: bigint;
  readonly existing_rows_count: bigint;
  readonly deleted_rows_count: bigint;
  readonly partitions: Optional<readonly SummaryRecord[]>;
}

function toRecord(manifest: ManifestFile): ListRecord {
  const bound = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : { bytes: Buffer.from(bytes) });
  return {
    manifest_path: manifest.path,
    manifest_length: BigInt(manifest.sizeBytes),
    partition_spec_id: manifest.specId,
    content: manifest.content === 'data' ? Content.data : Content.positionDeletes,
    sequence_number: manifest.sequenceNumber,
    min_sequence_number: manifest.minSequenceNumber,
    added_snapshot_id: manifest.addedSnapshotId,
    added_files_count: manifest.files.added,
    existing_files_count: manifest.files.existing,
    deleted_files_count: manifest.files.deleted,
    added_rows_count: BigInt(manifest.rows.added),
    existing_rows_count: BigInt(manifest.rows.existing),
    deleted_rows_count: BigInt(manifest.rows.deleted),
    partitions: {
      array: manifest.partitions.map((summary) => ({
        contains_null: summary.hasNull,
        contains_nan: { boolean: summary.hasNan },
        lower_bound: bound(summary.lower),
        upper_bound: bound(summary.upper),
      })),
    },
  };
}

function fromRecord(record: ListRecord): ManifestFile {
  const bound = (value: Optional<Uint8Array>) => {
    const bytes = unwrap(value);
    return bytes === null ? undefined : new Uint8Array(bytes);
  };
  return {
    path: record.manifest_path,
    sizeBytes: Number(record.manifest_length),
    specId: record.partition_spec_id,
    content: record.content === Content.data ? 'data' : 'deletes',
    sequenceNumber: record.sequence_number,
    minSequenceNumber: record.min_sequence_number,
    addedSnapshotId: record.added_snapshot_id,
    files: {
      added: record.added_files_count,
      existing: record.existing_files_count,
      deleted: record.deleted_files_count,
    },
    rows: {
      added: Number(record.added_rows_count),
      existing: Number(record.existing_rows_count),
      deleted: Number(record.deleted_rows_count),
    },
    partitions: (unwrap(record.partitions) ?? []).map((summary) => ({
      hasNull: summary.contains_null,
      hasNan: unwrap(summary.contains_nan) ?? false,
      lower: bound(summary.lower_bound),
      upper: bound(summary.upper_bound),
    })),
  };
}

const required = (name: string, type: 'int' | 'long' | 'string', id: number) => ({ name, type, 'field-id': id });
const optional = (name: string, type: unknown, id: number) => ({
  name,
  type: ['null', type],
  default: null,
  'field-id': id,
});

const listSchema = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    required('manifest_path', 'string', 500),
    required('manifest_length', 'long', 501),
    required('partition_spec_id', 'int', 502),
    required('content', 'int', 517),
    required('sequence_number', 'long', 515),
    required('min_sequence_number', 'long', 516),
    required('added_snapshot_id', 'long', 503),
    required('added_files_count', 'int', 504),
    required('existing_files_count', 'int', 505),
    required('deleted_files_count', 'int', 506),
    required('added_rows_count', 'long', 512),
    required('existing_rows_count', 'long', 513),
    required('deleted_rows_count', 'long', 514),
    optional(
      'partitions',
      {
        type: 'array',
        items: {
          type: 'record',
          name: 'r508',
          fields: [
            { name: 'contains_null', type: 'boolean', 'field-id': 509 },
            optional('contains_nan', 'boolean', 518),
            optional('lower_bound', 'bytes', 510),
            optional('upper_bound', 'bytes', 511),
          ],
        },
        'element-id': 508,
      },
      507,
    ),
  ],
};
