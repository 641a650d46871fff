import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../test-support/memory-file-system.ts';
import { Manifest } from './manifest.ts';
import { encodeFrame } from '../log/frame.ts';
import {
  editFromJson,
  editToJson,
  EMPTY_STATE,
  snapshotEdit,
  type Edit,
  type SegmentState,
  type TableState,
} from './state.ts';

function table(tableId: number): TableState {
  const column = { id: 1, name: 'a', type: { kind: 'primitive', name: 'BIGINT' }, required: false } as const;
  return {
    tableId,
    schemaName: 'main',
    name: `t${tableId}`,
    schemas: [{ schemaId: 0, columns: [column], primaryKey: [], checks: [], lastFieldId: 1 }],
    options: { sortBy: [], partitionBy: [] },
    coldPrefix: `main/t-${tableId}`,
    flushedSeq: 1,
    segments: [],
    deleteFiles: [],
    cold: undefined,
  };
}

function segment(fileId: number): SegmentState {
  const stats = [
    [1, { lower: -5n, upper: 2n ** 62n, nullCount: 0 }] as const,
    [2, { lower: Number.NEGATIVE_INFINITY }] as const,
  ];
  return { fileId, schemaId: 0, seq: 2, rowCount: 3, sizeBytes: 10, crc32: 1, stats, createdMs: 5 };
}

const addSegment = (fileId: number): Edit => ({
  kind: 'change-files',
  seq: fileId + 1,
  tableId: 1,
  addSegments: [segment(fileId)],
  removeSegments: [],
  addDeleteFiles: [],
  removeDeleteFiles: [],
});

test('the state is what all edits make of it, after every reopening', async () => {
  const files = new MemoryFileSystem();
  const manifest = await Manifest.open(files, '/m');
  await manifest.commit({ kind: 'create-table', seq: 1, table: table(1) });
  await manifest.commit(addSegment(1));
  await manifest.commit({ ...addSegment(2), removeSegments: [1] } as Edit);
  const reopened = await Manifest.open(files, '/m');
  expect(reopened.state).toEqual(manifest.state);
  expect(reopened.state.tables.get(1)?.segments).toEqual([segment(2)]);
  expect(reopened.state.nextFileId).toBe(3);
});

test('a long manifest is rewritten as one snapshot', async () => {
  const files = new MemoryFileSystem();
  const manifest = await Manifest.open(files, '/m');
  await manifest.commit({ kind: 'create-table', seq: 1, table: { ...table(1), name: 'x'.repeat(1 << 20) } });
  const reopened = await Manifest.open(files, '/m');
  expect(reopened.state).toEqual(manifest.state);
  expect(await files.list('/m')).toEqual(['CURRENT', 'MANIFEST-000002']);
  expect((await Manifest.open(files, '/m')).state).toEqual(manifest.state);
});

test('an edit that was cut off by a crash never happened', async () => {
  const files = new MemoryFileSystem();
  const manifest = await Manifest.open(files, '/m');
  await manifest.commit({ kind: 'create-table', seq: 1, table: table(1) });
  const before = manifest.state;
  await manifest.commit(addSegment(1));
  const name = '/m/MANIFEST-000001';
  await files.truncate(name, (await files.readFile(name)).length - 3);
  expect((await Manifest.open(files, '/m')).state).toEqual(before);
});

test('every flipped bit of CURRENT and of the manifest is an error that names the file', async () => {
  const files = new MemoryFileSystem();
  const manifest = await Manifest.open(files, '/m');
  await manifest.commit({ kind: 'create-table', seq: 1, table: table(1) });
  for (const name of ['/m/CURRENT', '/m/MANIFEST-000001']) {
    for (let offset = 0; offset < (files.files.get(name)?.length ?? 0); offset++) {
      files.flip(name, offset, offset % 8);
      await expect(Manifest.open(files, '/m'), `${name} byte ${offset}`).rejects.toMatchObject({
        code: 'XX001',
        message: expect.stringContaining(name) as string,
      });
      files.flip(name, offset, offset % 8);
    }
  }
});

test('a newer format is refused, and a lost CURRENT is not taken for a new database', async () => {
  const files = new MemoryFileSystem();
  const manifest = await Manifest.open(files, '/m');
  await manifest.commit({ kind: 'create-table', seq: 1, table: table(1) });
  const json = '{"formatVersion":5,"manifest":"MANIFEST-000001"}';
  await files.writeFileAtomic('/m/CURRENT', Buffer.from(`${json} ${crc32(json).toString(16).padStart(8, '0')}\n`));
  await expect(Manifest.open(files, '/m')).rejects.toMatchObject({
    code: '0A000',
    message: expect.stringContaining('version 5') as string,
  });
  await files.remove('/m/CURRENT');
  await expect(Manifest.open(files, '/m')).rejects.toMatchObject({ code: 'XX001' });
});

test('a manifest of format version 2 is read, and written anew before anything is added', async () => {
  const files = new MemoryFileSystem();
  const { schemaName: _, ...older } = table(1);
  const edits = [snapshotEdit(EMPTY_STATE), { kind: 'create-table', seq: 1, table: older as TableState }] as const;
  const frames = edits.map((edit) => encodeFrame([new TextEncoder().encode(editToJson(edit))]));
  await files.writeFileAtomic('/m/MANIFEST-000001', Buffer.concat(frames));
  const json = '{"formatVersion":2,"manifest":"MANIFEST-000001"}';
  await files.writeFileAtomic('/m/CURRENT', Buffer.from(`${json} ${crc32(json).toString(16).padStart(8, '0')}\n`));
  const manifest = await Manifest.open(files, '/m');
  expect(manifest.state.tables.get(1)).toEqual(table(1));
  expect(manifest.state.catalog.definitions.size).toBe(0);
  const definition = { definitionId: 1, kind: 'view', schemaName: 'main', name: 'v', body: 'AS FROM t1' } as const;
  await manifest.commit({ kind: 'put-definition', seq: 2, definition });
  expect([...files.files.keys()].toSorted()).toEqual(['/m/CURRENT', '/m/MANIFEST-000002']);
  expect(new TextDecoder().decode(files.files.get('/m/CURRENT'))).toContain('"formatVersion":4');
  const again = await Manifest.open(files, '/m');
  expect(again.state).toEqual(manifest.state);
});

test('after a failed fsync nothing more is committed', async () => {
  const files = new MemoryFileSystem();
  const manifest = await Manifest.open(files, '/m');
  files.failSync = true;
  await expect(manifest.commit({ kind: 'create-table', seq: 1, table: table(1) })).rejects.toMatchObject({
    code: '58030',
  });
  files.failSync = false;
  await expect(manifest.commit({ kind: 'create-table', seq: 1, table: table(1) })).rejects.toMatchObject({
    code: '58030',
  });
  expect(manifest.failure).toBeDefined();
});

test('bytes of an edit come back as they were, those of a Buffer too', () => {
  const segment = {
    fileId: 1,
    level: 0,
    sizeBytes: 2,
    entryCount: 3,
    smallest: Buffer.from([0, 0, 0, 1, 255]),
    largest: Uint8Array.of(7),
    minSeq: 4,
    maxSeq: 5,
    rangeDeleteCount: 1,
    footerCrc32: 6,
  };
  const edit: Edit = { kind: 'change-kv-segments', add: [segment], remove: [] };
  const smallest = Uint8Array.of(0, 0, 0, 1, 255);
  expect(editFromJson(editToJson(edit))).toEqual({ ...edit, add: [{ ...segment, smallest }] });
});
