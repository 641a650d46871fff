import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bound, ColumnStats } from '../../table/bound.ts';
import { compareBounds } from '../../table/bound-text.ts';
import type { TableSchema } from '../../table/schema.ts';
import { compileCertainTest } from './certain.ts';
import { compileFileTest, type PrunableFile } from './prune.ts';
import { negate, UNKNOWN, type CompareOperator, type Operand, type Predicate } from './predicate.ts';

const SCHEMA = {
  schemaId: 0,
  columns: [
    { id: 1, name: 'i', type: { kind: 'primitive', name: 'BIGINT' }, required: false },
    { id: 2, name: 's', type: { kind: 'primitive', name: 'VARCHAR' }, required: false },
  ],
  primaryKey: [],
  checks: [],
} as unknown as TableSchema;

interface Row {
  readonly i: bigint | null;
  readonly s: string | null;
}

const operand = (name: 'i' | 's'): Operand => ({ path: [name], conversions: [] });
const numbers = fc.bigInt({ min: -3n, max: 3n });
const words = fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'é');
const operators = fc.constantFrom<CompareOperator>('=', '!=', '<', '<=', '>', '>=');

const leaf: fc.Arbitrary<Predicate> = fc.oneof(
  fc.tuple(operators, numbers).map(([operator, value]): Predicate => {
    return { kind: 'compare', operand: operand('i'), operator, literal: { text: String(value), written: 'number' } };
  }),
  fc.tuple(operators, words).map(([operator, text]): Predicate => {
    return { kind: 'compare', operand: operand('s'), operator, literal: { text, written: 'text' } };
  }),
  fc.tuple(fc.constantFrom<'i' | 's'>('i', 's'), fc.boolean()).map(([name, negated]): Predicate => {
    return { kind: 'null', operand: operand(name), negated };
  }),
  words.map((prefix): Predicate => ({ kind: 'prefix', operand: operand('s'), prefix })),
  fc.constantFrom<Predicate>({ kind: 'never' }, UNKNOWN),
);

const { predicate } = fc.letrec<{ predicate: Predicate }>((tie) => ({
  predicate: fc.oneof(
    { depthSize: 'small' },
    leaf,
    tie('predicate').map(negate),
    fc
      .tuple(fc.constantFrom<'and' | 'or'>('and', 'or'), fc.array(tie('predicate'), { maxLength: 3 }))
      .map(([kind, children]): Predicate => ({ kind, children })),
  ),
}));

const rows = fc.array(fc.record<Row>({ i: fc.option(numbers, { freq: 9 }), s: fc.option(words, { freq: 9 }) }), {
  minLength: 1,
  maxLength: 4,
});

test('a file is certain only when every row of it matches, and possible when any does', () => {
  let certain = 0;
  fc.assert(
    fc.property(predicate, rows, (condition, file) => {
      const stored = fileOf(file);
      const matching = file.filter((row) => matches(condition, row)).length;
      const isCertain = compileCertainTest(condition, SCHEMA)(stored);
      certain += Number(isCertain);
      if (isCertain) expect(matching).toBe(file.length);
      if (matching > 0) expect(compileFileTest(condition, SCHEMA)(stored)).toBe(true);
    }),
    { seed: 5, numRuns: 5000 },
  );
  expect(certain).toBeGreaterThan(500);
});

test('what is not known of a file is not certain', () => {
  const condition: Predicate = {
    kind: 'compare',
    operand: operand('i'),
    operator: '>',
    literal: { text: '0', written: 'number' },
  };
  const isCertain = (stats: ColumnStats): boolean =>
    compileCertainTest(condition, SCHEMA)({ rowCount: 2, stats: new Map([[1, stats]]) });
  expect(isCertain({ lower: 1n, upper: 2n, nullCount: 0 })).toBe(true);
  expect(isCertain({ lower: 1n, upper: 2n })).toBe(false);
  expect(isCertain({ upper: 2n, nullCount: 0 })).toBe(false);
  expect(isCertain({ lower: 1n, upper: 2n, nullCount: 1 })).toBe(false);
  expect(compileCertainTest(condition, SCHEMA)({ rowCount: 2, stats: new Map() })).toBe(false);
});

/** A condition that is not understood matches nothing for certain. */
function matches(condition: Predicate, row: Row): boolean {
  switch (condition.kind) {
    case 'unknown':
    case 'keys':
    case 'never':
      return false;
    case 'and':
      return condition.children.every((child) => matches(child, row));
    case 'or':
      return condition.children.some((child) => matches(child, row));
    case 'null':
      return (valueOf(condition.operand, row) === null) !== condition.negated;
    case 'prefix':
      return row.s?.startsWith(condition.prefix) === true;
    case 'compare': {
      const value = valueOf(condition.operand, row);
      if (value === null || !('written' in condition.literal)) return false;
      const { text } = condition.literal;
      const order = compareBounds(value, typeof value === 'bigint' ? BigInt(text) : text);
      const results = { '=': order === 0, '!=': order !== 0, '<': order < 0, '<=': order <= 0, '>': order > 0 };
      return condition.operator === '>=' ? order >= 0 : results[condition.operator];
    }
  }
}

function valueOf({ path }: Operand, row: Row): bigint | string | null {
  return path[0] === 'i' ? row.i : row.s;
}

function fileOf(file: readonly Row[]): PrunableFile {
  return {
    rowCount: file.length,
    stats: new Map([
      [1, statsOf(file.map(({ i }) => i))],
      [2, statsOf(file.map(({ s }) => s))],
    ]),
  };
}

function statsOf(values: readonly (Bound | null)[]): ColumnStats {
  const present = values.filter((value) => value !== null).toSorted(compareBounds);
  const [lower] = present;
  const upper = present.at(-1);
  const nullCount = values.length - present.length;
  return lower === undefined || upper === undefined ? { nullCount } : { nullCount, lower, upper };
}
