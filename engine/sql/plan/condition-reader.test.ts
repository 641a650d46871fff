import { describe, expect, test } from 'vitest';
import { significant, tokenize } from '../lexer.ts';
import { readPlanFilter, readTypedCondition } from './condition-reader.ts';
import { UNKNOWN, type Predicate } from './predicate.ts';

const operand = (...path: string[]): { path: string[]; conversions: [] } => ({ path, conversions: [] });
const number = (text: string): object => ({ text, written: 'number' });
const text = (value: string, name?: string): object => ({
  text: value,
  written: 'text',
  ...(name === undefined ? {} : { type: { kind: 'primitive', name } }),
});
const compare = (column: string, operator: string, literal: object): object => ({
  kind: 'compare',
  operand: operand(column),
  operator,
  literal,
});
const converted = (column: string, conversion: object, operator: string, literal: object): object => ({
  ...compare(column, operator, literal),
  operand: { path: [column], conversions: [conversion] },
});
const and = (...children: object[]): object => ({ kind: 'and', children });
const or = (...children: object[]): object => ({ kind: 'or', children });
const NEVER = { kind: 'never' };
const isNull = (column: string, negated = false): object => ({ kind: 'null', operand: operand(column), negated });

describe('filters as the kernel prints them', () => {
  test.each<[string, object]>([
    ['delay>7', compare('delay', '>', number('7'))],
    ['delay>-7', compare('delay', '>', number('-7'))],
    ["date>='2001-02-01 00:00:00'::TIMESTAMP", compare('date', '>=', text('2001-02-01 00:00:00', 'TIMESTAMP'))],
    [
      "ts<'2001-02-01 00:00:00+00'::TIMESTAMP WITH TIME ZONE",
      compare('ts', '<', text('2001-02-01 00:00:00+00', 'TIMESTAMP WITH TIME ZONE')),
    ],
    ["origin='a''b'", compare('origin', '=', text("a'b"))],
    ['"odd name"!=1.50', compare('odd name', '!=', number('1.50'))],
    ['(5 < x)', compare('x', '>', number('5'))],
    ["optional: origin IN ('x', 'y')", or(compare('origin', '=', text('x')), compare('origin', '=', text('y')))],
    ['(id NOT IN (1, 2))', and(compare('id', '!=', number('1')), compare('id', '!=', number('2')))],
    ['(n IN (1, NULL))', or(compare('n', '=', number('1')), NEVER)],
    ['(n NOT IN (1, NULL))', and(compare('n', '!=', number('1')), NEVER)],
    ['(a IS NOT NULL)', isNull('a', true)],
    ['(NOT (a IS NOT NULL))', isNull('a')],
    ["origin>='AB' AND origin<'AC'", and(compare('origin', '>=', text('AB')), compare('origin', '<', text('AC')))],
    [
      '(((d >= 3) AND (d <= 5)) OR (d IS NULL))',
      or(and(compare('d', '>=', number('3')), compare('d', '<=', number('5'))), isNull('d')),
    ],
    ['(NOT ((d >= 3) AND (d <= 5)))', or(compare('d', '<', number('3')), compare('d', '>', number('5')))],
    ['(d BETWEEN 1 AND 2)', and(compare('d', '>=', number('1')), compare('d', '<=', number('2')))],
    ['b', compare('b', '=', { text: 'true', written: 'keyword' })],
    ['(NOT b)', compare('b', '!=', { text: 'true', written: 'keyword' })],
    ['(id IS NOT DISTINCT FROM 5)', and(compare('id', '=', number('5')), isNull('id', true))],
    ['(NOT (id IS NOT DISTINCT FROM 5))', or(compare('id', '!=', number('5')), isNull('id'))],
    ['(id IS DISTINCT FROM 5)', or(compare('id', '!=', number('5')), isNull('id'))],
    ['st.b.c=1', { kind: 'compare', operand: operand('st', 'b', 'c'), operator: '=', literal: number('1') }],
    ["starts_with(s, 'ab')", { kind: 'prefix', operand: operand('s'), prefix: 'ab' }],
    ["(s ^@ 'ab')", { kind: 'prefix', operand: operand('s'), prefix: 'ab' }],
    [
      '("year"(date) = 2001)',
      {
        kind: 'compare',
        operand: { path: ['date'], conversions: [{ kind: 'year' }] },
        operator: '=',
        literal: number('2001'),
      },
    ],
    [
      "(CAST(ts AS DATE) < '2001-01-01'::DATE)",
      {
        kind: 'compare',
        operand: { path: ['ts'], conversions: [{ kind: 'cast', type: { kind: 'primitive', name: 'DATE' } }] },
        operator: '<',
        literal: text('2001-01-01', 'DATE'),
      },
    ],
    ['("row"(id, n) < (1, 2))', and(compare('id', '<=', number('1')), UNKNOWN)],
    ['("row"(id, n) = (1, 2))', and(compare('id', '=', number('1')), compare('n', '=', number('2')), UNKNOWN)],
    [
      '((id = 5) AND (abs(n) = 1) AND (n = 2))',
      and(compare('id', '=', number('5')), UNKNOWN, compare('n', '=', number('2'))),
    ],
    ['id=5 AND abs(n)=1 AND n=2', and(compare('id', '=', number('5')), UNKNOWN)],
  ])('%s', (printed, predicate) => {
    expect(readPlanFilter(printed)).toEqual(predicate);
  });

  test.each([
    '(NOT ("row"(id, n) < (1, 2)))',
    '(abs(id) = 5)',
    'a=b',
    'a IN (SELECT 1)',
    'x>',
    '',
    "a='open",
    '((abs(n) = 1) OR (id = 5))',
    "(NOT prefix(s, 'ab'))",
    '((id % 10) = 3)',
    'id=5 + 1',
    "s='a' || s",
    "(s ~~* 'ab%')",
    '(NOT ("row"(id, n) = (1, 2)))',
  ])('%s keeps every file', (printed) => {
    expect(keepsAll(readPlanFilter(printed))).toBe(true);
  });
});

/** Whether nothing is left of a condition that could exclude a row. */
function keepsAll(predicate: Predicate): boolean {
  if (predicate.kind === 'and') return predicate.children.every(keepsAll);
  return predicate.kind === 'or' ? predicate.children.some(keepsAll) : predicate.kind === 'unknown';
}

describe('conditions as they are typed', () => {
  const read = (typed: string): Predicate | undefined =>
    readTypedCondition(significant(tokenize(typed)), new Set(['f']));

  test.each<[string, object]>([
    ['id = $1', compare('id', '=', { parameter: '1' })],
    ['f.id=$Name', compare('id', '=', { parameter: 'name' })],
    ["d >= DATE '2001-01-01'", compare('d', '>=', text('2001-01-01', 'DATE'))],
    ["d >= '2001-01-01'::date", compare('d', '>=', text('2001-01-01', 'DATE'))],
    ["s LIKE 'ab%'", { kind: 'prefix', operand: operand('s'), prefix: 'ab' }],
    ["s LIKE 'ab%c'", and({ kind: 'prefix', operand: operand('s'), prefix: 'ab' }, UNKNOWN)],
    ["s LIKE 'ab'", compare('s', '=', text('ab'))],
    ['NOT (a = 1 OR b = 2)', and(compare('a', '!=', number('1')), compare('b', '!=', number('2')))],
    ['a NOT IN (1)', and(compare('a', '!=', number('1')))],
    ['a = NULL', NEVER],
    ['a IS DISTINCT FROM NULL', isNull('a', true)],
    ["starts_with(f.s, 'ab')", { kind: 'prefix', operand: operand('s'), prefix: 'ab' }],
    ['year(ts) = 2001', converted('ts', { kind: 'year' }, '=', number('2001'))],
    ['extract(YEAR FROM ts) = 2001', converted('ts', { kind: 'year' }, '=', number('2001'))],
    [
      "date_trunc('month', ts) = '2001-05-01'",
      converted('ts', { kind: 'truncate', unit: 'month' }, '=', text('2001-05-01')),
    ],
    ["d < DATE '1994-01-31' + INTERVAL '1' MONTH", compare('d', '<', text('1994-02-28 00:00:00.000000', 'TIMESTAMP'))],
    [
      "ts >= TIMESTAMP '2020-01-01' - INTERVAL '1 day 2 hours'",
      compare('ts', '>=', text('2019-12-30 22:00:00.000000', 'TIMESTAMP')),
    ],
    [
      "d = DATE '2001-01-01' + 31 - INTERVAL 1 WEEK",
      compare('d', '=', text('2001-01-25 00:00:00.000000', 'TIMESTAMP')),
    ],
    [
      'ts > now() - INTERVAL 7 DAYS',
      compare('ts', '>', {
        present: { kind: 'primitive', name: 'TIMESTAMP WITH TIME ZONE' },
        steps: [{ months: 0n, days: -7n, micros: 0n, isNumber: false }],
      }),
    ],
    [
      'd = current_date - 1',
      compare('d', '=', {
        present: { kind: 'primitive', name: 'DATE' },
        steps: [{ months: 0n, days: -1n, micros: 0n, isNumber: true }],
      }),
    ],
  ])('%s', (typed, predicate) => {
    expect(read(typed)).toEqual(predicate);
  });

  test.each([
    'lower(s) = 5',
    'month(ts) = 5',
    "ts > TIMESTAMP '2001-01-01' + INTERVAL '1-2' YEAR",
    'ts > now() * 2',
    'ts > now',
    'a = $1 + 1',
    'a IS DISTINCT FROM $1',
    "s LIKE 'a' ESCAPE 'x'",
    'a = 1 = true',
    'a = 5 + 1',
    'a = b',
    's LIKE $1',
    "s = 'a' COLLATE NOCASE",
    'a = 1 AND abs(b) = 2',
    "x = X'00'",
    'a = 1::DOUBLE',
    'a IN (1, b)',
    'a = ANY([1])',
  ])('%s is for the optimizer', (typed) => {
    expect(read(typed)).toBeUndefined();
  });
});
