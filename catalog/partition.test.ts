import { describe, expect, test } from 'vitest';
import type { PartitionField } from '../engine/ports/cold-table.ts';
import { evolveSpec, partitionColumns, partitionsEqual, partitionType } from './partition.ts';

const month: PartitionField = { sourceId: 2, transform: 'month', name: 'ts_month' };
const bucket: PartitionField = { sourceId: 1, transform: 'bucket[16]', name: 'id_bucket' };

describe('partition specs', () => {
  test('the unpartitioned spec has id 0 and uses no field id', () => {
    expect(evolveSpec([], [], 999)).toEqual({ spec: { 'spec-id': 0, fields: [] }, lastFieldId: 999 });
  });

  test('a field keeps its id in later specs, and an identical spec is used again', () => {
    const first = evolveSpec([month], [], 999);
    expect(first.spec.fields[0]?.['field-id']).toBe(1000);
    const second = evolveSpec([bucket, month], [first.spec], first.lastFieldId);
    expect(second.spec['spec-id']).toBe(1);
    expect(second.spec.fields.map((field) => field['field-id'])).toEqual([1001, 1000]);
    expect(second.lastFieldId).toBe(1001);
    const third = evolveSpec([month], [first.spec, second.spec], second.lastFieldId);
    expect(third).toEqual({ spec: first.spec, lastFieldId: 1001 });
  });

  test('result types', () => {
    expect(
      ['identity', 'truncate[4]', 'year', 'month', 'day', 'hour', 'bucket[8]'].map((transform) =>
        partitionType(transform, 'timestamp'),
      ),
    ).toEqual(['timestamp', 'timestamp', 'int', 'int', 'date', 'int', 'int']);
    expect(() => partitionType('void', 'int')).toThrow('not supported');
  });

  test('names that Avro does not allow are escaped', () => {
    const { spec } = evolveSpec([{ ...month, name: '1 größe-x' }], [], 999);
    expect(partitionColumns(spec, new Map([[2, 'timestamp']]))[0]?.avroName).toBe('_1_x20gr_xF6_xDFe_x2Dx');
  });

  test('a field without its source column is refused', () => {
    const { spec } = evolveSpec([month], [], 999);
    expect(() => partitionColumns(spec, new Map())).toThrow('ts_month is made from field 2');
  });

  test('values are equal by content', () => {
    expect(partitionsEqual([Uint8Array.of(1), null, 3n], [Uint8Array.of(1), null, 3n])).toBe(true);
    expect(partitionsEqual([Uint8Array.of(1)], [Uint8Array.of(2)])).toBe(false);
    expect(partitionsEqual([null], [0n])).toBe(false);
    expect(partitionsEqual([], [0n])).toBe(false);
  });
});
