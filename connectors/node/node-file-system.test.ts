import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NodeAppendFile } from './append-file.ts';
import { NodeFileSystem } from './node-file-system.ts';

const files = new NodeFileSystem();
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'alopex-files-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

test('appends continue where the file ends', async () => {
  const path = join(root, 'append');
  const first = await files.openAppend(path);
  expect(first.sizeBytes).toBe(0);
  await first.append(text('abc'));
  await first.sync();
  expect(first.sizeBytes).toBe(3);
  await first.close();
  const second = await files.openAppend(path);
  expect(second.sizeBytes).toBe(3);
  await second.append(text('def'));
  await second.close();
  expect(await files.readFile(path)).toEqual(text('abcdef'));
});

test('an append within the call comes after those before it', async () => {
  const file = await NodeAppendFile.open(join(root, 'append now'));
  await file.append(text('a'));
  file.appendNow(text('bc'));
  await file.appendDurably(text('d'));
  file.appendNow(text('e'));
  expect(file.sizeBytes).toBe(5);
  await file.close();
  expect(await files.readFile(join(root, 'append now'))).toEqual(text('abcde'));
});

test('after a failed append within the call the file refuses everything', async () => {
  const calls: string[] = [];
  const handle = { fd: -1, write: () => calls.push('write'), close: () => calls.push('close') };
  const file = new NodeAppendFile('/log', handle as unknown as FileHandle, 0);
  expect(() => file.appendNow(text('x'))).toThrow('fd');
  expect(() => file.appendNow(text('x'))).toThrow('/log is unusable');
  await expect(file.append(text('x'))).rejects.toThrow('/log is unusable');
  await file.close();
  expect(calls).toEqual(['close']);
  expect(file.sizeBytes).toBe(0);
});

test('appends fill the space that is reserved ahead of them, and the rest is given back', async () => {
  const path = join(root, 'reserved');
  const file = await NodeAppendFile.open(path);
  await file.append(text('a'));
  expect(await file.reserve(1000)).toBe(process.platform === 'linux');
  expect(file.sizeBytes).toBe(1);
  await file.appendDurably(text('b'));
  file.appendDurablyNow(text('c'));
  file.appendNow(text('d'));
  await file.append(text('e'));
  expect(file.sizeBytes).toBe(5);
  const bytes = await files.readFile(path);
  expect(bytes.subarray(0, 5)).toEqual(text('abcde'));
  expect(bytes.subarray(5).every((byte) => byte === 0)).toBe(true);
  expect(bytes).toHaveLength(process.platform === 'linux' ? 1001 : 5);
  await file.release();
  expect(await files.size(path)).toBe(5);
  await file.appendDurably(text('f'));
  await file.close();
  expect(await files.readFile(path)).toEqual(text('abcdef'));
});

test('what is left when a process dies is read with the unused space, and the next one appends behind it', async () => {
  const path = join(root, 'reserved before');
  const file = await NodeAppendFile.open(path);
  await file.appendDurably(text('a'));
  await file.reserve(10);
  await file.close();
  const second = await files.openAppend(path);
  expect(second.sizeBytes).toBe((await files.readFile(path)).length);
  await second.close();
});

test('a short write is continued', async () => {
  const written: number[] = [];
  const handle = {
    write: async (bytes: Uint8Array, offset: number, length: number) => {
      const bytesWritten = Math.min(2, length);
      written.push(...bytes.subarray(offset, offset + bytesWritten));
      return { bytesWritten };
    },
  } as unknown as FileHandle;
  const file = new NodeAppendFile('/x', handle, 10);
  await file.append(text('hello'));
  expect(Uint8Array.from(written)).toEqual(text('hello'));
  expect(file.sizeBytes).toBe(15);
});

test.each(['write', 'datasync'])('after a failed %s the file refuses everything', async (failing) => {
  let failures = 0;
  const calls: string[] = [];
  const step = (name: string) => async () => {
    calls.push(name);
    if (name === failing && failures++ === 0) throw new Error('I/O error');
    return { bytesWritten: 1 };
  };
  const handle = { write: step('write'), datasync: step('datasync'), close: step('close') } as unknown as FileHandle;
  const file = new NodeAppendFile('/log', handle, 0);
  const doomed = failing === 'write' ? file.append(text('x')) : file.sync();
  await expect(doomed).rejects.toThrow('I/O error');
  await expect(file.append(text('x'))).rejects.toThrow('/log is unusable');
  await expect(file.sync()).rejects.toThrow('/log is unusable');
  await file.close();
  expect(calls).toEqual([failing, 'close']);
  expect(file.sizeBytes).toBe(0);
});

test('an atomic write replaces and leaves nothing else behind', async () => {
  const folder = join(root, 'atomic');
  await files.makeFolder(folder);
  const path = join(folder, 'file');
  await files.writeFileAtomic(path, text('one'));
  await files.writeFileAtomic(path, text('two'));
  expect(await files.readFile(path)).toEqual(text('two'));
  expect(await files.list(folder)).toEqual(['file']);
  await expect(files.writeFileAtomic(join(folder, 'absent', 'file'), text('x'))).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

test('a failed atomic write leaves the old file and no other', async () => {
  const folder = join(root, 'atomic-failure');
  await files.makeFolder(join(folder, 'taken', 'full'));
  await expect(files.writeFileAtomic(join(folder, 'taken'), text('x'))).rejects.toThrow();
  expect(await files.list(folder)).toEqual(['taken']);
});

test('a file is read in pieces', async () => {
  const path = join(root, 'pieces');
  const bytes = Uint8Array.from({ length: 2_500_000 }, (_, index) => (index * 7) % 253);
  await writeFile(path, bytes);
  const pieces: Uint8Array[] = [];
  for await (const piece of files.readChunks(path)) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(1);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});

test('truncation and sizes', async () => {
  const path = join(root, 'truncate');
  await writeFile(path, '0123456789');
  await files.truncate(path, 4);
  await files.syncFile(path);
  expect(await files.size(path)).toBe(4);
  expect(await files.readFile(path)).toEqual(text('0123'));
  expect(await files.size(join(root, 'absent'))).toBeUndefined();
  await expect(files.readFile(join(root, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('folders are made, listed in order and removed', async () => {
  const folder = join(root, 'folders', 'a', 'b');
  await files.makeFolder(folder);
  await files.makeFolder(folder);
  await files.syncFolder(folder);
  for (const name of ['z', 'a', 'M']) await writeFile(join(folder, name), name);
  expect(await files.list(folder)).toEqual(['M', 'a', 'z']);
  await files.remove(join(folder, 'a'));
  await files.remove(join(folder, 'a'));
  expect(await files.list(folder)).toEqual(['M', 'z']);
  await files.removeFolder(join(root, 'folders'));
  await files.removeFolder(join(root, 'folders'));
  expect(await files.list(folder)).toEqual([]);
});
