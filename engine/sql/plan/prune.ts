import { compareBounds, parseBound } from '../../table/bound-text.ts';
import type { Bound, ColumnStats } from '../../table/bound.ts';
import type { PrimitiveType, TableSchema } from '../../table/schema.ts';
import type { CompareOperator, Predicate } from './predicate.ts';

/** What pruning needs to know of a file. */
export interface PrunableFile {
  readonly rowCount: number;
  /** By field id. */
  readonly stats: ReadonlyMap<number, ColumnStats>;
}

/** A predicate tied to the field ids and types of a table: true when the file may hold a matching row. */
export type FileTest = (file: PrunableFile) => boolean;

const ANY: FileTest = () => true;

/** Compiles a predicate once, to be asked of many files. */
export function compileFileTest(predicate: Predicate, schema: TableSchema): FileTest {
  switch (predicate.kind) {
    case 'unknown':
      return ANY;
    case 'and': {
      const tests = predicate.children.map((child) => compileFileTest(child, schema));
      return (file) => tests.every((test) => test(file));
    }
    case 'or': {
      const tests = predicate.children.map((child) => compileFileTest(child, schema));
      return (file) => tests.some((test) => test(file));
    }
    case 'null':
      return nullTest(predicate.column, predicate.negated, schema);
    case 'compare':
      return compareTest(predicate, schema);
  }
}

function findPrimitive(name: string, schema: TableSchema): { id: number; type: PrimitiveType } | undefined {
  const column = schema.columns.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  return column?.type.kind === 'primitive' ? { id: column.id, type: column.type } : undefined;
}

function nullTest(name: string, negated: boolean, schema: TableSchema): FileTest {
  const column = findPrimitive(name, schema);
  if (column === undefined) return ANY;
  return (file) => {
    const nullCount = file.stats.get(column.id)?.nullCount;
    if (nullCount === undefined) return true;
    return negated ? nullCount < file.rowCount : nullCount > 0;
  };
}

function compareTest(predicate: Predicate & { kind: 'compare' }, schema: TableSchema): FileTest {
  const column = findPrimitive(predicate.column, schema);
  if (column === undefined) return ANY;
  const { literal, operator } = predicate;
  // A literal of another type is compared after a cast that this code does not model.
  if (literal.type !== undefined && literal.type !== column.type.name) return ANY;
  const value = parseBound(literal.text, column.type);
  if (value === undefined) return ANY;
  const isFloat = column.type.name === 'FLOAT' || column.type.name === 'DOUBLE';
  return (file) => {
    const stats = file.stats.get(column.id);
    if (stats === undefined) return true;
    if (stats.nullCount === file.rowCount) return false;
    // NaN sorts above every number and is never part of a bound.
    const upper = isFloat && stats.nanCount !== 0 ? undefined : stats.upper;
    return mayCompare(operator, value, stats.lower, upper);
  };
}

function mayCompare(
  operator: CompareOperator,
  value: Bound,
  lower: Bound | undefined,
  upper: Bound | undefined,
): boolean {
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
