import { describe, expect, test } from 'vitest';
import { generatedExpressions, readColumnList } from './column-list.ts';

describe('readColumnList', () => {
  test('takes names of constraints apart, kind by kind', () => {
    const { names } = readColumnList(
      'a INTEGER CONSTRAINT k PRIMARY KEY CHECK (a > 0), b INTEGER UNIQUE, CONSTRAINT "X y" CHECK (a < b), UNIQUE (a, b)',
    );
    expect(names).toEqual({ CHECK: [undefined, 'X y'], UNIQUE: [undefined, undefined], 'PRIMARY KEY': ['k'] });
  });

  test('leaves STORED out, and everything else as it is', () => {
    expect(readColumnList('a INTEGER, b INTEGER AS (a + 1) STORED, c STRUCT("check" INTEGER)')).toMatchObject({
      sql: 'a INTEGER, b INTEGER AS (a + 1), c STRUCT("check" INTEGER)',
      hasGenerated: true,
    });
    expect(readColumnList(`stored VARCHAR DEFAULT 'AS (x)'`)).toMatchObject({
      sql: `stored VARCHAR DEFAULT 'AS (x)'`,
      hasGenerated: false,
    });
    expect(() => readColumnList('b AS (a) STORED NOT NULL')).toThrow(expect.objectContaining({ code: '42601' }));
  });

  test.each(['a INTEGER REFERENCES t (b)', 'a INTEGER, FOREIGN KEY (a) REFERENCES t (b)'])(
    '%s is refused by name',
    (text) => {
      expect(() => readColumnList(text)).toThrow(expect.objectContaining({ code: '0A000' }));
    },
  );
});

test('IDENTITY columns are set aside', () => {
  const { sql, identities } = readColumnList(
    'a INT GENERATED ALWAYS AS IDENTITY (START WITH 5) PRIMARY KEY, "B" bigserial NOT NULL, serial INT',
  );
  expect(sql).toBe('a INT PRIMARY KEY, "B" BIGINT NOT NULL, serial INT');
  expect([...identities]).toEqual([
    ['a', { always: true, options: 'START WITH 5' }],
    ['b', { always: false, options: '' }],
  ]);
});

test('generatedExpressions finds them in the statement of a table', () => {
  const sql = `CREATE TABLE t("a ""q""" INTEGER DEFAULT(f(1, 2)), g INTEGER GENERATED ALWAYS AS((a * (2 + 1))), CHECK((a > 0)));`;
  expect([...generatedExpressions(sql)]).toEqual([['g', '(a * (2 + 1))']]);
});
