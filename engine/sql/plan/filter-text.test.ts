import { describe, expect, test } from 'vitest';
import { parseFilter } from './filter-text.ts';

const compare = (column: string, operator: string, text: string, type?: string): object => ({
  kind: 'compare',
  column,
  operator,
  literal: type === undefined ? { text } : { text, type },
});

describe('filters as the kernel prints them', () => {
  test.each([
    ['delay>7', compare('delay', '>', '7')],
    ['delay>-7', compare('delay', '>', '-7')],
    ["date>='2001-02-01 00:00:00'::TIMESTAMP", compare('date', '>=', '2001-02-01 00:00:00', 'TIMESTAMP')],
    [
      "ts<'2001-02-01 00:00:00+00'::TIMESTAMP WITH TIME ZONE",
      compare('ts', '<', '2001-02-01 00:00:00+00', 'TIMESTAMP WITH TIME ZONE'),
    ],
    ["origin='a''b'", compare('origin', '=', "a'b")],
    ['"odd name"!=1.50', compare('odd name', '!=', '1.50')],
    ['(5 < x)', compare('x', '>', '5')],
    [
      "optional: origin IN ('x', 'y')",
      { kind: 'or', children: [compare('origin', '=', 'x'), compare('origin', '=', 'y')] },
    ],
    ['(a IS NOT NULL)', { kind: 'null', column: 'a', negated: true }],
    ['(a IS NULL)', { kind: 'null', column: 'a', negated: false }],
    [
      "origin>='AB' AND origin<'AC'",
      { kind: 'and', children: [compare('origin', '>=', 'AB'), compare('origin', '<', 'AC')] },
    ],
    [
      '(((d >= 3) AND (d <= 5)) OR (d IS NULL))',
      {
        kind: 'or',
        children: [
          { kind: 'and', children: [compare('d', '>=', '3'), compare('d', '<=', '5')] },
          { kind: 'null', column: 'd', negated: false },
        ],
      },
    ],
    ['(d BETWEEN 1 AND 2)', { kind: 'and', children: [compare('d', '>=', '1'), compare('d', '<=', '2')] }],
  ])('%s', (text, predicate) => {
    expect(parseFilter(text)).toEqual(predicate);
  });

  test.each([
    'b',
    '(NOT b)',
    "(CAST(d AS TIMESTAMP) BETWEEN '2001-01-01'::TIMESTAMP AND '2001-03-01'::TIMESTAMP)",
    '("year"(date) = 2001)',
    'a=b',
    'a IN (SELECT 1)',
    'x>',
    '',
    "a='open",
    'a=1 AND',
    's.field=3',
  ])('%s is not understood, and keeps every file', (text) => {
    expect(parseFilter(text)).toEqual({ kind: 'unknown' });
  });
});
