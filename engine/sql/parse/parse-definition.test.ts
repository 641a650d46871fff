import { describe, expect, test } from 'vitest';
import { parseStatement } from './parse-statement.ts';

const NEW = { orReplace: false, ifNotExists: false };

describe('CREATE', () => {
  test.each([
    ['CREATE SCHEMA IF NOT EXISTS "My S"', { kind: 'create-schema', name: 'My S', ifNotExists: true }],
    ['CREATE VIEW v AS SELECT 1', { of: 'view', name: { name: 'v' }, body: 'AS SELECT 1', ...NEW }],
    [
      'create or replace view s."V 1" (a, b) AS /* c */ FROM t',
      { of: 'view', name: { schemaName: 's', name: 'V 1' }, body: '(a, b) AS /* c */ FROM t', orReplace: true },
    ],
    [
      'CREATE RECURSIVE VIEW n (i) AS SELECT 1',
      { of: 'view', body: 'AS WITH RECURSIVE "n" (i) AS (SELECT 1) SELECT i FROM "n"' },
    ],
    ['CREATE MACRO m(a, b := (1)) AS a + b, (a) AS a', { of: 'macro', body: '(a, b := (1)) AS a + b, (a) AS a' }],
    ['CREATE FUNCTION IF NOT EXISTS f() AS 1', { of: 'macro', body: '() AS 1', ifNotExists: true }],
    ['CREATE MACRO t(a) AS TABLE FROM x', { of: 'table-macro', body: '(a) AS TABLE FROM x' }],
    [`CREATE TYPE e AS ENUM ('a')`, { of: 'type', body: `AS ENUM ('a')` }],
    ['CREATE SEQUENCE q START 3', { of: 'sequence', body: 'START 3' }],
    ['CREATE SEQUENCE q', { of: 'sequence', body: '' }],
  ])('%s', (text, expected) => expect(parseStatement(text)).toMatchObject(expected));

  test.each(['TEMP VIEW v AS SELECT 1', 'OR REPLACE TEMPORARY MACRO m() AS 1', 'TEMP TABLE t (a INTEGER)'])(
    'CREATE %s belongs to the session',
    (rest) => expect(parseStatement(`CREATE ${rest}`)).toEqual({ kind: 'temporary', text: `CREATE ${rest}` }),
  );

  test.each([
    ['CREATE OR REPLACE SCHEMA s', '0A000'],
    ['CREATE SCHEMA a.b', '42601'],
    ['CREATE VIEW v', '42601'],
    ['CREATE VIEW v AS', '42601'],
    ['CREATE VIEW v (a SELECT 1', '42601'],
    ['CREATE VIEW a.b.c AS SELECT 1', '0A000'],
    ['CREATE VIEW alopex.v AS SELECT 1', '42939'],
    ['CREATE MACRO m AS 1', '42601'],
    ['CREATE MACRO m() AS', '42601'],
    ['CREATE MACRO m() AS TABLE', '42601'],
    ['CREATE TYPE t', '42601'],
    ['CREATE RECURSIVE TABLE t (a INTEGER)', '0A000'],
  ])('%s is refused', (text, code) => {
    expect(() => parseStatement(text)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

describe('DROP and ALTER', () => {
  test.each([
    ['DROP SCHEMA a, b CASCADE', { kind: 'drop-schema', names: ['a', 'b'], ifExists: false, cascade: true }],
    ['DROP SCHEMA IF EXISTS a RESTRICT', { kind: 'drop-schema', names: ['a'], ifExists: true, cascade: false }],
    [
      'DROP VIEW IF EXISTS v, s.w',
      { of: ['view'], names: [{ name: 'v' }, { schemaName: 's', name: 'w' }], ifExists: true },
    ],
    ['DROP MACRO m', { of: ['macro', 'table-macro'] }],
    ['DROP MACRO TABLE m', { of: ['table-macro'] }],
    ['DROP FUNCTION m CASCADE', { of: ['macro', 'table-macro'] }],
    ['DROP TYPE t', { of: ['type'] }],
    ['DROP SEQUENCE q', { of: ['sequence'] }],
    ['ALTER VIEW v RENAME TO w', { kind: 'alter-view', name: { name: 'v' }, change: { name: 'w' }, ifExists: false }],
    ['ALTER VIEW IF EXISTS s.v SET SCHEMA t', { change: { schemaName: 't' }, ifExists: true }],
  ])('%s', (text, expected) => expect(parseStatement(text)).toMatchObject(expected));

  test.each(['DROP VIEW', 'DROP VIEW a b', 'DROP SCHEMA s CASCADE now', 'ALTER VIEW v', 'ALTER VIEW v RENAME w'])(
    '%s is refused',
    (text) => expect(() => parseStatement(text)).toThrow(expect.objectContaining({ code: '42601' }) as Error),
  );
});

test.each([
  [`COMMENT ON TABLE s.t IS 'x'`, { kind: 'relation', of: 'table', name: { schemaName: 's', name: 't' } }, 'x'],
  ['COMMENT ON VIEW v IS NULL', { kind: 'relation', of: 'view', name: { name: 'v' } }, undefined],
  [`COMMENT ON COLUMN t.c IS $$it's$$`, { kind: 'column', relation: { name: 't' }, column: 'c' }, "it's"],
  [`COMMENT ON COLUMN s.t.c IS ''`, { kind: 'column', relation: { schemaName: 's', name: 't' }, column: 'c' }, ''],
  [`COMMENT ON SCHEMA s IS 'x'`, { kind: 'schema', name: 's' }, 'x'],
  [`COMMENT ON MACRO TABLE m IS 'x'`, { kind: 'definition', of: ['table-macro'], name: { name: 'm' } }, 'x'],
])('%s', (text, target, comment) => {
  expect(parseStatement(text)).toEqual({ kind: 'comment', target, text: comment });
});
