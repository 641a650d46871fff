import { expect, test } from 'vitest';
import { append, sampleTable, updates } from '../test-support/metadata.ts';
import { readRequirements } from './requirements.ts';
import { applyUpdates } from './updates.ts';

const BIG = 9_007_199_254_740_993n;
const TABLE = applyUpdates(sampleTable(), updates(...append(BIG, 1)), 5000);

function check(requirement: object): void {
  for (const each of readRequirements([requirement])) each.check(TABLE);
}

function checkWithoutTable(requirement: object): void {
  for (const each of readRequirements([requirement])) each.check(undefined);
}

test.each([
  { type: 'assert-table-uuid', uuid: TABLE['table-uuid'] },
  { type: 'assert-table-uuid', uuid: TABLE['table-uuid'].toUpperCase() },
  { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': BIG },
  { type: 'assert-ref-snapshot-id', ref: 'none', 'snapshot-id': null },
  { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 3 },
  { type: 'assert-current-schema-id', 'current-schema-id': 0 },
  { type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 999 },
  { type: 'assert-default-spec-id', 'default-spec-id': 0 },
  { type: 'assert-default-sort-order-id', 'default-sort-order-id': 0 },
])('$type holds', (requirement) => {
  check(requirement);
  expect(() => checkWithoutTable(requirement)).toThrow(expect.objectContaining({ status: 409 }));
});

test.each([
  [{ type: 'assert-create' }, 'table already exists'],
  [{ type: 'assert-table-uuid', uuid: 'other' }, 'UUID does not match'],
  // One less is the same double.
  [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': BIG - 1n }, 'branch main has changed'],
  [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null }, 'branch main was created concurrently'],
  [{ type: 'assert-ref-snapshot-id', ref: 'none', 'snapshot-id': 5 }, 'branch or tag none is missing'],
  [{ type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 4 }, 'last assigned field id changed'],
  [{ type: 'assert-current-schema-id', 'current-schema-id': 1 }, 'current schema changed'],
  [
    { type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 0 },
    'last assigned partition id changed',
  ],
  [{ type: 'assert-default-spec-id', 'default-spec-id': 1 }, 'default partition spec changed'],
  [{ type: 'assert-default-sort-order-id', 'default-sort-order-id': 1 }, 'default sort order changed'],
])('%o does not hold', (requirement, message) => {
  expect(() => check(requirement)).toThrow(
    expect.objectContaining({ status: 409, message: expect.stringContaining(`Requirement failed: ${message}`) }),
  );
});

test('assert-create holds where there is no table', () => {
  checkWithoutTable({ type: 'assert-create' });
});

test.each([
  [{ type: 'assert-something' }, 'assert-something'],
  [{ type: 'toString' }, 'toString'],
  [{ type: 'assert-current-schema-id' }, 'current-schema-id'],
  [{ type: 'assert-current-schema-id', 'current-schema-id': '0' }, 'current-schema-id'],
  [{}, 'type'],
])('%o is malformed', (requirement, message) => {
  expect(() => check(requirement)).toThrow(
    expect.objectContaining({ status: 400, message: expect.stringContaining(message) }),
  );
});
