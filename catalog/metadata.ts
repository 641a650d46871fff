import type { ColdTableDefinition } from '../engine/ports/cold-table.ts';
import { AlopexError, SqlState } from '../engine/errors.ts';
import { parseJson, stringifyJson } from './json.ts';
import type { Int64 } from './json.ts';
import { evolveSpec, firstPartitionFieldId } from './partition.ts';
import type { PartitionSpec } from './partition.ts';
import { primitiveTypes, toIcebergSchema } from './types.ts';
import type { IcebergSchema } from './types.ts';

/**
 * Iceberg table metadata, format version 2, in the form of its JSON: a change makes a new object by spreading the old
 * one, so that entries which we do not know of are kept.
 */
export interface TableMetadata {
  readonly 'format-version': 2;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': number;
  readonly 'last-updated-ms': number;
  readonly 'last-column-id': number;
  readonly 'current-schema-id': number;
  readonly schemas: readonly IcebergSchema[];
  readonly 'default-spec-id': number;
  readonly 'partition-specs': readonly PartitionSpec[];
  readonly 'last-partition-id': number;
  readonly 'default-sort-order-id': number;
  readonly 'sort-orders': readonly SortOrder[];
  readonly properties: Readonly<Record<string, string>>;
  /** -1 while there is none: older readers want a number. */
  readonly 'current-snapshot-id': Int64;
  readonly snapshots: readonly Snapshot[];
  readonly 'snapshot-log': readonly { readonly 'timestamp-ms': number; readonly 'snapshot-id': Int64 }[];
  readonly 'metadata-log': readonly { readonly 'timestamp-ms': number; readonly 'metadata-file': string }[];
  readonly refs: Readonly<Record<string, { readonly 'snapshot-id': Int64; readonly type: 'branch' | 'tag' }>>;
}

export interface SortOrder {
  readonly 'order-id': number;
  readonly fields: readonly {
    readonly transform: string;
    readonly 'source-id': number;
    readonly direction: 'asc' | 'desc';
    readonly 'null-order': 'nulls-first' | 'nulls-last';
  }[];
}

export interface Snapshot {
  readonly 'snapshot-id': Int64;
  readonly 'parent-snapshot-id'?: Int64;
  readonly 'sequence-number': number;
  readonly 'timestamp-ms': number;
  readonly summary: Readonly<Record<string, string>>;
  /** Full address of the manifest list. */
  readonly 'manifest-list': string;
  readonly 'schema-id'?: number;
}

/** As many former metadata files are named in `metadata-log`: Iceberg's default. */
const maxPreviousMetadata = 100;

/** Metadata of a table that has no snapshot yet. */
export function createMetadata(
  definition: ColdTableDefinition,
  table: { readonly uuid: string; readonly location: string; readonly nowMs: number },
): TableMetadata {
  const schema = toIcebergSchema(definition.schema);
  const { spec, lastFieldId } = evolveSpec(definition.partition, [], firstPartitionFieldId - 1);
  const sortOrder = evolveSortOrder(definition.sort, []);
  return {
    'format-version': 2,
    'table-uuid': table.uuid,
    location: table.location,
    'last-sequence-number': 0,
    'last-updated-ms': table.nowMs,
    'last-column-id': definition.schema.lastFieldId,
    'current-schema-id': schema['schema-id'],
    schemas: [schema],
    'default-spec-id': spec['spec-id'],
    'partition-specs': [spec],
    'last-partition-id': lastFieldId,
    'default-sort-order-id': sortOrder['order-id'],
    'sort-orders': [sortOrder],
    properties: {},
    'current-snapshot-id': -1,
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
    refs: {},
  };
}

/** Brings schema, partition spec and sort order up to `definition`; all former ones stay, for files name them. */
export function evolveMetadata(base: TableMetadata, definition: ColdTableDefinition): TableMetadata {
  const withSchema = evolveSchema(base, definition);
  const specs = base['partition-specs'];
  const { spec, lastFieldId } = evolveSpec(definition.partition, specs, base['last-partition-id']);
  const orders = base['sort-orders'];
  const order = evolveSortOrder(definition.sort, orders);
  return {
    ...withSchema,
    'default-spec-id': spec['spec-id'],
    'partition-specs': specs.includes(spec) ? specs : [...specs, spec],
    'last-partition-id': lastFieldId,
    'default-sort-order-id': order['order-id'],
    'sort-orders': orders.includes(order) ? orders : [...orders, order],
  };
}

function evolveSchema(base: TableMetadata, { schema }: ColdTableDefinition): TableMetadata {
  const known = base.schemas.find((candidate) => candidate['schema-id'] === schema.schemaId);
  const next = toIcebergSchema(schema, currentSchema(base));
  if (known !== undefined) {
    if (shape(known) !== shape(next)) {
      throw new AlopexError(
        SqlState.invalidTableDefinition,
        `the cold table has another schema of id ${String(schema.schemaId)}`,
      );
    }
    // A change may have been planned before a newer schema was committed: the table's schema never goes back.
    return base;
  }
  if (schema.schemaId < base['current-schema-id']) {
    throw new AlopexError(
      SqlState.invalidTableDefinition,
      `schema ${String(schema.schemaId)} is older than the cold table's schema ${String(base['current-schema-id'])}`,
    );
  }
  return {
    ...base,
    'current-schema-id': schema.schemaId,
    schemas: [...base.schemas, next],
    'last-column-id': Math.max(base['last-column-id'], schema.lastFieldId),
  };
}

/** What makes two schemas the same; whether a column is required depends on the table's history and is left out. */
function shape(schema: IcebergSchema): string {
  return stringifyJson(schema.fields.map(({ id, name, type }) => [id, name, type]));
}

function evolveSortOrder(sort: readonly number[], orders: readonly SortOrder[]): SortOrder {
  const fields = sort.map((sourceId) => ({
    transform: 'identity',
    'source-id': sourceId,
    direction: 'asc' as const,
    'null-order': 'nulls-first' as const,
  }));
  const identical = orders.find((order) => sameFields(order.fields, fields));
  if (identical !== undefined) return identical;
  // Order 0 is reserved for "unsorted".
  const id = fields.length === 0 ? 0 : orders.reduce((last, order) => Math.max(last, order['order-id']), 0) + 1;
  return { 'order-id': id, fields };
}

function sameFields(left: SortOrder['fields'], right: SortOrder['fields']): boolean {
  return (
    left.length === right.length &&
    left.every((field, index) => {
      const other = right[index];
      return (
        other !== undefined &&
        field['source-id'] === other['source-id'] &&
        field.transform === other.transform &&
        field.direction === other.direction &&
        field['null-order'] === other['null-order']
      );
    })
  );
}

/** Makes `snapshot` the current one. `previousUri` is the metadata file that this one follows, if there is one. */
export function addSnapshot(base: TableMetadata, snapshot: Snapshot, previousUri: string | undefined): TableMetadata {
  const id = snapshot['snapshot-id'];
  const timestampMs = snapshot['timestamp-ms'];
  const previous =
    previousUri === undefined ? [] : [{ 'timestamp-ms': base['last-updated-ms'], 'metadata-file': previousUri }];
  return {
    ...base,
    'last-sequence-number': snapshot['sequence-number'],
    'last-updated-ms': timestampMs,
    'current-snapshot-id': id,
    snapshots: [...base.snapshots, snapshot],
    'snapshot-log': [...base['snapshot-log'], { 'timestamp-ms': timestampMs, 'snapshot-id': id }],
    'metadata-log': [...base['metadata-log'], ...previous].slice(-maxPreviousMetadata),
    refs: { ...base.refs, main: { 'snapshot-id': id, type: 'branch' } },
  };
}

export function encodeMetadata(metadata: TableMetadata): Buffer {
  return Buffer.from(stringifyJson(metadata, 2), 'utf8');
}

/** Throws a plain error on anything but metadata of format version 2. */
export function decodeMetadata(bytes: Uint8Array): TableMetadata {
  const value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  if (typeof value !== 'object' || value === null) throw new Error('it is no JSON object');
  const metadata = value as Partial<TableMetadata>;
  const version: unknown = metadata['format-version'];
  if (version !== 2) throw new Error(`its format version is ${String(version)}, not 2`);
  for (const name of ['schemas', 'partition-specs', 'sort-orders'] as const) {
    if (!Array.isArray(metadata[name])) throw new Error(`it has no ${name}`);
  }
  // The lists that other writers may leave out.
  const whole = {
    'snapshot-log': [],
    'metadata-log': [],
    snapshots: [],
    refs: {},
    properties: {},
    'current-snapshot-id': -1,
    ...metadata,
  } as TableMetadata;
  // What the rest of the code takes for granted: the current schema, spec and snapshot are in their lists.
  currentSchema(whole);
  specById(whole, whole['default-spec-id']);
  currentSnapshot(whole);
  return whole;
}

export function currentSchema(metadata: TableMetadata): IcebergSchema {
  return byId(metadata.schemas, 'schema-id', metadata['current-schema-id']);
}

export function specById(metadata: TableMetadata, id: number): PartitionSpec {
  return byId(metadata['partition-specs'], 'spec-id', id);
}

export function currentSnapshot(metadata: TableMetadata): Snapshot | undefined {
  const id: Int64 | null = metadata['current-snapshot-id'];
  if (id === null || BigInt(id) === -1n) return undefined;
  const snapshot = snapshotById(metadata, BigInt(id));
  if (snapshot === undefined) throw new Error(`its current snapshot ${String(id)} is not in its list`);
  return snapshot;
}

export function snapshotById(metadata: TableMetadata, id: bigint): Snapshot | undefined {
  return metadata.snapshots.find((snapshot) => BigInt(snapshot['snapshot-id']) === id);
}

/** Primitive types by field id over all schemas, for files outlive the schema they were written with. */
export function fieldTypes(metadata: TableMetadata): ReadonlyMap<number, string> {
  return primitiveTypes([...metadata.schemas, currentSchema(metadata)]);
}

/** The schema to write a manifest of `spec` with: the current one unless it lacks a column that the spec partitions by. */
export function schemaForSpec(metadata: TableMetadata, spec: PartitionSpec): IcebergSchema {
  const hasSources = (schema: IcebergSchema) => {
    const types = primitiveTypes([schema]);
    return spec.fields.every((field) => types.has(field['source-id']));
  };
  const current = currentSchema(metadata);
  return [current, ...metadata.schemas.toReversed()].find(hasSources) ?? current;
}

function byId<K extends string, T extends { readonly [key in K]: number }>(items: readonly T[], key: K, id: number): T {
  const found = items.find((item) => item[key] === id);
  if (found === undefined) throw new Error(`there is no ${key} ${String(id)}`);
  return found;
}
