import type { Scalar } from '../ports/kernel.ts';
import type { PrimitiveName, TableSchema } from './schema.ts';

/** A primary key as a value that JavaScript finds equal exactly when the kernel does. */
export type RowKey = number | bigint | string;

/** Types whose values have one form only. Floating point numbers have several zeros and NaNs. */
const KEY_TYPES: ReadonlySet<PrimitiveName> = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'DATE',
  'TIMESTAMP',
  'TIMESTAMP WITH TIME ZONE',
  'VARCHAR',
  'UUID',
]);

/** How the key of a table's rows is read. */
export interface KeyShape {
  /** Positions of the key's columns in a row, in the order of the key. */
  readonly positions: readonly number[];
}

const SHAPES = new WeakMap<TableSchema, KeyShape | 'none'>();

/** `undefined` when there is no key, or one that JavaScript cannot compare. */
export function keyShape(schema: TableSchema): KeyShape | undefined {
  let shape = SHAPES.get(schema);
  if (shape === undefined) SHAPES.set(schema, (shape = shapeOf(schema) ?? 'none'));
  return shape === 'none' ? undefined : shape;
}

function shapeOf(schema: TableSchema): KeyShape | undefined {
  const positions = schema.primaryKey.map((id) => schema.columns.findIndex((column) => column.id === id));
  const comparable = positions.every((position) => {
    const type = schema.columns[position]?.type;
    return type?.kind === 'primitive' && KEY_TYPES.has(type.name);
  });
  return positions.length > 0 && comparable ? { positions } : undefined;
}

/** `valueAt` gives the value of a column by its place in the key; none is null. */
export function rowKey(columnCount: number, valueAt: (place: number) => Scalar): RowKey {
  if (columnCount === 1) return part(valueAt(0));
  let key = '';
  for (let place = 0; place < columnCount; place++) {
    const value = part(valueAt(place));
    // The length tells where a string ends.
    key += typeof value === 'string' ? `${value.length}:${value}` : `${value},`;
  }
  return key;
}

function part(value: Scalar): RowKey {
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value !== 'bigint') throw new TypeError(`a key cannot hold ${typeof value}`);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
