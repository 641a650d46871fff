import { expect, test } from 'vitest';
import { stateProblems } from '../check/state-problems.ts';
import type { Definition } from '../table/definition.ts';
import type { TableSchema } from '../table/schema.ts';
import {
  applyEdit,
  editFromJson,
  editToJson,
  EMPTY_STATE,
  snapshotEdit,
  type Edit,
  type ManifestState,
  type TableState,
} from './state.ts';

const view = (definitionId: number, name: string, body = 'AS SELECT 1'): Definition => ({
  definitionId,
  kind: 'view',
  schemaName: 'main',
  name,
  body,
});
const sequence: Definition = { definitionId: 2, kind: 'sequence', schemaName: 'main', name: 'q', body: 'START WITH 1' };

function after(...edits: readonly Edit[]): ManifestState {
  return edits.reduce((state, edit) => applyEdit(state, editFromJson(editToJson(edit))), EMPTY_STATE);
}

const put = (seq: number, definition: Definition): Edit => ({ kind: 'put-definition', seq, definition });

test('definitions are put, changed and dropped; a snapshot holds them all', () => {
  const state = after(put(1, view(1, 'v')), put(2, sequence), put(3, view(1, 'w')), {
    kind: 'reserve-sequence',
    definitionId: 2,
    reserved: 2n ** 62n,
  });
  expect(state.seq).toBe(3);
  expect([...state.catalog.definitions.values()]).toEqual([view(1, 'w'), sequence]);
  const again = after(snapshotEdit(state));
  expect(again).toEqual(state);
  const dropped = applyEdit(again, { kind: 'drop-definitions', seq: 4, definitionIds: [1, 2], tableIds: [] });
  expect(dropped.catalog).toEqual({ nextDefinitionId: 3, definitions: new Map(), reserved: new Map() });
  // Numbers are not given out again.
  expect(after(snapshotEdit(dropped)).catalog.nextDefinitionId).toBe(3);
});

test('what a sequence has reserved goes when it begins anew, and is ignored when it is gone', () => {
  const reserve: Edit = { kind: 'reserve-sequence', definitionId: 2, reserved: 5n };
  const state = after(put(1, sequence), reserve);
  expect(applyEdit(state, put(2, { ...sequence, comment: 'x' })).catalog.reserved.get(2)).toBe(5n);
  expect(
    applyEdit(state, { kind: 'put-definition', seq: 2, definition: sequence, restarts: true }).catalog.reserved.size,
  ).toBe(0);
  const gone = applyEdit(state, { kind: 'drop-definitions', seq: 2, definitionIds: [2], tableIds: [] });
  expect(applyEdit(gone, reserve)).toEqual(gone);
});

test('the sequence of an IDENTITY column comes with its table, and goes with the column or the table', () => {
  const column = { id: 1, name: 'a', type: { kind: 'primitive', name: 'INTEGER' }, required: true } as const;
  const counting: TableSchema = {
    schemaId: 0,
    columns: [{ ...column, identity: { always: true, sequenceId: 2 } }],
    primaryKey: [],
    checks: [],
    lastFieldId: 1,
  };
  const plain: TableSchema = { ...counting, schemaId: 1, columns: [column] };
  const owned: Definition = { ...sequence, ownedBy: { tableId: 7, columnId: 1 } };
  const table = (tableId: number, schema: TableSchema): TableState => ({
    tableId,
    schemaName: 'main',
    name: 't',
    schemas: [schema],
    options: { sortBy: [], partitionBy: [] },
    coldPrefix: 'main/t',
    flushedSeq: 1,
    segments: [],
    deleteFiles: [],
    cold: undefined,
  });
  const created: Edit = { kind: 'create-table', seq: 1, table: table(7, counting), sequences: [owned] };
  const has = (...edits: readonly Edit[]): boolean => after(...edits).catalog.definitions.has(2);
  expect(has(created)).toBe(true);
  expect(after(snapshotEdit(after(created))).catalog).toEqual(after(created).catalog);
  expect(has(created, { kind: 'alter-table', seq: 2, tableId: 7, name: 'u' })).toBe(true);
  expect(has(created, { kind: 'alter-table', seq: 2, tableId: 7, schema: plain })).toBe(false);
  expect(has(created, { kind: 'drop-table', seq: 2, tableId: 7 })).toBe(false);
  expect(has(created, { kind: 'create-table', seq: 2, table: table(8, plain), replaces: 7 })).toBe(false);
  expect(has(created, { kind: 'drop-definitions', seq: 2, definitionIds: [], tableIds: [7] })).toBe(false);
  const added: Edit[] = [
    { kind: 'create-table', seq: 1, table: table(7, plain) },
    { kind: 'alter-table', seq: 2, tableId: 7, schema: { ...counting, schemaId: 2 }, sequences: [owned] },
  ];
  expect(has(...added)).toBe(true);
  expect(stateProblems(after(...added))).toEqual([]);
  const { sequences: _, ...without } = created;
  expect(stateProblems(after(without))).toEqual(['column "a" of table "t" counts by sequence 2, which is not there']);
});

test('an edit that does not fit is damage', () => {
  expect(() => after({ kind: 'drop-definitions', seq: 1, definitionIds: [1], tableIds: [] })).toThrow('definition 1');
});

test('the manifest of a database without definitions is what it was before there were any', () => {
  expect(editToJson(snapshotEdit(EMPTY_STATE))).not.toContain('catalog');
});

test('check finds what no sequence of edits makes', () => {
  const bad: Definition = { ...view(3, 'V'), schemaName: 'nowhere' };
  const state = after(put(1, view(1, 'v')), put(2, view(2, 'V')), put(3, bad));
  expect(stateProblems(state)).toEqual([
    'definitions 1 and 2 have one name, view "V"',
    'view "nowhere.V" is in a schema that is not there',
  ]);
  const catalog = { ...state.catalog, nextDefinitionId: 2, reserved: new Map([[1, 5n]]) };
  expect(stateProblems({ ...state, catalog }).slice(1, 3)).toEqual([
    'the number of view "V" was never given out',
    'the number of view "nowhere.V" was never given out',
  ]);
  expect(stateProblems({ ...state, catalog })).toContain('values of sequence 1, which is not there');
});
