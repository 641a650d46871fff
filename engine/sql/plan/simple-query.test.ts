import { expect, test } from 'vitest';
import { readSimpleQuery } from './simple-query.ts';

test('a query of one table is taken apart', () => {
  const query = readSimpleQuery(
    'SELECT a, max(b) FROM "T" AS x WHERE x.a = 1 AND b > 2 ORDER BY a DESC LIMIT 10 OFFSET 5;',
  );
  expect(query).toMatchObject({ table: 'T', limit: 15, isLimited: true, isPlain: true });
  expect(query?.items.map((item) => item.map(({ text }) => text).join(''))).toEqual(['a', 'max(b)']);
  expect(query?.where).toMatchObject({ kind: 'and', children: [{ kind: 'compare' }, { kind: 'compare' }] });
  expect(query?.orderBy.map(({ text }) => text)).toEqual(['a', 'DESC']);
});

test('a condition that is not understood leaves the rest', () => {
  expect(readSimpleQuery('SELECT * FROM t WHERE lower(s) = 1 LIMIT 3')).toMatchObject({ where: undefined, limit: 3 });
  expect(readSimpleQuery('SELECT * FROM t GROUP BY ALL')).toMatchObject({ isPlain: false, limit: undefined });
  expect(readSimpleQuery('SELECT DISTINCT a FROM t')).toMatchObject({ isPlain: false });
  expect(readSimpleQuery('SELECT * FROM t LIMIT 10%')).toMatchObject({ limit: undefined, isLimited: true });
});

test.each([
  'SELECT 1',
  'SELECT * FROM a, b',
  'SELECT * FROM a JOIN b USING (x)',
  'SELECT * FROM a NATURAL JOIN b',
  'SELECT * FROM (SELECT 1)',
  'SELECT (SELECT 1) FROM t',
  'SELECT (FROM u) FROM t',
  'SELECT * FROM t WHERE a IN (TABLE u)',
  'WITH t AS (SELECT 1) SELECT * FROM t',
  'SELECT * FROM t UNION ALL SELECT * FROM t',
  'SELECT * FROM range(5)',
  'SELECT * FROM s.t',
  'SELECT * FROM t AT (VERSION => 1)',
  'SELECT * FROM t TABLESAMPLE 10%',
  'FROM t',
  'INSERT INTO t SELECT 1',
  'SELECT * FROM t WHERE a = 1 WHERE b = 2',
  "SELECT * FROM 'file.parquet'",
  'SELECT trim(a FROM b) FROM t',
  'SELECT * FROM t a b',
])('%s is none', (text) => {
  expect(readSimpleQuery(text)).toBeUndefined();
});
