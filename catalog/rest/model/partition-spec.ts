import { badRequest } from '../rest-error.ts';
import { Fields, type JsonObject } from './fields.ts';
import {
  FIRST_PARTITION_FIELD_ID,
  type SchemaJson,
  type SortOrderJson,
  type SpecFieldJson,
  type SpecJson,
} from './metadata.ts';
import { fieldsOf } from './schema.ts';

/** Types that a transform can be made of. */
const SOURCES: readonly (readonly [RegExp, RegExp])[] = [
  [/^(void|identity)$/, /./],
  [
    /^bucket\[[1-9]\d*\]$/,
    /^(int|long|decimal.*|date|time|timestamp|timestamptz|timestamp_ns|timestamptz_ns|string|uuid|fixed.*|binary)$/,
  ],
  [/^truncate\[[1-9]\d*\]$/, /^(int|long|decimal.*|string|binary)$/],
  [/^(year|month|day)$/, /^(date|timestamp|timestamptz|timestamp_ns|timestamptz_ns)$/],
  [/^hour$/, /^(timestamp|timestamptz|timestamp_ns|timestamptz_ns)$/],
];

/** Throws 400 unless `transform` is known and can be made of the column. `what` names the field in the message. */
function checkTransform(transform: string, sourceId: number, schema: SchemaJson | JsonObject, what: string): void {
  const source = Array.from(fieldsOf(schema)).find(({ id }) => id === sourceId);
  const types = SOURCES.find(([form]) => form.test(transform))?.[1];
  if (types === undefined) throw badRequest(`Unknown transform of ${what}: ${transform}`);
  // A column of version 1 may have gone; void keeps its place.
  if (transform === 'void') return;
  if (source === undefined) throw badRequest(`Cannot find source column for ${what}: ${sourceId}`);
  if (typeof source.type !== 'string' || source.isRepeated || !types.test(source.type)) {
    const type = typeof source.type === 'string' ? source.type : String(source.type['type']);
    throw badRequest(`Invalid source type ${type} of column ${source.name} for transform: ${transform}`);
  }
}

/** Throws 400 when a spec does not fit a schema. */
export function checkSpec(spec: SpecJson, schema: SchemaJson | JsonObject): void {
  const columns = new Map(Array.from(fieldsOf(schema), ({ name, id }) => [name, id]));
  const names = new Set<string>();
  for (const field of spec.fields) {
    const sourceId = sourceOf(field);
    checkTransform(field.transform, sourceId, schema, `partition field ${field.name}`);
    if (field.name === '') throw badRequest('Cannot use empty partition name');
    if (names.has(field.name)) throw badRequest(`Cannot use partition name more than once: ${field.name}`);
    names.add(field.name);
    const column = columns.get(field.name);
    if (column !== undefined && !(field.transform === 'identity' && column === sourceId)) {
      throw badRequest(`Cannot create partition from name that exists in schema: ${field.name}`);
    }
  }
}

/** A field made of several columns has `source-ids`, which only a single one is known of. */
function sourceOf(field: JsonObject): number {
  const fields = new Fields(field, 'a partition or sort field');
  if (fields.has('source-id')) return fields.int('source-id');
  const [only, ...others] = fields.ints('source-ids');
  if (only === undefined || others.length > 0) throw badRequest('Transforms of several columns are not supported');
  return only;
}

/** Whether specs partition alike: by the same transforms of the same columns under the same names. */
export function sameSpec(left: SpecJson, right: SpecJson): boolean {
  return (
    left.fields.length === right.fields.length &&
    left.fields.every((field, index) => {
      const other = right.fields[index];
      return (
        other !== undefined &&
        sourceOf(field) === sourceOf(other) &&
        field.name === other.name &&
        field.transform === other.transform
      );
    })
  );
}

/**
 * A spec as it was sent, with ids: a field that brings none has that of an equal field of an earlier spec, or the next one.
 * `renumber` maps ids of columns, for tables whose columns are numbered anew.
 */
export function readSpec(
  value: unknown,
  specs: readonly SpecJson[],
  lastFieldId: number,
  renumber: (id: number) => number = (id) => id,
): SpecJson {
  const spec = new Fields(value, 'a partition spec');
  let last = Math.max(lastFieldId, FIRST_PARTITION_FIELD_ID - 1);
  const known = specs.flatMap(({ fields }) => fields);
  const fields = spec.list('fields').map((each): SpecFieldJson => {
    const field = new Fields(each, 'a partition field');
    const sourceId = renumber(sourceOf(field.object));
    const transform = field.string('transform');
    const equal = known.find((other) => sourceOf(other) === sourceId && other.transform === transform);
    const fieldId = field.has('field-id') ? field.int('field-id') : (equal?.['field-id'] ?? ++last);
    last = Math.max(last, fieldId);
    const { 'source-ids': _sources, ...rest } = field.object;
    return { ...rest, name: field.string('name'), transform, 'source-id': sourceId, 'field-id': fieldId };
  });
  return { ...spec.object, 'spec-id': 0, fields };
}

/** A sort order as it was sent; throws 400 when it does not fit the schema. */
export function readSortOrder(
  value: unknown,
  schema: SchemaJson | JsonObject,
  renumber: (id: number) => number = (id) => id,
): SortOrderJson {
  const order = new Fields(value, 'a sort order');
  const fields = order.list('fields').map((each) => {
    const field = new Fields(each, 'a sort field');
    const sourceId = renumber(sourceOf(field.object));
    checkTransform(field.string('transform'), sourceId, schema, 'a sort field');
    if (!/^(asc|desc)$/.test(field.string('direction')))
      throw badRequest(`Invalid direction: ${field.string('direction')}`);
    if (!/^nulls-(first|last)$/.test(field.string('null-order'))) {
      throw badRequest(`Invalid null order: ${field.string('null-order')}`);
    }
    const { 'source-ids': _sources, ...rest } = field.object;
    return { ...rest, 'source-id': sourceId };
  });
  return { ...order.object, 'order-id': 0, fields };
}
