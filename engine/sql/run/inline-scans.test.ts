import { describe, expect, test } from 'vitest';
import { AlopexError } from '../../errors.ts';
import { canInline, inlineScans } from './inline-scans.ts';

const TABLES = [
  { name: 't', sql: 'SELECT 1 AS a\nUNION ALL SELECT 2 AS a' },
  { name: 'odd "name', sql: 'SELECT 3 AS b' },
];

describe('a query with its tables in front', () => {
  test('its lines stay as they are', () => {
    expect(inlineScans('SELECT *\nFROM t', TABLES).sql).toBe(
      `WITH "t" AS NOT MATERIALIZED (${TABLES[0]?.sql}),\n"odd ""name" AS NOT MATERIALIZED (SELECT 3 AS b)\nSELECT *\nFROM t`,
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
  ['SELECT * FROM (SELECT * FROM t) AS x JOIN (FROM t) AS y USING (a) WHERE a IN (1, 2)', true],
  ['SELECT * FROM t WHERE a IN (SELECT b FROM u)', false],
  ['SELECT (FROM u) FROM t', false],
  ['SELECT * FROM t WHERE EXISTS (VALUES (1))', false],
  ['SELECT * FROM t, LATERAL (SELECT t.a)', false],
  ['WITH x AS (FROM t) FROM x', false],
  ['SELECT * FROM (WITH x AS (FROM t) FROM x)', false],
  ['TABLE t', false],
  ['(SELECT 1)', false],
  ['DESCRIBE t', false],
  ['SELECT * FROM (PIVOT t ON a USING sum(b))', false],
  ['SELECT * FROM t TABLESAMPLE 10%', false],
  ['SELECT * FROM t USING SAMPLE 5', false],
])('%s can take tables along: %s', (text, expected) => {
  expect(canInline(text)).toBe(expected);
});
