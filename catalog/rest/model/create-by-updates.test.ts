import { expect, test } from 'vitest';
import { tableFields } from '../test-support/metadata.ts';
import { createByUpdates, readUpdates } from './updates.ts';

test('updates alone make a table, whatever comes first', () => {
  const created = createByUpdates(
    readUpdates([
      { action: 'assign-uuid', uuid: 'u' },
      { action: 'add-schema', schema: { type: 'struct', fields: tableFields() } },
      { action: 'set-current-schema', 'schema-id': -1 },
      { action: 'add-spec', spec: { 'spec-id': 0, fields: [] } },
      { action: 'set-default-spec', 'spec-id': -1 },
      { action: 'add-sort-order', 'sort-order': { 'order-id': 0, fields: [] } },
      { action: 'set-default-sort-order', 'sort-order-id': -1 },
      { action: 'set-location', location: 'memory://test/new' },
      { action: 'upgrade-format-version', 'format-version': 1 },
    ]),
    'unused',
    9,
  );
  expect(created).toMatchObject({
    'format-version': 1,
    'table-uuid': 'u',
    'last-updated-ms': 9,
    'current-schema-id': 0,
  });
  expect(() => createByUpdates(readUpdates([]), 'u', 9)).toThrow(expect.objectContaining({ status: 400 }));
});
