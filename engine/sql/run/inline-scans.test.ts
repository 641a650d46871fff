import { describe, expect, test } from 'vitest';
import { AlopexError } from '../../errors.ts';
import { canInline, inlineScans } from './inline-scans.ts';

const TABLES = [
  { name: 't', sql: 'SELECT 1 AS a\nUNION ALL SELECT 2 AS a' },
  { name: 'odd "name', sql: 'SELECT 3 AS b' },
];

describe('a query with its tables in front', () => {
  test.each([
    ['SELECT * FROM t', '\nSELECT * FROM t'],
    ['FROM t', '\nFROM t'],
    ['WITH x AS (SELECT 1) SELECT * FROM t, x', ',\n     x AS (SELECT 1) SELECT * FROM t, x'],
    ['with recursive\nx AS (SELECT 1) FROM x', ',\n              \nx AS (SELECT 1) FROM x'],
  ])('%s', (text, end) => {
    const { sql } = inlineScans(text, TABLES);
    expect(sql).toBe(
      `WITH ${/recursive/.test(text) ? 'RECURSIVE ' : ''}"t" AS NOT MATERIALIZED (${TABLES[0]?.sql}),\n"odd ""name" AS NOT MATERIALIZED (SELECT 3 AS b)${end}`,
    );
  });

  test('without tables it stays as it is', () => {
    expect(inlineScans('SELECT 1', []).sql).toBe('SELECT 1');
  });

  test.each([
    ['LINE 4: SELECT x FROM t\n               ^', 'LINE 1: SELECT x FROM t\n               ^'],
    ['LINE 13: WHERE x\n               ^', 'LINE 10: WHERE x\n               ^'],
    ['LINE 12: WHERE x\n               ^', 'LINE 9: WHERE x\n              ^'],
    ['LINE 2: the line of a scan', 'LINE 2: the line of a scan'],
  ])('the lines of messages are those of the text', (message, expected) => {
    const { explain } = inlineScans('SELECT x FROM t', TABLES);
    const error = explain(new AlopexError('42703', `no x\n\n${message}`, { hint: 'look' }));
    expect(error).toMatchObject({ code: '42703', message: `no x\n\n${expected}`, hint: 'look' });
  });

  test('the first line is shown as it was typed, after WITH too', () => {
    const { explain } = inlineScans('WITH x AS (SELECT y)\nFROM x', TABLES);
    const error = explain(new AlopexError('42703', 'no y\n\nLINE 4:      x AS (SELECT y)\n                  ^'));
    expect(error).toMatchObject({ message: 'no y\n\nLINE 1: WITH x AS (SELECT y)\n                  ^' });
  });

  test('other errors stay as they are', () => {
    const { explain } = inlineScans('SELECT x FROM t', TABLES);
    const error = new AlopexError('22012', 'division by zero');
    expect(explain(error)).toBe(error);
    expect(explain(7)).toBe(7);
  });
});

test.each<[string, boolean]>([
  ['SELECT * FROM t', true],
  ['from T', true],
  ['WITH x AS (FROM t) FROM x', true],
  ['SELECT * FROM (WITH x AS (FROM t) FROM x)', true],
  ['WITH t AS (FROM t) FROM t', false],
  ['SELECT * FROM (WITH T(a) AS (SELECT 1) FROM t)', false],
  ['TABLE t', false],
  ['(SELECT 1)', false],
  ['DESCRIBE t', false],
  ['SELECT * FROM (PIVOT t ON a USING sum(b))', false],
  ['SELECT * FROM t TABLESAMPLE 10%', false],
  ['SELECT * FROM t USING SAMPLE 5', false],
])('%s can take tables along: %s', (text, expected) => {
  expect(canInline(text, ['t'])).toBe(expected);
});
