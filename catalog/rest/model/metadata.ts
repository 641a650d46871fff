import { type Int64, parseJson, stringifyJson } from '../../json.ts';
import { Fields, type JsonObject } from './fields.ts';

/** A schema, spec, order, snapshot or reference is kept as the JSON that it came as; only what is decided by is named here. */
export interface SchemaJson extends JsonObject {
  readonly 'schema-id': number;
  readonly fields: readonly JsonObject[];
}
export interface SpecJson extends JsonObject {
  readonly 'spec-id': number;
  readonly fields: readonly SpecFieldJson[];
}
export interface SpecFieldJson extends JsonObject {
  readonly 'source-id'?: number;
  readonly 'field-id': number;
  readonly name: string;
  readonly transform: string;
}
export interface SortOrderJson extends JsonObject {
  readonly 'order-id': number;
  readonly fields: readonly JsonObject[];
}
export interface SnapshotJson extends JsonObject {
  readonly 'snapshot-id': Int64;
  readonly 'timestamp-ms': Int64;
  readonly 'sequence-number'?: Int64;
  readonly 'parent-snapshot-id'?: Int64 | null;
}
export interface RefJson extends JsonObject {
  readonly 'snapshot-id': Int64;
  readonly type: string;
}
export interface SnapshotLogEntry {
  readonly 'timestamp-ms': Int64;
  readonly 'snapshot-id': Int64;
}
export interface MetadataLogEntry {
  readonly 'timestamp-ms': Int64;
  readonly 'metadata-file': string;
}

/**
 * Table metadata of format versions 1 to 3, in the form of its JSON. A change makes a new object by spreading the old one, so
 * that members which nothing here knows of stay as they are. Lists that a file may leave out are there.
 */
export interface IcebergMetadata extends JsonObject {
  readonly 'format-version': number;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': Int64;
  readonly 'last-updated-ms': Int64;
  readonly 'last-column-id': number;
  readonly 'current-schema-id': number;
  readonly schemas: readonly SchemaJson[];
  readonly 'default-spec-id': number;
  readonly 'partition-specs': readonly SpecJson[];
  readonly 'last-partition-id': number;
  readonly 'default-sort-order-id': number;
  readonly 'sort-orders': readonly SortOrderJson[];
  readonly properties: Readonly<Record<string, string>>;
  /** -1 while there is none. */
  readonly 'current-snapshot-id': Int64;
  readonly snapshots: readonly SnapshotJson[];
  readonly 'snapshot-log': readonly SnapshotLogEntry[];
  readonly 'metadata-log': readonly MetadataLogEntry[];
  readonly refs: Readonly<Record<string, RefJson>>;
  readonly statistics: readonly JsonObject[];
  readonly 'partition-statistics': readonly JsonObject[];
  /** From version 3 on. */
  readonly 'next-row-id'?: Int64;
}

export const MAX_FORMAT_VERSION = 3;
/** Partition field ids begin above the ids that columns have in a manifest's schema. */
export const FIRST_PARTITION_FIELD_ID = 1000;
export const MAIN_BRANCH = 'main';

export function sameId(left: Int64, right: Int64): boolean {
  return BigInt(left) === BigInt(right);
}

export function snapshotOf(metadata: IcebergMetadata, id: Int64): SnapshotJson | undefined {
  return metadata.snapshots.find((snapshot) => sameId(snapshot['snapshot-id'], id));
}

export function schemaOf(metadata: IcebergMetadata, id: number): SchemaJson | undefined {
  return metadata.schemas.find((schema) => schema['schema-id'] === id);
}

/** Throws an error that says why the text is no table metadata, without a name for it. */
export function decodeIcebergMetadata(text: string): IcebergMetadata {
  const fields = new Fields(parseJson(text), 'table metadata');
  const version = fields.int('format-version');
  if (version < 1 || version > MAX_FORMAT_VERSION) throw new Error(`format version ${version} is not supported`);
  const read = fields.object as Partial<IcebergMetadata>;
  const current = read['current-snapshot-id'] ?? -1;
  const specs = readSpecs(fields);
  const metadata: IcebergMetadata = {
    ...withoutFormerMembers(fields.object),
    'format-version': version,
    'table-uuid': fields.string('table-uuid'),
    location: fields.string('location'),
    'last-updated-ms': fields.int64('last-updated-ms'),
    'last-column-id': fields.int('last-column-id'),
    'last-sequence-number': read['last-sequence-number'] ?? 0,
    schemas: readSchemas(fields),
    'current-schema-id': read['current-schema-id'] ?? idOf(fields.object['schema'], 'schema-id'),
    'partition-specs': specs,
    'default-spec-id': read['default-spec-id'] ?? 0,
    'last-partition-id': read['last-partition-id'] ?? lastPartitionId(specs),
    'sort-orders': read['sort-orders'] ?? [{ 'order-id': 0, fields: [] }],
    'default-sort-order-id': read['default-sort-order-id'] ?? 0,
    properties: read.properties ?? {},
    'current-snapshot-id': current,
    snapshots: read.snapshots ?? [],
    'snapshot-log': read['snapshot-log'] ?? [],
    'metadata-log': read['metadata-log'] ?? [],
    refs: read.refs ?? (BigInt(current) === -1n ? {} : { [MAIN_BRANCH]: { 'snapshot-id': current, type: 'branch' } }),
    statistics: read.statistics ?? [],
    'partition-statistics': read['partition-statistics'] ?? [],
  };
  if (schemaOf(metadata, metadata['current-schema-id']) === undefined) throw new Error('its current schema is missing');
  if (BigInt(current) !== -1n && snapshotOf(metadata, current) === undefined) {
    throw new Error(`its current snapshot ${String(current)} is missing`);
  }
  return metadata;
}

/** The metadata as a file of its version has it, and as clients are sent it. */
export function toMetadataJson(metadata: IcebergMetadata): JsonObject {
  const version = metadata['format-version'];
  const json: Record<string, unknown> = { ...metadata };
  if (version === 1) {
    delete json['last-sequence-number'];
    json['schema'] = schemaOf(metadata, metadata['current-schema-id']);
    const spec = metadata['partition-specs'].find((each) => each['spec-id'] === metadata['default-spec-id']);
    json['partition-spec'] = spec?.fields ?? [];
  }
  // Readers of version 3 take a missing number for none; older ones want one.
  if (version >= 3 && BigInt(metadata['current-snapshot-id']) === -1n) json['current-snapshot-id'] = null;
  return json;
}

export function encodeIcebergMetadata(metadata: IcebergMetadata): string {
  return stringifyJson(toMetadataJson(metadata), 2);
}

/** Version 1 names the current schema and spec twice; they are put back when it is written. */
function withoutFormerMembers(object: JsonObject): JsonObject {
  const { schema: _schema, 'partition-spec': _spec, ...rest } = object;
  return rest;
}

function readSchemas(fields: Fields): readonly SchemaJson[] {
  if (fields.has('schemas')) return fields.list('schemas') as readonly SchemaJson[];
  const schema = fields.fields('schema').object;
  return [{ 'schema-id': 0, ...schema } as unknown as SchemaJson];
}

/** Files of version 1 may leave out the ids of partition fields, which then count up. */
function readSpecs(fields: Fields): readonly SpecJson[] {
  const specs = fields.has('partition-specs')
    ? (fields.list('partition-specs') as readonly SpecJson[])
    : [{ 'spec-id': 0, fields: fields.list('partition-spec') as readonly SpecFieldJson[] }];
  return specs.map((spec) => ({
    ...spec,
    fields: spec.fields.map((field, index) => ({ 'field-id': FIRST_PARTITION_FIELD_ID + index, ...(field as object) })),
  })) as unknown as readonly SpecJson[];
}

function lastPartitionId(specs: readonly SpecJson[]): number {
  return Math.max(
    FIRST_PARTITION_FIELD_ID - 1,
    ...specs.flatMap(({ fields }) => fields.map((field) => field['field-id'])),
  );
}

function idOf(object: unknown, name: string): number {
  const id = typeof object === 'object' && object !== null ? (object as JsonObject)[name] : undefined;
  return typeof id === 'number' ? id : 0;
}
