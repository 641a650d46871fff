import { describe, expect, test } from 'vitest';
import type { PartitionValue } from '../engine/ports/cold-table.ts';
import { decodeAvroFile } from './avro-file.ts';
import { decodeManifest, encodeManifest, Status } from './manifest.ts';
import type { ManifestEntry } from './manifest.ts';
import { decodeManifestList, encodeManifestList, summarizeManifest } from './manifest-list.ts';
import type { ManifestFile } from './manifest-list.ts';
import { partitionColumns } from './partition.ts';
import type { PartitionSpec } from './partition.ts';
import { decodeValue } from './single-value.ts';
import type { IcebergSchema } from './types.ts';

const sync = Buffer.alloc(16, 9);
const types = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'string',
  'uuid',
  'binary',
  'decimal(9, 2)',
  'decimal(38, 0)',
];
const partition: PartitionValue[] = [
  true,
  -5n,
  2n ** 63n - 1n,
  0.5,
  1e300,
  19000n,
  5n,
  -7n,
  8n,
  'ä',
  'f79c3e09-677c-4bbd-a479-3f349cb785e7',
  Uint8Array.of(1, 255),
  -12345n,
  -(10n ** 37n),
];
const schema: IcebergSchema = {
  type: 'struct',
  'schema-id': 3,
  fields: types.map((type, index) => ({ id: index + 1, name: `c${String(index)}`, required: false, type })),
};
const spec: PartitionSpec = {
  'spec-id': 2,
  fields: types.map((_, index) => ({
    'source-id': index + 1,
    'field-id': 1000 + index,
    name: `p ${String(index)}`,
    transform: 'identity',
  })),
};
const context = {
  content: 'data' as const,
  schema,
  spec,
  types: new Map(types.map((type, index) => [index + 1, type])),
};

function entry(status: Status, change: Partial<ManifestEntry['file']> = {}): ManifestEntry {
  return {
    status,
    snapshotId: 2n ** 62n + 3n,
    sequenceNumber: 4n,
    fileSequenceNumber: 3n,
    file: {
      content: 0,
      path: 'memory://test/a.parquet',
      recordCount: 10,
      sizeBytes: 2 ** 40,
      partition,
      columnSizes: new Map([[1, 100]]),
      valueCounts: new Map([[1, 10]]),
      nullCounts: new Map([[1, 0]]),
      nanCounts: new Map([[4, 1]]),
      lower: new Map([[2, Uint8Array.of(1, 0, 0, 0)]]),
      upper: new Map([[2, Uint8Array.of(2, 0, 0, 0)]]),
      ...change,
    },
  };
}

describe('manifests', () => {
  test('entries come back, with partition values of every type and nulls', () => {
    const entries = [
      entry(Status.existing),
      entry(Status.deleted, { partition: partition.map(() => null), columnSizes: new Map(), lower: new Map() }),
    ];
    const bytes = encodeManifest(context, entries, sync);
    expect(decodeManifest(context, { snapshotId: 1n, sequenceNumber: 9n }, bytes)).toEqual(entries);
  });

  test('an added entry inherits its sequence numbers', () => {
    const bytes = encodeManifest(context, [entry(Status.added)], sync);
    const [read] = decodeManifest(context, { snapshotId: 1n, sequenceNumber: 9n }, bytes);
    expect([read?.sequenceNumber, read?.fileSequenceNumber, read?.snapshotId]).toEqual([9n, 9n, 2n ** 62n + 3n]);
  });

  test('the header says what the manifest is', () => {
    const { header } = decodeAvroFile(encodeManifest({ ...context, content: 'deletes' }, [], sync));
    expect(Object.fromEntries(header)).toEqual({
      schema: JSON.stringify(schema),
      'schema-id': '3',
      'partition-spec': JSON.stringify(spec.fields),
      'partition-spec-id': '2',
      'format-version': '2',
      content: 'deletes',
    });
  });

  test('every field has its id in the schema of the file', () => {
    const ids = fieldIds(decodeAvroFile(encodeManifest(context, [], sync)).schema);
    const reserved = [0, 1, 3, 4, 2, 134, 100, 101, 102, 103, 104];
    const maps = [108, 117, 118, 109, 119, 120, 110, 121, 122, 137, 138, 139, 125, 126, 127, 128, 129, 130];
    expect(ids.toSorted((a, b) => a - b)).toEqual(
      [...reserved, ...maps, ...spec.fields.map((field) => field['field-id'])].toSorted((a, b) => a - b),
    );
  });

  test('a manifest of another content or spec is refused', () => {
    const bytes = encodeManifest(context, [], sync);
    const inherited = { snapshotId: 1n, sequenceNumber: 1n };
    expect(() => decodeManifest({ ...context, content: 'deletes' }, inherited, bytes)).toThrow('manifest of data');
    expect(() => decodeManifest({ ...context, spec: { 'spec-id': 0, fields: [] } }, inherited, bytes)).toThrow(
      'spec 2',
    );
  });
});

describe('manifest lists', () => {
  const columns = partitionColumns(spec, context.types);
  const manifest = (entries: readonly ManifestEntry[]): ManifestFile => ({
    path: 'memory://test/m.avro',
    sizeBytes: 2 ** 33,
    specId: 2,
    content: 'deletes',
    sequenceNumber: 5n,
    addedSnapshotId: 2n ** 63n - 1n,
    ...summarizeManifest(entries, columns, 5n),
  });

  test('manifests come back, with counts and field summaries', () => {
    const entries = [
      entry(Status.existing),
      entry(Status.added, { recordCount: 5, partition: partition.map((value) => (value === -5n ? -6n : value)) }),
      {
        ...entry(Status.deleted, { partition: partition.map((value) => (value === 0.5 ? Number.NaN : null)) }),
        sequenceNumber: 1n,
      },
    ];
    const written = manifest(entries);
    expect(written.files).toEqual({ added: 1, existing: 1, deleted: 1 });
    expect(written.rows).toEqual({ added: 5, existing: 10, deleted: 10 });
    // That of a deleted entry does not count.
    expect(written.minSequenceNumber).toBe(4n);
    expect(written.partitions.map(({ hasNull }) => hasNull)).toEqual(types.map((type) => type !== 'float'));
    expect(written.partitions.map(({ hasNan }) => hasNan)).toEqual(types.map((type) => type === 'float'));
    const ints = written.partitions[1];
    expect(decodeValue('int', ints?.lower ?? Buffer.alloc(0))).toBe(-6n);
    expect(decodeValue('int', ints?.upper ?? Buffer.alloc(0))).toBe(-5n);

    const bytes = encodeManifestList({ snapshotId: 7n, parentId: undefined, sequenceNumber: 5n }, [written], sync);
    expect(decodeManifestList(bytes)).toEqual([
      {
        ...written,
        partitions: written.partitions.map((summary) => ({
          ...summary,
          lower: new Uint8Array(summary.lower ?? []),
          upper: new Uint8Array(summary.upper ?? []),
        })),
      },
    ]);
  });

  test('a field of nothing but nulls has no bounds', () => {
    const { partitions } = manifest([entry(Status.added, { partition: partition.map(() => null) })]);
    expect(partitions[0]).toEqual({ hasNull: true, hasNan: false, lower: undefined, upper: undefined });
  });

  test('the header names format, snapshot, parent and sequence number; every field has its id', () => {
    const context = { snapshotId: 2n ** 62n + 1n, parentId: 2n ** 62n, sequenceNumber: 5n };
    const { header, schema } = decodeAvroFile(encodeManifestList(context, [], sync));
    expect(Object.fromEntries(header)).toEqual({
      'snapshot-id': '4611686018427387905',
      'parent-snapshot-id': '4611686018427387904',
      'sequence-number': '5',
      'format-version': '2',
    });
    expect(fieldIds(schema).toSorted((a, b) => a - b)).toEqual([
      500, 501, 502, 503, 504, 505, 506, 507, 509, 510, 511, 512, 513, 514, 515, 516, 517, 518,
    ]);
  });
});

/** The `field-id` of every field in an Avro schema; a field without one counts as -1. */
function fieldIds(schema: unknown): number[] {
  if (Array.isArray(schema)) return schema.flatMap(fieldIds);
  if (typeof schema !== 'object' || schema === null) return [];
  const { fields, items, type } = schema as Record<string, unknown>;
  const own = Array.isArray(fields)
    ? fields.flatMap((field: Record<string, unknown>) => [Number(field['field-id'] ?? -1), ...fieldIds(field['type'])])
    : [];
  return [...own, ...fieldIds(items), ...(typeof type === 'object' ? fieldIds(type) : [])];
}
