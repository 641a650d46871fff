import { boundOrder, compareBounds, parseBound } from '../../table/bound-text.ts';
import type { Bound, ColumnStats } from '../../table/bound.ts';
import type { DataType, PrimitiveType, TableSchema } from '../../table/schema.ts';
import { applyConversions } from './conversion.ts';
import type { CompareOperator, Operand, Predicate } from './predicate.ts';

/** What pruning needs to know of a file. */
export interface PrunableFile {
  readonly rowCount: number;
  /** By field id. */
  readonly stats: ReadonlyMap<number, ColumnStats>;
}

/** A predicate tied to the field ids and types of a table: true when the file may hold a matching row. */
export type FileTest = (file: PrunableFile) => boolean;

const ANY: FileTest = () => true;
const NONE: FileTest = () => false;

/** Compiles a predicate once, to be asked of many files. */
export function compileFileTest(predicate: Predicate, schema: TableSchema): FileTest {
  switch (predicate.kind) {
    case 'unknown':
    // Until its keys have been read.
    case 'keys':
      return ANY;
    case 'and': {
      const tests = predicate.children.map((child) => compileFileTest(child, schema)).filter((test) => test !== ANY);
      return tests.length === 0 ? ANY : (file) => tests.every((test) => test(file));
    }
    case 'or':
      return orTest(predicate.children, schema);
    case 'never':
      return NONE;
    case 'null':
      return nullTest(predicate.operand, predicate.negated, schema);
    case 'prefix':
      return prefixTest(predicate.operand, predicate.prefix, schema);
    case 'compare':
      return compareTest(predicate, schema);
  }
}

function orTest(children: readonly Predicate[], schema: TableSchema): FileTest {
  const list = equalityList(children, schema);
  if (list !== undefined) return list;
  const tests = children.map((child) => compileFileTest(child, schema));
  return tests.includes(ANY) ? ANY : (file) => tests.some((test) => test(file));
}

/** Where the values of an operand come from. */
export interface Leaf {
  readonly id: number;
  readonly type: PrimitiveType;
  /** A field of a struct, which is null also where the struct is. */
  readonly nested: boolean;
}

export function findLeaf(path: readonly string[], schema: TableSchema): Leaf | undefined {
  const equal = (name: string, other: string | undefined): boolean => name.toLowerCase() === other?.toLowerCase();
  let found: { id: number; type: DataType } | undefined = schema.columns.find(({ name }) => equal(name, path[0]));
  for (const name of path.slice(1)) {
    found = found?.type.kind === 'struct' ? found.type.fields.find((field) => equal(field.name, name)) : undefined;
  }
  return found?.type.kind === 'primitive' ? { id: found.id, type: found.type, nested: path.length > 1 } : undefined;
}

/** The range of an operand in a file; `undefined` at the side that is not known. */
export interface Range {
  readonly lower: Bound | undefined;
  readonly upper: Bound | undefined;
}

/** An operand of a table, compiled. */
export interface BoundOperand {
  readonly leaf: Leaf;
  /** After the conversions. */
  readonly type: PrimitiveType;
  readonly range: (stats: ColumnStats) => Range;
}

export function bindOperand({ path, conversions }: Operand, schema: TableSchema): BoundOperand | undefined {
  const leaf = findLeaf(path, schema);
  const converted = leaf === undefined ? undefined : applyConversions(leaf.type, conversions);
  if (leaf === undefined || converted === undefined) return undefined;
  const isFloat = leaf.type.name === 'FLOAT' || leaf.type.name === 'DOUBLE';
  const convert = (bound: Bound | undefined): Bound | undefined =>
    bound === undefined ? undefined : converted.convert(bound);
  const range = ({ lower, upper, nanCount }: ColumnStats): Range => ({
    lower: convert(lower),
    // NaN sorts above every number and is never part of a bound.
    upper: isFloat && nanCount !== 0 ? undefined : convert(upper),
  });
  return { leaf, type: converted.type, range };
}

function nullTest(operand: Operand, negated: boolean, schema: TableSchema): FileTest {
  const leaf = findLeaf(operand.path, schema);
  if (leaf === undefined || leaf.nested || operand.conversions.length > 0) return ANY;
  return (file) => {
    const nullCount = file.stats.get(leaf.id)?.nullCount;
    if (nullCount === undefined) return true;
    return negated ? nullCount < file.rowCount : nullCount > 0;
  };
}

function prefixTest(operand: Operand, prefix: string, schema: TableSchema): FileTest {
  const bound = bindOperand(operand, schema);
  if (bound?.type.name !== 'VARCHAR') return ANY;
  return rangeTest(bound, ({ lower, upper }) => {
    const below = upper !== undefined && compareBounds(upper, prefix) < 0;
    // A lower bound that starts with the prefix is not above what does.
    const above = typeof lower === 'string' && !lower.startsWith(prefix) && compareBounds(lower, prefix) > 0;
    return !below && !above;
  });
}

function compareTest(predicate: Predicate & { kind: 'compare' }, schema: TableSchema): FileTest {
  const operand = bindOperand(predicate.operand, schema);
  const value = operand === undefined ? undefined : constant(predicate, operand);
  if (operand === undefined || value === undefined) return ANY;
  const { operator } = predicate;
  if (!canDecide(operator, operand.type)) return ANY;
  return rangeTest(operand, (range) => mayCompare(operator, value, range));
}

/** Of some types, bounds are in another order than values. */
export function canDecide(operator: CompareOperator, type: PrimitiveType): boolean {
  const order = boundOrder(type);
  return order === 'order' || (order === 'equality' && (operator === '=' || operator === '!='));
}

function rangeTest({ leaf, range }: BoundOperand, test: (range: Range) => boolean): FileTest {
  return (file) => {
    const stats = file.stats.get(leaf.id);
    if (stats === undefined) return true;
    if (!leaf.nested && stats.nullCount === file.rowCount) return false;
    return test(range(stats));
  };
}

/** What a column is compared with, as a bound. */
export function constant({ literal }: Predicate & { kind: 'compare' }, { type }: BoundOperand): Bound | undefined {
  // A literal of another type is compared after a cast that this code does not model.
  if (!('written' in literal) || (literal.type !== undefined && literal.type.name !== type.name)) return undefined;
  const value = parseBound(literal.text, type);
  return typeof value === 'number' && type.name === 'FLOAT' ? Math.fround(value) : value;
}

/** `x IN (…)` as one search in the sorted list, for lists may be long. */
function equalityList(all: readonly Predicate[], schema: TableSchema): FileTest | undefined {
  const children = all.filter(({ kind }) => kind !== 'never');
  const [first] = children;
  if (children.length < 8 || first?.kind !== 'compare') return undefined;
  const operand = bindOperand(first.operand, schema);
  if (operand === undefined) return undefined;
  const key = JSON.stringify(first.operand);
  const values: Bound[] = [];
  for (const child of children) {
    const isEqual = child.kind === 'compare' && child.operator === '=' && JSON.stringify(child.operand) === key;
    const value = isEqual ? constant(child, operand) : undefined;
    if (value === undefined) return undefined;
    values.push(value);
  }
  values.sort(compareBounds);
  return rangeTest(operand, ({ lower, upper }) => {
    const next = lower === undefined ? values[0] : values[firstAtLeast(values, lower)];
    return next !== undefined && (upper === undefined || compareBounds(next, upper) <= 0);
  });
}

function firstAtLeast(sorted: readonly Bound[], bound: Bound): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = sorted[middle];
    if (value !== undefined && compareBounds(value, bound) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mayCompare(operator: CompareOperator, value: Bound, { lower, upper }: Range): boolean {
  const fromLower = lower === undefined ? undefined : compareBounds(lower, value);
  const fromUpper = upper === undefined ? undefined : compareBounds(upper, value);
  switch (operator) {
    case '=':
      return (fromLower === undefined || fromLower <= 0) && (fromUpper === undefined || fromUpper >= 0);
    case '<':
      return fromLower === undefined || fromLower < 0;
    case '<=':
      return fromLower === undefined || fromLower <= 0;
    case '>':
      return fromUpper === undefined || fromUpper > 0;
    case '>=':
      return fromUpper === undefined || fromUpper >= 0;
    case '!=':
      return !(fromLower === 0 && fromUpper === 0);
  }
}
