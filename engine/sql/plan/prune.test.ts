import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBounds } from '../../table/bound-text.ts';
import type { ColumnStats } from '../../table/bound.ts';
import type { TableSchema } from '../../table/schema.ts';
import { negate, type CompareOperator, type Literal, type Operand, type Predicate } from './predicate.ts';
import { compileFileTest, type PrunableFile } from './prune.ts';

const schema: TableSchema = {
  schemaId: 0,
  columns: [
    { id: 1, name: 'n', type: { kind: 'primitive', name: 'BIGINT' }, required: false },
    { id: 2, name: 's', type: { kind: 'primitive', name: 'VARCHAR' }, required: false },
    { id: 3, name: 'f', type: { kind: 'primitive', name: 'DOUBLE' }, required: false },
  ],
  primaryKey: [],
  checks: [],
  lastFieldId: 3,
};

interface Row {
  readonly n: bigint | null;
  readonly s: string | null;
  readonly f: number | null;
}

const row: fc.Arbitrary<Row> = fc.record({
  n: fc.option(fc.bigInt({ min: -6n, max: 6n })),
  s: fc.option(fc.constantFrom('', 'a', 'ab', 'b', 'é', '￿', '😀')),
  f: fc.option(fc.constantFrom(-1.5, -0, 0, 2.5, Number.NaN, Infinity, -Infinity)),
});

const operand = (column: string): Operand => ({ path: [column], conversions: [] });
const literal = (text: string): Literal => ({ text, written: 'text' });
const operator = fc.constantFrom<CompareOperator>('=', '!=', '<', '<=', '>', '>=');
const leaf: fc.Arbitrary<Predicate> = fc.oneof(
  fc.record({
    kind: fc.constant('compare' as const),
    operand: fc.constant(operand('n')),
    operator,
    literal: fc.bigInt({ min: -7n, max: 7n }).map((value) => literal(String(value))),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    operand: fc.constant(operand('S')),
    operator,
    literal: fc.constantFrom('', 'a', 'aa', 'é', '😀').map(literal),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    operand: fc.constant(operand('f')),
    operator,
    literal: fc.constantFrom('-1.5', '0.0', '2.0', 'inf', '-inf').map(literal),
  }),
  fc.record({
    kind: fc.constant('null' as const),
    operand: fc.constantFrom('n', 's', 'f').map(operand),
    negated: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('prefix' as const),
    operand: fc.constant(operand('s')),
    prefix: fc.constantFrom('', 'a', 'ab', 'é', '￿'),
  }),
  // A long list.
  fc.array(fc.bigInt({ min: -9n, max: 9n }), { minLength: 8, maxLength: 12 }).map((values) => ({
    kind: 'or' as const,
    children: values.map((value) => ({
      kind: 'compare' as const,
      operand: operand('n'),
      operator: '=' as const,
      literal: literal(String(value)),
    })),
  })),
  fc.constant({ kind: 'unknown' as const }),
);
const { predicate } = fc.letrec<{ predicate: Predicate }>((tie) => ({
  predicate: fc.oneof(
    { depthSize: 'small' },
    leaf,
    tie('predicate').map(negate),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      children: fc.array(tie('predicate'), { minLength: 1, maxLength: 3 }),
    }),
  ),
}));

test('a file that holds a matching row is never pruned', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), predicate, (rows, condition) => {
      if (rows.some((candidate) => matches(condition, candidate))) {
        expect(compileFileTest(condition, schema)(fileOf(rows))).toBe(true);
      }
    }),
    { seed: 42, numRuns: 5000 },
  );
});

test('a file without a matching row is pruned where its bounds show it', () => {
  const file = fileOf([
    { n: 3n, s: 'b', f: 1 },
    { n: 5n, s: 'c', f: Number.NaN },
  ]);
  const may = (column: string, op: CompareOperator, text: string): boolean =>
    compileFileTest({ kind: 'compare', operand: operand(column), operator: op, literal: literal(text) }, schema)(file);
  expect(may('n', '=', '4')).toBe(true);
  expect(may('n', '=', '6')).toBe(false);
  expect(may('n', '<', '3')).toBe(false);
  expect(may('n', '>=', '6')).toBe(false);
  expect(may('s', '<=', 'a')).toBe(false);
  expect(may('f', '<', '1')).toBe(false);
  expect(may('f', '>', '100')).toBe(true); // NaN sorts above.
  expect(compileFileTest({ kind: 'null', operand: operand('n'), negated: false }, schema)(file)).toBe(false);
});

function fileOf(rows: readonly Row[]): PrunableFile {
  return {
    rowCount: rows.length,
    stats: new Map<number, ColumnStats>([
      [1, bounds(rows.map((candidate) => candidate.n))],
      [2, bounds(rows.map((candidate) => candidate.s))],
      [3, bounds(rows.map((candidate) => candidate.f))],
    ]),
  };
}

function bounds(values: readonly (bigint | string | number | null)[]): ColumnStats {
  const present = values.filter((value) => value !== null);
  const comparable = present.filter((value) => !Number.isNaN(value)).toSorted(compareBounds);
  const [lower] = comparable;
  const upper = comparable.at(-1);
  return {
    nullCount: values.length - present.length,
    ...(lower === undefined || upper === undefined ? {} : { lower, upper }),
    ...(present.some((value) => Number.isNaN(value)) ? {} : { nanCount: 0 }),
  };
}

/** SQL semantics, as the kernel has them: null compares to nothing, NaN is equal to itself and above all. */
function matches(condition: Predicate, candidate: Row): boolean {
  switch (condition.kind) {
    case 'unknown':
    case 'keys':
      return true;
    case 'never':
      return false;
    case 'and':
      return condition.children.every((child) => matches(child, candidate));
    case 'or':
      return condition.children.some((child) => matches(child, candidate));
    case 'null':
      return (candidate[columnOf(condition.operand)] === null) !== condition.negated;
    case 'prefix':
      return candidate.s?.startsWith(condition.prefix) === true;
    case 'compare': {
      const value = candidate[columnOf(condition.operand)];
      if (value === null || !('written' in condition.literal)) return false;
      const { text } = condition.literal;
      const order = Number.isNaN(value) ? 1 : compareBounds(value, parseLike(value, text));
      return {
        '=': order === 0,
        '!=': order !== 0,
        '<': order < 0,
        '<=': order <= 0,
        '>': order > 0,
        '>=': order >= 0,
      }[condition.operator];
    }
  }
}

function columnOf({ path }: Operand): keyof Row {
  return (path[0] ?? '').toLowerCase() as keyof Row;
}

function parseLike(value: bigint | string | number, text: string): bigint | string | number {
  if (typeof value === 'bigint') return BigInt(text);
  return typeof value === 'string' ? text : Number(text.replace('inf', 'Infinity'));
}
