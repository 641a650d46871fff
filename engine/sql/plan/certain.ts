import { compareBounds } from '../../table/bound-text.ts';
import type { Bound } from '../../table/bound.ts';
import type { TableSchema } from '../../table/schema.ts';
import type { CompareOperator, Conversion, Operand, Predicate } from './predicate.ts';
import { bindOperand, canDecide, constant, findLeaf, type FileTest, type Range } from './prune.ts';

const NO: FileTest = () => false;

/** The other question about a file: true when every row of it surely matches a bound condition. What is not understood is never certain. */
export function compileCertainTest(predicate: Predicate, schema: TableSchema): FileTest {
  switch (predicate.kind) {
    case 'unknown':
    case 'keys':
    case 'never':
      return NO;
    case 'and': {
      const tests = predicate.children.map((child) => compileCertainTest(child, schema));
      return tests.includes(NO) ? NO : (file) => tests.every((test) => test(file));
    }
    case 'or': {
      const tests = predicate.children.map((child) => compileCertainTest(child, schema));
      return (file) => tests.some((test) => test(file));
    }
    case 'null':
      return nullTest(predicate.operand, predicate.negated, schema);
    case 'prefix': {
      const { operand, prefix } = predicate;
      return rangeTest(
        operand,
        schema,
        ({ lower, upper }) =>
          typeof lower === 'string' &&
          typeof upper === 'string' &&
          lower.startsWith(prefix) &&
          upper.startsWith(prefix),
      );
    }
    case 'compare': {
      const operand = bindOperand(predicate.operand, schema);
      const value = operand === undefined ? undefined : constant(predicate, operand);
      if (operand === undefined || value === undefined || !canDecide(predicate.operator, operand.type)) return NO;
      return rangeTest(predicate.operand, schema, (range) => surelyCompares(predicate.operator, value, range));
    }
  }
}

function nullTest(operand: Operand, negated: boolean, schema: TableSchema): FileTest {
  const leaf = findLeaf(operand.path, schema);
  if (leaf === undefined || leaf.nested || operand.conversions.length > 0) return NO;
  return (file) => file.stats.get(leaf.id)?.nullCount === (negated ? 0 : file.rowCount);
}

function rangeTest(operand: Operand, schema: TableSchema, test: (range: Range) => boolean): FileTest {
  const bound = bindOperand(operand, schema);
  if (bound === undefined || bound.leaf.nested || operand.conversions.some(canFail)) return NO;
  return (file) => {
    const stats = file.stats.get(bound.leaf.id);
    return stats?.nullCount === 0 && test(bound.range(stats));
  };
}

/** A cast that fails for some values makes the statement fail, which no answer from bounds may hide. */
function canFail(conversion: Conversion): boolean {
  return conversion.kind === 'cast' && /INT$|^(INTEGER|FLOAT)$/.test(conversion.type.name);
}

function surelyCompares(operator: CompareOperator, value: Bound, { lower, upper }: Range): boolean {
  const fromLower = lower === undefined ? undefined : compareBounds(lower, value);
  const fromUpper = upper === undefined ? undefined : compareBounds(upper, value);
  switch (operator) {
    case '=':
      return fromLower === 0 && fromUpper === 0;
    case '<':
      return fromUpper !== undefined && fromUpper < 0;
    case '<=':
      return fromUpper !== undefined && fromUpper <= 0;
    case '>':
      return fromLower !== undefined && fromLower > 0;
    case '>=':
      return fromLower !== undefined && fromLower >= 0;
    case '!=':
      return (fromLower !== undefined && fromLower > 0) || (fromUpper !== undefined && fromUpper < 0);
  }
}
