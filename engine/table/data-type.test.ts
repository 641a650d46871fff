import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldIdsFrom, fieldIdsSql, leaves, parseDataType, storageType, typeSql } from './data-type.ts';

const name = fc.constantFrom('a', 'b c', 'with "quote"', 'ünï', 'x,y', '(', 'INTEGER');
const { type } = fc.letrec<{ type: string }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      'BOOLEAN',
      'TINYINT',
      'BIGINT',
      'UINTEGER',
      'DOUBLE',
      'DECIMAL(38, 10)',
      'DATE',
      'TIMESTAMP WITH TIME ZONE',
      'VARCHAR',
      'UUID',
      'BLOB',
    ),
    tie('type').map((inner) => `${inner}[]`),
    fc
      .uniqueArray(name, { minLength: 1, maxLength: 3 })
      .chain((names) => fc.tuple(...names.map(() => tie('type'))).map((types) => ({ names, types })))
      .map(
        ({ names, types }) =>
          `STRUCT(${names.map((field, i) => `"${field.replaceAll('"', '""')}" ${types[i]}`).join(', ')})`,
      ),
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
  'HUGEINT',
  'UBIGINT',
  'TIMESTAMP_NS',
  'INTERVAL',
  'TIME WITH TIME ZONE',
  'BIT',
  'INTEGER[3]',
  'STRUCT(a INTERVAL)',
  "ENUM('a', 'b')",
  'MAP(VARCHAR, HUGEINT)',
])('%s cannot be tiered, and the error names the column', (text) => {
  expect(() => parseDataType(text, 'col', fieldIdsFrom(0))).toThrow(
    expect.objectContaining({ code: '0A000', message: expect.stringContaining('"col"') as string }) as Error,
  );
});

test('narrow integers are stored as what Iceberg has, at any depth', () => {
  const parsed = parseDataType('STRUCT(a TINYINT[], m MAP(VARCHAR, UINTEGER))', 'c', fieldIdsFrom(0));
  expect(typeSql(storageType(parsed))).toBe('STRUCT("a" INTEGER[], "m" MAP(VARCHAR, BIGINT))');
});

test('field ids reach every level', () => {
  const parsed = parseDataType('STRUCT(a INTEGER[], m MAP(VARCHAR, DATE))', 'c', fieldIdsFrom(1));
  expect(fieldIdsSql({ id: 1, name: 'c', type: parsed })).toBe(
    '"c": {__duckdb_field_id: 1, "a": {__duckdb_field_id: 2, element: 3}, "m": {__duckdb_field_id: 4, key: 5, value: 6}}',
  );
});
