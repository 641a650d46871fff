import { Fields } from '../model/fields.ts';
import { readUpdates, type Update } from '../model/updates.ts';
import type { IcebergMetadata } from '../model/metadata.ts';
import { newTable } from '../model/new-table.ts';

export const SCHEMA = {
  type: 'struct',
  fields: [
    { id: 10, name: 'id', required: true, type: 'long' },
    { id: 11, name: 'name', required: false, type: 'string' },
    { id: 12, name: 'ts', required: false, type: 'timestamp' },
  ],
  'identifier-field-ids': [10],
};

/** The columns of `SCHEMA` with the ids that a table gives them. */
export function tableFields(): object[] {
  return SCHEMA.fields.map((field, index) => ({ ...field, id: index + 1 }));
}

/** A table of three columns, whose ids are 1 to 3. */
export function sampleTable(request: object = {}): IcebergMetadata {
  const table = { uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1', location: 'memory://test/t', nowMs: 1000 };
  return newTable(new Fields({ name: 't', schema: SCHEMA, ...request }, 'the request'), table);
}

export function updates(...values: object[]): readonly Update[] {
  return readUpdates(values);
}

/** Adds a snapshot, and makes it the current one of `main`. */
export function append(id: bigint | number, sequence: number, parent?: bigint | number): object[] {
  const snapshot = {
    'snapshot-id': id,
    'sequence-number': sequence,
    'timestamp-ms': 2000 + sequence,
    'manifest-list': `memory://test/t/metadata/snap-${id}.avro`,
    summary: { operation: 'append' },
    ...(parent === undefined ? {} : { 'parent-snapshot-id': parent }),
  };
  return [
    { action: 'add-snapshot', snapshot },
    { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': id },
  ];
}
