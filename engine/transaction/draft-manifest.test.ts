import { expect, test } from 'vitest';
import { Manifest } from '../lsm/manifest.ts';
import { applyEdit, editFromJson, editToJson, type Edit } from '../lsm/state.ts';
import { MemoryFileSystem } from '../test-support/memory-file-system.ts';
import { DraftManifest } from './draft-manifest.ts';

const view = (definitionId: number, name: string): Edit => ({
  kind: 'put-definition',
  seq: definitionId,
  definition: { definitionId, kind: 'view', schemaName: 'main', name, body: 'AS SELECT 1' },
});
const keyspace = (id: number): Edit => ({ kind: 'create-keyspace', keyspace: { id, name: `k${id}` } });

test('a draft builds on what others make durable, and one edit makes it durable itself', async () => {
  const files = new MemoryFileSystem();
  const manifest = await Manifest.open(files, '/m');
  await manifest.commit(view(1, 'v'));
  const draft = new DraftManifest(manifest);
  expect((await draft.commit(view(2, 'w'))).catalog.definitions.size).toBe(2);
  await manifest.commit(keyspace(1));
  await draft.commit({ kind: 'drop-definitions', seq: 3, definitionIds: [1], tableIds: [] });
  expect([...draft.state.catalog.definitions.keys()]).toEqual([2]);
  expect(draft.state.kv.keyspaces).toHaveLength(1);
  expect([...manifest.state.catalog.definitions.keys()]).toEqual([1]);
  const { state } = draft;
  await manifest.commit({ kind: 'batch', firstSeq: 2, seq: 7, edits: draft.edits });
  expect(manifest.state).toEqual({ ...state, seq: 7 });
  expect((await Manifest.open(files, '/m')).state).toEqual(manifest.state);
});

test('edits are taken back from the end', async () => {
  const manifest = await Manifest.open(new MemoryFileSystem(), '/m');
  const draft = new DraftManifest(manifest);
  await draft.commit(view(1, 'v'));
  const { state } = draft;
  await draft.commit(view(2, 'w'));
  expect(draft.rollBackTo(1)).toEqual([view(2, 'w')]);
  expect(draft.state).toEqual(state);
  await manifest.commit(keyspace(1));
  expect(draft.rollBackTo(0)).toEqual([view(1, 'v')]);
  expect(draft.state).toBe(manifest.state);
});

test('a batch with an edit that does not fit is none at all', () => {
  const drop: Edit = { kind: 'drop-table', seq: 2, tableId: 9 };
  const broken: Edit = { kind: 'drop-definitions', seq: 3, definitionIds: [9], tableIds: [] };
  const batch: Edit = { kind: 'batch', firstSeq: 1, seq: 3, edits: [view(1, 'v'), drop, broken] };
  expect(editFromJson(editToJson(batch))).toEqual(batch);
  const draft = new DraftManifest({
    state: emptyState(),
    failure: undefined,
    commit: () => Promise.reject(new Error()),
  });
  expect(() => applyEdit(draft.state, batch)).toThrow('definition 9');
});

function emptyState(): ReturnType<typeof applyEdit> {
  return {
    seq: 0,
    nextTableId: 1,
    nextFileId: 1,
    tables: new Map(),
    jobs: new Map(),
    kv: { nextKeyspaceId: 1, keyspaces: [], flushedSeq: 0, segments: [] },
    catalog: { nextDefinitionId: 1, definitions: new Map(), reserved: new Map() },
  };
}
