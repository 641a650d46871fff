import { describe, expect, test } from 'vitest';
import type { Column, DataType, PrimitiveName } from '../engine/table/schema.ts';
import { fromIcebergType, primitiveTypes, toIcebergSchema, toIcebergType } from './types.ts';
import { column, definition } from './test-support/fixtures.ts';

const primitive = (name: PrimitiveName): DataType => ({ kind: 'primitive', name });

describe('types', () => {
  test.each<[PrimitiveName, string]>([
    ['BOOLEAN', 'boolean'],
    ['INTEGER', 'int'],
    ['BIGINT', 'long'],
    ['FLOAT', 'float'],
    ['DOUBLE', 'double'],
    ['DATE', 'date'],
    ['TIME', 'time'],
    ['TIMESTAMP', 'timestamp'],
    ['TIMESTAMP WITH TIME ZONE', 'timestamptz'],
    ['VARCHAR', 'string'],
    ['UUID', 'uuid'],
    ['BLOB', 'binary'],
  ])('%s is %s and back', (name, iceberg) => {
    expect(toIcebergType(primitive(name))).toBe(iceberg);
    expect(fromIcebergType(iceberg)).toEqual(primitive(name));
  });

  test.each<[PrimitiveName, string]>([
    ['TINYINT', 'int'],
    ['SMALLINT', 'int'],
    ['UTINYINT', 'int'],
    ['USMALLINT', 'int'],
    ['UINTEGER', 'long'],
  ])('%s widens to %s', (name, iceberg) => {
    expect(toIcebergType(primitive(name))).toBe(iceberg);
  });

  test('decimals keep precision and scale, written with or without a space', () => {
    const type: DataType = { kind: 'primitive', name: 'DECIMAL', precision: 38, scale: 6 };
    expect(toIcebergType(type)).toBe('decimal(38, 6)');
    expect(fromIcebergType('decimal(38, 6)')).toEqual(type);
    expect(fromIcebergType('decimal(38,6)')).toEqual(type);
    expect(() => toIcebergType({ ...type, precision: 39 })).toThrow('not an Iceberg type');
  });

  test('nested types keep their ids', () => {
    const type: DataType = {
      kind: 'struct',
      fields: [
        { id: 2, name: 'tags', type: { kind: 'list', elementId: 3, element: primitive('VARCHAR') } },
        {
          id: 4,
          name: 'counts',
          type: {
            kind: 'map',
            keyId: 5,
            key: primitive('VARCHAR'),
            valueId: 6,
            value: { kind: 'list', elementId: 7, element: primitive('DOUBLE') },
          },
        },
      ],
    };
    expect(fromIcebergType(toIcebergType(type))).toEqual(type);
    const schema = toIcebergSchema(
      definition({ columns: [{ id: 1, name: 's', type, required: false }], primaryKey: [] }).schema,
    );
    expect(Array.from(primitiveTypes([schema]))).toEqual([
      [3, 'string'],
      [5, 'string'],
      [7, 'double'],
    ]);
  });

  test('types of later format versions are refused', () => {
    expect(() => fromIcebergType('timestamp_ns')).toThrow('not supported');
  });
});

describe('schemas', () => {
  test('the primary key becomes the identifier fields', () => {
    expect(toIcebergSchema(definition().schema)['identifier-field-ids']).toEqual([1]);
  });

  test('a primary key with a floating-point column cannot be the identifier', () => {
    const columns: Column[] = [column(1, 'id', 'BIGINT', true), column(2, 'x', 'DOUBLE', true)];
    const schema = toIcebergSchema(definition({ columns, primaryKey: [1, 2] }).schema);
    expect(schema['identifier-field-ids']).toBeUndefined();
  });

  test('a column is required only if it was from the first schema on', () => {
    const first = toIcebergSchema(definition().schema);
    const columns = [column(1, 'id', 'BIGINT', true), column(2, 'ts', 'TIMESTAMP', true), column(4, 'n', 'DATE', true)];
    const second = toIcebergSchema(definition({ schemaId: 1, columns, lastFieldId: 4 }).schema, first);
    expect(second.fields.map(({ name, required }) => [name, required])).toEqual([
      ['id', true],
      ['ts', false],
      ['n', false],
    ]);
  });
});
