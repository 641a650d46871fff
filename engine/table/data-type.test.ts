import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldIdsFrom, typeSql } from './data-type.ts';
import { fieldIdsSql, leaves } from './stored-fields.ts';
import { storageType } from './storage-type.ts';
import { parseDataType } from './type-parser.ts';

const name = fc.constantFrom('a', 'b c', 'with "quote"', 'ünï', 'x,y', '(', 'INTEGER');
const fieldList = (type: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .uniqueArray(name, { minLength: 1, maxLength: 3 })
    .chain((names) => fc.tuple(...names.map(() => type)).map((types) => ({ names, types })))
    .map(({ names, types }) => names.map((field, i) => `"${field.replaceAll('"', '""')}" ${types[i]}`).join(', '));
const { type } = fc.letrec<{ type: string }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      'BOOLEAN',
      'TINYINT',
      'BIGINT',
      'UINTEGER',
      'UBIGINT',
      'HUGEINT',
      'BIGNUM',
      'DOUBLE',
      'DECIMAL(38, 10)',
      'DATE',
      'TIME_NS',
      'TIME WITH TIME ZONE',
      'TIMESTAMP_NS',
      'TIMESTAMP WITH TIME ZONE',
      'INTERVAL',
      'VARCHAR',
      'JSON',
      'BIT',
      'UUID',
      'BLOB',
      'GEOMETRY',
      "GEOMETRY('OGC:CRS84')",
      "ENUM('a')",
      "ENUM('', 'it''s', 'x, y', ')', '''')",
    ),
    tie('type').map((inner) => `${inner}[]`),
    tie('type').map((inner) => `${inner}[3]`),
    fieldList(tie('type')).map((fields) => `STRUCT(${fields})`),
    fieldList(tie('type')).map((members) => `UNION(${members})`),
    fc.tuple(tie('type'), tie('type')).map(([key, value]) => `MAP(${key}, ${value})`),
  ),
}));

test('types survive parsing and printing, and every nested field has an id of its own', () => {
  fc.assert(
    fc.property(type, (text) => {
      const ids = fieldIdsFrom(0);
      const parsed = parseDataType(text, 'c', ids);
      expect(typeSql(parsed)).toBe(text);
      const found = [...leaves({ id: 0, name: 'c', type: parsed })].map((leaf) => leaf.id);
      expect(new Set(found).size).toBe(found.length);
    }),
    { seed: 3, numRuns: 500 },
  );
});

test.each([
  'VARIANT',
  '"NULL"',
  'VARIANT[]',
  'STRUCT(a VARIANT)',
  'SOMETHING',
  'INTEGER[',
  'ENUM(1)',
  'UNION(a INTEGER',
])('%s cannot be stored, and the error names the column', (text) => {
  expect(() => parseDataType(text, 'col', fieldIdsFrom(0))).toThrow(
    expect.objectContaining({ code: '0A000', message: expect.stringContaining('"col"') as string }) as Error,
  );
});

describe('what files have', () => {
  const parsed = (text: string) => parseDataType(text, 'c', fieldIdsFrom(1));

  test.each([
    ['STRUCT(a TINYINT[], m MAP(VARCHAR, UINTEGER))', 'STRUCT("a" INTEGER[], "m" MAP(VARCHAR, BIGINT))'],
    ['UBIGINT[2][]', 'DECIMAL(20, 0)[][]'],
    ["MAP(ENUM('a'), TIMESTAMP_NS)", 'MAP(VARCHAR, BIGINT)'],
    ['INTERVAL', 'STRUCT("months" INTEGER, "days" INTEGER, "micros" BIGINT)'],
    ['UNION(tag TIMESTAMP_MS, Tag_ BIT)', 'STRUCT("tag__" VARCHAR, "tag" TIMESTAMP, "Tag_" VARCHAR)'],
    ["GEOMETRY('OGC:CRS84')", 'BLOB'],
  ])('%s is stored as %s', (text, stored) => {
    expect(typeSql(storageType(parsed(text)))).toBe(stored);
  });

  test.each([
    [
      'STRUCT(a INTEGER[], m MAP(VARCHAR, DATE))',
      '"c": {__duckdb_field_id: 1, "a": {__duckdb_field_id: 2, element: 3}, "m": {__duckdb_field_id: 4, key: 5, value: 6}}',
    ],
    ['INTERVAL', '"c": {__duckdb_field_id: 1, "months": 2, "days": 3, "micros": 4}'],
    ['UNION(a BIT[1])', '"c": {__duckdb_field_id: 1, "tag": 2, "a": {__duckdb_field_id: 3, element: 4}}'],
  ])('field ids of %s reach every level', (text, spec) => {
    expect(fieldIdsSql({ id: 1, name: 'c', type: parsed(text) })).toBe(spec);
  });
});
