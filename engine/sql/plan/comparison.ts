import { UNKNOWN, MIRRORED, type CompareOperator, type Operand, type Predicate, type Value } from './predicate.ts';

/** One side of a comparison. */
export type Side = { readonly operand: Operand } | { readonly value: Value } | { readonly row: readonly Side[] };

/** `undefined` when it cannot be said of one operand and a constant, or member by member. */
export function comparison(left: Side, operator: CompareOperator, right: Side): Predicate | undefined {
  if ('operand' in left && 'value' in right) return compareWith(left.operand, operator, right.value);
  if ('value' in left && 'operand' in right) return compareWith(right.operand, MIRRORED[operator], left.value);
  return 'row' in left && 'row' in right ? rowComparison(left.row, operator, right.row) : undefined;
}

/** Whatever is compared with null, the result is null. */
export function compareWith(operand: Operand, operator: CompareOperator, literal: Value): Predicate {
  return isNull(literal) ? { kind: 'never' } : { kind: 'compare', operand, operator, literal };
}

export function isNull(value: Value): boolean {
  return 'written' in value && value.written === 'null';
}

/** A column by itself, which is a condition when it is BOOLEAN. */
export function isTrue(operand: Operand): Predicate {
  return { kind: 'compare', operand, operator: '=', literal: { text: 'true', written: 'keyword' } };
}

/**
 * Rows are equal when all of their members are; otherwise the first members decide, if they differ, and null is above all. That is weaker than the condition, hence the `unknown` beside it: the negation of
 * something weaker would be stronger. It stands beside equality too, which is false, not null, where one member is null.
 */
function rowComparison(
  left: readonly Side[],
  operator: CompareOperator,
  right: readonly Side[],
): Predicate | undefined {
  const hasNull = [...left, ...right].some((side) => 'value' in side && isNull(side.value));
  if (left.length !== right.length || operator === '!=' || hasNull) return undefined;
  if (operator === '=') {
    const children = left.map((side, index) => comparison(side, '=', right[index] ?? side));
    return children.every((child) => child !== undefined)
      ? { kind: 'and', children: [...children, UNKNOWN] }
      : undefined;
  }
  const [first, other] = [left[0], right[0]];
  if (first === undefined || other === undefined || !('operand' in first)) return undefined;
  const below = operator === '<' || operator === '<=';
  const decided = comparison(first, below ? '<=' : '>=', other);
  if (decided === undefined) return undefined;
  const isAbsent: Predicate = { kind: 'null', operand: first.operand, negated: false };
  return { kind: 'and', children: [below ? decided : { kind: 'or', children: [decided, isAbsent] }, UNKNOWN] };
}
