import { badRequest } from '../rest-error.ts';
import { changed, type Draft } from './draft.ts';
import type { Fields } from './fields.ts';
import { type IcebergMetadata, type SchemaJson, schemaOf } from './metadata.ts';
import { checkSpec, readSortOrder, readSpec, sameSpec } from './partition-spec.ts';
import { canonical, checkSchema, highestFieldId, sameSchema } from './schema.ts';

const LAST_ADDED = -1;

export function addSchema(draft: Draft, update: Fields): Draft {
  const { metadata } = draft;
  const sent = update.fields('schema').object;
  checkSchema(sent, metadata['format-version']);
  const given = update.has('last-column-id') ? update.int('last-column-id') : 0;
  const lastColumnId = Math.max(metadata['last-column-id'], highestFieldId(sent), given);
  const known = metadata.schemas.find((schema) => sameSchema(schema, sent));
  if (known !== undefined) {
    return { ...changed(draft, { 'last-column-id': lastColumnId }), lastSchemaId: known['schema-id'] };
  }
  const id = nextId(metadata.schemas, 'schema-id');
  const schema = { ...sent, type: 'struct', 'schema-id': id } as unknown as SchemaJson;
  return {
    ...changed(draft, { schemas: [...metadata.schemas, schema], 'last-column-id': lastColumnId }),
    lastSchemaId: id,
  };
}

export function setCurrentSchema(draft: Draft, update: Fields): Draft {
  const id = lastAdded(update.int('schema-id'), draft.lastSchemaId, 'schema');
  if (schemaOf(draft.metadata, id) === undefined)
    throw badRequest(`Cannot set current schema to unknown schema: ${id}`);
  return changed(draft, { 'current-schema-id': id });
}

export function removeSchemas(draft: Draft, update: Fields): Draft {
  const ids = new Set(update.ints('schema-ids'));
  if (ids.has(draft.metadata['current-schema-id'])) throw badRequest('Cannot remove the current schema');
  return changed(draft, { schemas: draft.metadata.schemas.filter((schema) => !ids.has(schema['schema-id'])) });
}

export function addSpec(draft: Draft, update: Fields): Draft {
  const { metadata } = draft;
  const specs = metadata['partition-specs'];
  const spec = readSpec(update.fields('spec').object, specs, metadata['last-partition-id']);
  const known = specs.find((each) => sameSpec(each, spec));
  if (known !== undefined) return { ...draft, lastSpecId: known['spec-id'] };
  checkSpec(spec, currentSchema(metadata));
  const ids = spec.fields.map((field) => field['field-id']);
  if (metadata['format-version'] === 1 && ids.some((id, index) => id !== 1000 + index)) {
    throw badRequest('Spec does not use sequential IDs that are required in v1');
  }
  const id = nextId(specs, 'spec-id');
  return {
    ...changed(draft, {
      'partition-specs': [...specs, { ...spec, 'spec-id': id }],
      'last-partition-id': Math.max(metadata['last-partition-id'], ...ids),
    }),
    lastSpecId: id,
  };
}

export function setDefaultSpec(draft: Draft, update: Fields): Draft {
  const id = lastAdded(update.int('spec-id'), draft.lastSpecId, 'spec');
  if (!draft.metadata['partition-specs'].some((spec) => spec['spec-id'] === id)) {
    throw badRequest(`Cannot set default partition spec to unknown spec: ${id}`);
  }
  return changed(draft, { 'default-spec-id': id });
}

export function removeSpecs(draft: Draft, update: Fields): Draft {
  const ids = new Set(update.ints('spec-ids'));
  const { metadata } = draft;
  if (ids.has(metadata['default-spec-id'])) throw badRequest('Cannot remove the default partition spec');
  return changed(draft, { 'partition-specs': metadata['partition-specs'].filter((spec) => !ids.has(spec['spec-id'])) });
}

export function addSortOrder(draft: Draft, update: Fields): Draft {
  const { metadata } = draft;
  const orders = metadata['sort-orders'];
  const order = readSortOrder(update.fields('sort-order').object, currentSchema(metadata));
  const known = orders.find((each) => canonical(each.fields) === canonical(order.fields));
  if (known !== undefined) return { ...draft, lastOrderId: known['order-id'] };
  // Order 0 is kept for "unsorted".
  const id = order.fields.length === 0 ? 0 : Math.max(1, nextId(orders, 'order-id'));
  return { ...changed(draft, { 'sort-orders': [...orders, { ...order, 'order-id': id }] }), lastOrderId: id };
}

export function setDefaultSortOrder(draft: Draft, update: Fields): Draft {
  const id = lastAdded(update.int('sort-order-id'), draft.lastOrderId, 'sort order');
  if (!draft.metadata['sort-orders'].some((order) => order['order-id'] === id)) {
    throw badRequest(`Cannot set default sort order to unknown order: ${id}`);
  }
  return changed(draft, { 'default-sort-order-id': id });
}

/** Throws 400 when the defaults do not fit the current schema: the last check of a commit. */
export function checkDefaults(metadata: IcebergMetadata): void {
  const schema = currentSchema(metadata);
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === metadata['default-spec-id']);
  const order = metadata['sort-orders'].find((each) => each['order-id'] === metadata['default-sort-order-id']);
  if (spec === undefined) throw badRequest('The table has no default partition spec');
  if (order === undefined) throw badRequest('The table has no default sort order');
  checkSpec(spec, schema);
  readSortOrder(order, schema);
}

function currentSchema(metadata: IcebergMetadata): SchemaJson {
  const schema = schemaOf(metadata, metadata['current-schema-id']) ?? metadata.schemas.at(-1);
  if (schema === undefined) throw badRequest('The table has no schema');
  return schema;
}

function nextId<K extends string>(items: readonly { readonly [key in K]: number }[], key: K): number {
  return Math.max(-1, ...items.map((item) => item[key])) + 1;
}

function lastAdded(id: number, last: number | undefined, what: string): number {
  if (id !== LAST_ADDED) return id;
  if (last === undefined) throw badRequest(`Cannot set last added ${what}: no ${what} has been added`);
  return last;
}
