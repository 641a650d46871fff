import { describe, expect, test } from 'vitest';
import { append, sampleTable, tableFields, updates } from '../test-support/metadata.ts';
import { decodeIcebergMetadata, encodeIcebergMetadata, type IcebergMetadata } from './metadata.ts';
import { applyUpdates } from './updates.ts';

const BIG = 9_007_199_254_740_993n;

function run(base: IcebergMetadata, ...values: object[]): IcebergMetadata {
  return applyUpdates(base, updates(...values), 5000);
}

describe('metadata', () => {
  test('keeps what nothing here knows of, and 64-bit numbers', () => {
    const base = { ...run(sampleTable(), ...append(BIG, 1)), 'x-extension': { deep: [1, BIG] } } as IcebergMetadata;
    const read = decodeIcebergMetadata(encodeIcebergMetadata(base));
    expect(read).toEqual(base);
    expect(run(read, { action: 'set-properties', updates: { a: 'b' } })['x-extension']).toEqual({ deep: [1, BIG] });
  });

  test('of version 1 is read in its oldest form, and written so that old readers find what they look for', () => {
    const schema = { type: 'struct', fields: tableFields() };
    const old = {
      'format-version': 1,
      'table-uuid': 'u',
      location: 'memory://test/old',
      'last-updated-ms': 1,
      'last-column-id': 3,
      schema,
      'partition-spec': [{ 'source-id': 3, transform: 'day', name: 'ts_day' }],
      properties: {},
      'current-snapshot-id': 5,
      snapshots: [{ 'snapshot-id': 5, 'timestamp-ms': 1, manifests: ['a.avro'] }],
    };
    const read = decodeIcebergMetadata(JSON.stringify(old));
    expect(read).toMatchObject({
      schemas: [{ ...schema, 'schema-id': 0 }],
      'current-schema-id': 0,
      'partition-specs': [{ 'spec-id': 0, fields: [{ 'field-id': 1000, name: 'ts_day' }] }],
      'last-partition-id': 1000,
      refs: { main: { 'snapshot-id': 5, type: 'branch' } },
    });
    const written = JSON.parse(encodeIcebergMetadata(read)) as Record<string, unknown>;
    expect(written['schema']).toEqual({ ...schema, 'schema-id': 0 });
    expect(written['partition-spec']).toMatchObject([{ name: 'ts_day' }]);
    expect(written).not.toHaveProperty('last-sequence-number');
  });

  test('of version 3 without a snapshot says so by null', () => {
    const base = run(sampleTable(), { action: 'upgrade-format-version', 'format-version': 3 });
    expect(JSON.parse(encodeIcebergMetadata(base))).toMatchObject({ 'current-snapshot-id': null });
  });

  test.each(['{}', '[]', '{"format-version": 9}'])('is not %s', (text) => {
    expect(() => decodeIcebergMetadata(text)).toThrow();
  });
});
