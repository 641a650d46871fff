import type { Bound } from '../../table/bound.ts';
import { keyShape, rowKey, type RowKey } from '../../table/row-key.ts';
import type { TableSchema } from '../../table/schema.ts';
import type { Scalar } from '../../ports/kernel.ts';
import type { Predicate } from './predicate.ts';
import { bindOperand, constant } from './prune.ts';

/** More keys are in most files anyway. */
const MAX_KEYS = 100;

/** The primary keys outside of which no row matches; `undefined` when a condition does not name them, or too many. */
export function askedKeys(predicate: Predicate, schema: TableSchema): readonly RowKey[] | undefined {
  if (keyShape(schema) === undefined) return undefined;
  let keys: Scalar[][] = [[]];
  for (const id of schema.primaryKey) {
    const values = valuesOf(predicate, id, schema);
    if (values === undefined || values.length * keys.length > MAX_KEYS) return undefined;
    keys = keys.flatMap((key) => values.map((value) => [...key, value]));
  }
  return keys.map((key) => rowKey(key.length, (place) => key[place] ?? null));
}

/** The values that a column can have in matching rows. */
function valuesOf(predicate: Predicate, id: number, schema: TableSchema): Bound[] | undefined {
  if (predicate.kind === 'and') {
    for (const child of predicate.children) {
      const values = valuesOf(child, id, schema);
      if (values !== undefined) return values;
    }
    return undefined;
  }
  if (predicate.kind === 'or') {
    const values = predicate.children.map((child) => (child.kind === 'never' ? [] : valuesOf(child, id, schema)));
    return values.every((each) => each !== undefined) ? values.flat() : undefined;
  }
  if (predicate.kind !== 'compare' || predicate.operator !== '=' || predicate.operand.conversions.length > 0) {
    return undefined;
  }
  const operand = bindOperand(predicate.operand, schema);
  const value = operand?.leaf.id === id ? constant(predicate, operand) : undefined;
  return value === undefined ? undefined : [value];
}
