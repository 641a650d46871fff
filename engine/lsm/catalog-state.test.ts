import { expect, test } from 'vitest';
import { stateProblems } from '../check/state-problems.ts';
import type { Definition } from '../table/definition.ts';
import {
  applyEdit,
  editFromJson,
  editToJson,
  EMPTY_STATE,
  snapshotEdit,
  type Edit,
  type ManifestState,
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
