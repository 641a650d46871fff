import { quoteIdentifier } from './data-type.ts';
import type { Field } from './schema.ts';
import { storageType, type StoredField, type StoredPrimitive, type StoredType } from './storage-type.ts';

/** `COPY … (FIELD_IDS {…})` for one column: fields nested in its storage type carry their ids too. */
export function fieldIdsSql({ id, name, type }: Field): string {
  return storedFieldIds({ id, name, type: storageType(type) });
}

function storedFieldIds({ id, name, type }: StoredField): string {
  return `${quoteIdentifier(name)}: ${fieldIdSpec(id, type)}`;
}

function fieldIdSpec(id: number, type: StoredType): string {
  switch (type.kind) {
    case 'primitive':
      return String(id);
    case 'list':
      return `{__duckdb_field_id: ${id}, element: ${fieldIdSpec(type.elementId, type.element)}}`;
    case 'struct':
      return `{__duckdb_field_id: ${id}, ${type.fields.map(storedFieldIds).join(', ')}}`;
    case 'map':
      return `{__duckdb_field_id: ${id}, key: ${fieldIdSpec(type.keyId, type.key)}, value: ${fieldIdSpec(type.valueId, type.value)}}`;
  }
}

/** A leaf of a column's storage type. */
export interface Leaf {
  readonly id: number;
  /** Under which the statistics of a Parquet file name it, e.g. `"tags"."element"`. */
  readonly path: string;
  readonly type: StoredPrimitive;
}

/** The leaves of a column as it is stored. */
export function leaves({ id, name, type }: Field): Generator<Leaf> {
  return typeLeaves(id, storageType(type), quoteIdentifier(name));
}

function* typeLeaves(id: number, type: StoredType, path: string): Generator<Leaf> {
  switch (type.kind) {
    case 'primitive':
      yield { id, path, type };
      return;
    case 'list':
      yield* typeLeaves(type.elementId, type.element, `${path}."element"`);
      return;
    case 'struct':
      for (const field of type.fields)
        yield* typeLeaves(field.id, field.type, `${path}.${quoteIdentifier(field.name)}`);
      return;
    case 'map':
      yield* typeLeaves(type.keyId, type.key, `${path}."key"`);
      yield* typeLeaves(type.valueId, type.value, `${path}."value"`);
  }
}
