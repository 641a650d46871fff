import { describe, expect, test } from 'vitest';
import { append, sampleTable, SCHEMA, tableFields, updates } from '../test-support/metadata.ts';
import type { IcebergMetadata } from './metadata.ts';
import { applyUpdates } from './updates.ts';

const BIG = 9_007_199_254_740_993n;

const WIDER = { type: 'struct', fields: [...tableFields(), { id: 4, name: 'extra', required: false, type: 'int' }] };
const BY_DAY = { fields: [{ 'source-id': 3, transform: 'day', name: 'ts_day' }] };
const BY_NAME = { fields: [{ 'source-id': 2, transform: 'identity', direction: 'asc', 'null-order': 'nulls-last' }] };

function run(base: IcebergMetadata, ...values: object[]): IcebergMetadata {
  return applyUpdates(base, updates(...values), 5000);
}

/** Three snapshots, one after the other, each with statistics. */
function withHistory(): IcebergMetadata {
  const statistics = (id: number): object => ({
    action: 'set-statistics',
    statistics: { 'snapshot-id': id, 'statistics-path': `memory://test/${id}.puffin` },
  });
  return run(
    run(run(sampleTable(), ...append(1, 1)), ...append(2, 2, 1), statistics(2)),
    ...append(3, 3, 2),
    statistics(3),
  );
}

interface Case {
  readonly name: string;
  readonly base?: IcebergMetadata;
  readonly updates: readonly object[];
  /** Members of the result, as they must be. */
  readonly becomes: object;
}

const CASES: readonly Case[] = [
  { name: 'assign-uuid', updates: [{ action: 'assign-uuid', uuid: 'u' }], becomes: { 'table-uuid': 'u' } },
  {
    name: 'upgrade-format-version',
    updates: [{ action: 'upgrade-format-version', 'format-version': 3 }],
    becomes: { 'format-version': 3, 'next-row-id': 0 },
  },
  {
    name: 'add-schema, which changes nothing but the list of schemas',
    updates: [{ action: 'add-schema', schema: WIDER }],
    becomes: {
      'current-schema-id': 0,
      'last-column-id': 4,
      schemas: [sampleTable().schemas[0], { ...WIDER, 'schema-id': 1 }],
    },
  },
  {
    name: 'add-schema with an id of the client, and set-current-schema to the last added',
    updates: [
      { action: 'add-schema', schema: { ...WIDER, 'schema-id': 77 }, 'last-column-id': 9 },
      { action: 'set-current-schema', 'schema-id': -1 },
    ],
    becomes: { 'current-schema-id': 1, 'last-column-id': 9 },
  },
  {
    name: 'add-schema that is there already, and becomes the last added',
    base: run(sampleTable(), { action: 'add-schema', schema: WIDER }, { action: 'set-current-schema', 'schema-id': 1 }),
    updates: [
      { action: 'add-schema', schema: { ...SCHEMA, fields: tableFields(), 'identifier-field-ids': [1] } },
      { action: 'set-current-schema', 'schema-id': -1 },
    ],
    becomes: { 'current-schema-id': 0, 'last-column-id': 4 },
  },
  {
    name: 'remove-schemas',
    base: run(sampleTable(), { action: 'add-schema', schema: WIDER }),
    updates: [{ action: 'remove-schemas', 'schema-ids': [1, 5] }],
    becomes: { schemas: sampleTable().schemas },
  },
  {
    name: 'add-spec and set-default-spec',
    updates: [
      { action: 'add-spec', spec: BY_DAY },
      { action: 'set-default-spec', 'spec-id': -1 },
    ],
    becomes: {
      'default-spec-id': 1,
      'last-partition-id': 1000,
      'partition-specs': [
        { 'spec-id': 0, fields: [] },
        { 'spec-id': 1, fields: [{ 'source-id': 3, transform: 'day', name: 'ts_day', 'field-id': 1000 }] },
      ],
    },
  },
  {
    name: 'add-spec with a field of an earlier spec, which keeps its id',
    base: run(sampleTable(), { action: 'add-spec', spec: BY_DAY }),
    updates: [
      {
        action: 'add-spec',
        spec: { fields: [{ 'source-id': 2, transform: 'bucket[4]', name: 'b' }, ...BY_DAY.fields] },
      },
      { action: 'set-default-spec', 'spec-id': 2 },
    ],
    becomes: { 'default-spec-id': 2, 'last-partition-id': 1001 },
  },
  {
    name: 'remove-partition-specs',
    base: run(sampleTable(), { action: 'add-spec', spec: BY_DAY }),
    updates: [{ action: 'remove-partition-specs', 'spec-ids': [1] }],
    becomes: { 'partition-specs': sampleTable()['partition-specs'], 'last-partition-id': 1000 },
  },
  {
    name: 'add-sort-order and set-default-sort-order',
    updates: [
      { action: 'add-sort-order', 'sort-order': { 'order-id': 8, ...BY_NAME } },
      { action: 'set-default-sort-order', 'sort-order-id': -1 },
    ],
    becomes: {
      'default-sort-order-id': 1,
      'sort-orders': [
        { 'order-id': 0, fields: [] },
        { 'order-id': 1, ...BY_NAME },
      ],
    },
  },
  {
    name: 'add-snapshot and set-snapshot-ref, with ids beyond doubles',
    updates: append(BIG, 1),
    becomes: {
      'current-snapshot-id': BIG,
      'last-sequence-number': 1,
      refs: { main: { 'snapshot-id': BIG, type: 'branch' } },
      'snapshot-log': [{ 'timestamp-ms': 2001, 'snapshot-id': BIG }],
    },
  },
  {
    name: 'two snapshots at once: the first was never current for others',
    updates: [...append(1, 1), ...append(2, 2, 1)],
    becomes: { 'current-snapshot-id': 2, 'snapshot-log': [{ 'timestamp-ms': 2002, 'snapshot-id': 2 }] },
  },
  {
    name: 'set-snapshot-ref back to an older snapshot, now',
    base: withHistory(),
    updates: [{ action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 1 }],
    becomes: {
      'current-snapshot-id': 1,
      'snapshot-log': [...withHistory()['snapshot-log'], { 'timestamp-ms': 5000, 'snapshot-id': 1 }],
    },
  },
  {
    name: 'set-snapshot-ref of a tag with its retention',
    base: withHistory(),
    updates: [{ action: 'set-snapshot-ref', 'ref-name': 'v1', type: 'tag', 'snapshot-id': 2, 'max-ref-age-ms': 7 }],
    becomes: {
      refs: { main: { 'snapshot-id': 3, type: 'branch' }, v1: { 'snapshot-id': 2, type: 'tag', 'max-ref-age-ms': 7 } },
    },
  },
  {
    name: 'remove-snapshot-ref of main',
    base: withHistory(),
    updates: [{ action: 'remove-snapshot-ref', 'ref-name': 'main' }],
    becomes: { refs: {}, 'current-snapshot-id': -1 },
  },
  {
    name: 'remove-snapshots, with statistics, and the log up to what is gone',
    base: withHistory(),
    updates: [{ action: 'remove-snapshots', 'snapshot-ids': [2] }],
    becomes: {
      snapshots: [1, 3].map((id) => expect.objectContaining({ 'snapshot-id': id })),
      statistics: [{ 'snapshot-id': 3, 'statistics-path': 'memory://test/3.puffin' }],
      'snapshot-log': [{ 'timestamp-ms': 2003, 'snapshot-id': 3 }],
    },
  },
  {
    name: 'remove-snapshots that a tag points to',
    base: run(withHistory(), { action: 'set-snapshot-ref', 'ref-name': 'v1', type: 'tag', 'snapshot-id': 1 }),
    updates: [{ action: 'remove-snapshots', 'snapshot-ids': [1] }],
    becomes: { refs: { main: { 'snapshot-id': 3, type: 'branch' } }, 'current-snapshot-id': 3 },
  },
  {
    name: 'set-location without its last slash',
    updates: [{ action: 'set-location', location: 'memory://test/other/' }],
    becomes: { location: 'memory://test/other' },
  },
  {
    name: 'set-properties and remove-properties',
    base: sampleTable({ properties: { a: '1', b: '2' } }),
    updates: [
      { action: 'set-properties', updates: { b: '3', c: '4' } },
      { action: 'remove-properties', removals: ['a', 'never'] },
    ],
    becomes: { properties: { b: '3', c: '4' } },
  },
  {
    name: 'set-statistics in place of others of the snapshot, and remove-statistics',
    base: withHistory(),
    updates: [
      {
        action: 'set-statistics',
        'snapshot-id': 3,
        statistics: { 'snapshot-id': 3, 'statistics-path': 'memory://new' },
      },
      { action: 'remove-statistics', 'snapshot-id': 2 },
    ],
    becomes: { statistics: [{ 'snapshot-id': 3, 'statistics-path': 'memory://new' }] },
  },
  {
    name: 'set-partition-statistics',
    base: withHistory(),
    updates: [
      { action: 'set-partition-statistics', 'partition-statistics': { 'snapshot-id': 1, 'statistics-path': 'x' } },
      { action: 'set-partition-statistics', 'partition-statistics': { 'snapshot-id': 2, 'statistics-path': 'y' } },
      { action: 'remove-partition-statistics', 'snapshot-id': 1 },
    ],
    becomes: { 'partition-statistics': [{ 'snapshot-id': 2, 'statistics-path': 'y' }] },
  },
];

describe('updates', () => {
  test.each(CASES)('$name', ({ base = sampleTable(), updates: values, becomes }) => {
    const before = structuredClone(base);
    const next = run(base, ...values);
    expect(next).toEqual({ ...base, 'last-updated-ms': 5000, ...pick(next, values), ...becomes });
    expect(base).toEqual(before);
    expect(next['last-updated-ms']).toBe(5000);
  });

  test.each<[string, object[], number, string]>([
    ['an unknown update', [{ action: 'do-something' }], 400, 'do-something'],
    ['an update of a view', [{ action: 'add-view-version', 'view-version': {} }], 400, 'add-view-version'],
    ['encryption', [{ action: 'add-encryption-key', 'encryption-key': {} }], 400, 'add-encryption-key'],
    ['encryption', [{ action: 'remove-encryption-key', 'key-id': 'k' }], 400, 'remove-encryption-key'],
    ['an update without what it needs', [{ action: 'set-location' }], 400, 'location'],
    ['a version that nobody knows', [{ action: 'upgrade-format-version', 'format-version': 4 }], 400, 'v4'],
    [
      'an older version',
      [{ action: 'upgrade-format-version', 'format-version': 1 }],
      400,
      'Cannot downgrade v2 table to v1',
    ],
    [
      'a schema with an id twice',
      [{ action: 'add-schema', schema: { fields: [...tableFields(), ...tableFields()] } }],
      400,
      'id 1',
    ],
    [
      'a type that nobody knows',
      [{ action: 'add-schema', schema: { fields: [{ id: 9, name: 'x', required: false, type: 'money' }] } }],
      400,
      'money',
    ],
    [
      'a type of a later version',
      [{ action: 'add-schema', schema: { fields: [{ id: 9, name: 'x', required: false, type: 'variant' }] } }],
      400,
      'not supported until v3',
    ],
    [
      'a default of a later version',
      [
        {
          action: 'add-schema',
          schema: { fields: [{ id: 9, name: 'x', required: false, type: 'int', 'initial-default': 1 }] },
        },
      ],
      400,
      'initial default',
    ],
    [
      'an identifier that may be null',
      [{ action: 'add-schema', schema: { fields: tableFields(), 'identifier-field-ids': [2] } }],
      400,
      'identifier',
    ],
    [
      'the last schema, with none added',
      [{ action: 'set-current-schema', 'schema-id': -1 }],
      400,
      'no schema has been added',
    ],
    ['a schema that is not there', [{ action: 'set-current-schema', 'schema-id': 7 }], 400, 'unknown schema: 7'],
    ['the current schema gone', [{ action: 'remove-schemas', 'schema-ids': [0] }], 400, 'current schema'],
    [
      'a spec of a column that is not there',
      [{ action: 'add-spec', spec: { fields: [{ 'source-id': 9, transform: 'day', name: 'd' }] } }],
      400,
      'source column',
    ],
    [
      'a transform of another type',
      [{ action: 'add-spec', spec: { fields: [{ 'source-id': 2, transform: 'day', name: 'd' }] } }],
      400,
      'Invalid source type string',
    ],
    [
      'a transform that nobody knows',
      [{ action: 'add-spec', spec: { fields: [{ 'source-id': 2, transform: 'zorder', name: 'd' }] } }],
      400,
      'zorder',
    ],
    [
      'a partition field with the name of a column',
      [{ action: 'add-spec', spec: { fields: [{ 'source-id': 3, transform: 'day', name: 'name' }] } }],
      400,
      'exists in schema',
    ],
    ['the last spec, with none added', [{ action: 'set-default-spec', 'spec-id': -1 }], 400, 'no spec has been added'],
    ['a spec that is not there', [{ action: 'set-default-spec', 'spec-id': 4 }], 400, 'unknown spec: 4'],
    ['the default spec gone', [{ action: 'remove-partition-specs', 'spec-ids': [0] }], 400, 'default partition spec'],
    [
      'a direction that is none',
      [{ action: 'add-sort-order', 'sort-order': { fields: [{ ...BY_NAME.fields[0], direction: 'up' }] } }],
      400,
      'up',
    ],
    [
      'a sort order that is not there',
      [{ action: 'set-default-sort-order', 'sort-order-id': 3 }],
      400,
      'unknown order: 3',
    ],
    ['a snapshot twice', [...append(1, 1), ...append(1, 2)], 400, 'already exists for id: 1'],
    [
      'a snapshot that others have overtaken',
      [...append(1, 5), ...append(2, 5, 1)],
      409,
      'older than last sequence number 5',
    ],
    [
      'a reference to a snapshot that is not there',
      [{ action: 'set-snapshot-ref', 'ref-name': 'b', type: 'branch', 'snapshot-id': 8 }],
      400,
      'unknown snapshot: 8',
    ],
    [
      'main as a tag',
      [...append(1, 1), { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'tag', 'snapshot-id': 1 }],
      400,
      'must be a branch',
    ],
    ['a property that is no string', [{ action: 'set-properties', updates: { a: 1 } }], 400, 'strings'],
    [
      'a current schema that the spec does not fit',
      [
        { action: 'add-spec', spec: BY_DAY },
        { action: 'set-default-spec', 'spec-id': -1 },
        { action: 'add-schema', schema: { fields: tableFields().slice(0, 2) } },
        { action: 'set-current-schema', 'schema-id': -1 },
      ],
      400,
      'source column',
    ],
  ])('refuses %s', (_what, values, status, message) => {
    expect(() => run(sampleTable(), ...values)).toThrow(
      expect.objectContaining({ status, message: expect.stringContaining(message) }),
    );
  });

  test('that change nothing leave the metadata as it is', () => {
    const base = withHistory();
    const same = run(
      base,
      { action: 'set-current-schema', 'schema-id': 0 },
      { action: 'set-properties', updates: {} },
      { action: 'remove-snapshots', 'snapshot-ids': [99] },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 3 },
    );
    expect(same).toBe(base);
  });

  test('of version 3 number the rows, and refuse numbers that were given out', () => {
    const base = run(sampleTable(), { action: 'upgrade-format-version', 'format-version': 3 });
    const add = (id: number, firstRow: number): object[] => {
      const [snapshot, ref] = append(id, id) as [{ snapshot: object }, object];
      return [{ ...snapshot, snapshot: { ...snapshot.snapshot, 'first-row-id': firstRow, 'added-rows': 10 } }, ref];
    };
    const next = run(base, ...add(1, 0));
    expect(next['next-row-id']).toBe(10);
    expect(() => run(next, ...add(2, 5))).toThrow(expect.objectContaining({ status: 409 }));
    expect(() => run(base, ...append(1, 1))).toThrow(expect.objectContaining({ status: 400 }));
  });
});

/** Members that an update may change beside what a case says of it, taken as they are. */
function pick(metadata: IcebergMetadata, values: readonly object[]): object {
  const actions = values.map((value) => (value as { action: string }).action);
  const members: string[] = [];
  if (actions.includes('add-snapshot') || actions.includes('remove-snapshots'))
    members.push('snapshots', 'snapshot-log', 'refs', 'last-sequence-number', 'statistics', 'current-snapshot-id');
  if (actions.includes('set-snapshot-ref')) members.push('refs');
  if (actions.includes('add-schema')) members.push('schemas');
  if (actions.includes('add-spec')) members.push('partition-specs');
  return Object.fromEntries(members.map((member) => [member, metadata[member]]));
}
