import { badRequest } from '../rest-error.ts';
import type { Fields, JsonObject } from './fields.ts';
import { FIRST_PARTITION_FIELD_ID, type IcebergMetadata, MAX_FORMAT_VERSION } from './metadata.ts';
import { checkSpec, readSortOrder, readSpec } from './partition-spec.ts';
import { checkSchema, withFreshIds } from './schema.ts';
import { emptyMetadata } from './updates.ts';

/** Names that are no properties of a table but tell of its state, or how to make it. */
const RESERVED = new Set([
  'format-version',
  'uuid',
  'snapshot-count',
  'current-snapshot-summary',
  'current-snapshot-id',
  'current-snapshot-timestamp-ms',
  'current-schema',
  'default-partition-spec',
  'default-sort-order',
]);

/** Metadata of the table that a request asks to create. Columns are numbered from 1, whatever numbers the client gave them. */
export function newTable(request: Fields, table: { uuid: string; location: string; nowMs: number }): IcebergMetadata {
  const given = request.has('properties') ? request.stringMap('properties') : {};
  const version = formatVersion(given['format-version']);
  const { schema, lastId, ids } = withFreshIds(request.fields('schema').object);
  checkSchema(schema, version);
  const renumber = (id: number): number => ids.get(id) ?? id;
  const spec = readSpec(
    withoutFieldIds(optional(request, 'partition-spec')),
    [],
    FIRST_PARTITION_FIELD_ID - 1,
    renumber,
  );
  checkSpec(spec, schema);
  const order = readSortOrder(optional(request, 'write-order'), schema, renumber);
  const orderId = order.fields.length === 0 ? 0 : 1;
  return {
    ...emptyMetadata(version, table.uuid),
    location: table.location,
    'last-updated-ms': table.nowMs,
    'last-column-id': lastId,
    schemas: [schema],
    'current-schema-id': 0,
    'partition-specs': [spec],
    'default-spec-id': 0,
    'last-partition-id': FIRST_PARTITION_FIELD_ID - 1 + spec.fields.length,
    'sort-orders': [{ ...order, 'order-id': orderId }],
    'default-sort-order-id': orderId,
    properties: Object.fromEntries(Object.entries(given).filter(([name]) => !RESERVED.has(name))),
  };
}

function formatVersion(text: string | undefined): number {
  if (text === undefined) return 2;
  const version = Number(text);
  if (!Number.isInteger(version) || version < 1 || version > MAX_FORMAT_VERSION) {
    throw badRequest(`Unsupported format version: v${text} (supported: v${MAX_FORMAT_VERSION})`);
  }
  return version;
}

function optional(request: Fields, name: string): JsonObject {
  return request.has(name) ? request.fields(name).object : { fields: [] };
}

/** A new table's partition fields are numbered from 1000, whatever numbers the client gave them. */
function withoutFieldIds(spec: JsonObject): JsonObject {
  const fields = spec['fields'];
  if (!Array.isArray(fields)) return spec;
  return {
    ...spec,
    fields: fields.map((field: unknown) => {
      if (typeof field !== 'object' || field === null) return field;
      const { 'field-id': _id, ...rest } = field as JsonObject;
      return rest;
    }),
  };
}
