import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NodeFileSystem } from '../../../connectors/node/node-file-system.ts';
import { MemoryFileSystem } from '../../test-support/memory-file-system.ts';
import { BlockCache } from './block-cache.ts';
import { SegmentReader } from './segment-reader.ts';
import { DEFAULT_SEGMENT_OPTIONS, SegmentWriter } from './segment-writer.ts';
import { bytesOf, deletion, entryOf, fieldsOf, inOrder, noise, put, writeSegment } from './test-support/model.ts';

const PATH = '/data/kv/1.seg';

test('range deletes survive, with and without entries, and widen the bounds', async () => {
  const fileSystem = new MemoryFileSystem();
  const ranges = [
    { start: bytesOf('c'), end: bytesOf('zz'), seq: 2 ** 53 - 1 },
    { start: bytesOf(''), end: bytesOf('b'), seq: 3 },
  ];
  for (const entries of [[], [put('c', 7, 'value')]]) {
    const state = await writeSegment(fileSystem, PATH, entries, undefined, ranges);
    expect(state).toMatchObject({
      entryCount: entries.length,
      smallest: bytesOf(''),
      largest: bytesOf('zz'),
      minSeq: 3,
      maxSeq: 2 ** 53 - 1,
      rangeDeleteCount: 2,
    });
    const reader = SegmentReader.open(fileSystem, PATH, state, new BlockCache(1000));
    expect(reader.rangeDeletes).toEqual(ranges);
    expect(reader.cursor().seekFirst()).toBe(entries.length > 0);
    expect(reader.cursor().seekLast()).toBe(entries.length > 0);
    expect(reader.cursor().seek(bytesOf('a'))).toBe(entries.length > 0);
    await reader.verify();
    reader.close();
  }
});

test('a new cursor is nowhere, and one that has left the entries too', async () => {
  const fileSystem = new MemoryFileSystem();
  const state = await writeSegment(fileSystem, PATH, [put('a', 1), put('b', 2)]);
  const reader = SegmentReader.open(fileSystem, PATH, state, new BlockCache(100_000));
  const cursor = reader.cursor();
  expect([cursor.next(), cursor.previous()]).toEqual([false, false]);
  expect(cursor.seekLast() && cursor.next()).toBe(false);
  expect(cursor.previous()).toBe(false);
  expect(cursor.seekFirst() && cursor.previous()).toBe(false);
  expect(cursor.next()).toBe(false);
  reader.close();
  expect(() => reader.sequentialCursor().seekFirst()).toThrow(/closed/);
});

test('what is buffered is drained in pieces, and the size is known before the end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-segment-'));
  try {
    const fileSystem = new NodeFileSystem();
    const path = `${folder}/1.seg`;
    const writer = await SegmentWriter.create(fileSystem, path);
    const drained: number[] = [];
    const entries = Array.from({ length: 300 }, (_, at) =>
      put(`key${String(at).padStart(4, '0')}`, at, noise(16_384, at)),
    );
    for (const entry of entries) {
      writer.add(fieldsOf(entry));
      drained.push(await writer.drain());
    }
    expect(drained.filter((bytes) => bytes > 0).length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...drained)).toBeLessThan(2 * 1024 * 1024);
    expect(writer.entryCount).toBe(300);
    const estimate = writer.sizeBytes;
    const state = { fileId: 1, level: 0, ...(await writer.finish()) };
    expect(await fileSystem.size(path)).toBe(state.sizeBytes);
    expect(Math.abs(estimate - state.sizeBytes)).toBeLessThan(1000);
    const reader = SegmentReader.open(fileSystem, path, state, new BlockCache(1 << 20));
    await reader.verify();
    const cursor = reader.sequentialCursor();
    let at = 0;
    for (let there = cursor.seekFirst(); there; there = cursor.next()) expect(entryOf(cursor)).toEqual(entries[at++]);
    expect(at).toBe(300);
    reader.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('values as large as they get are found, and do not fill the cache', async () => {
  const fileSystem = new MemoryFileSystem();
  const large = new Uint8Array(8 * 1024 * 1024).fill(1);
  const state = await writeSegment(fileSystem, PATH, [put('a', 1, 'small'), put('b', 2, large), put('c', 3, 'small')]);
  expect(state.sizeBytes).toBeLessThan(large.length / 100);
  const cache = new BlockCache(1 << 20);
  const reader = SegmentReader.open(fileSystem, PATH, state, cache);
  const cursor = reader.cursor();
  expect(cursor.seek(bytesOf('b'))).toBe(true);
  expect(Buffer.compare(entryOf(cursor).value, large)).toBe(0);
  expect(cursor.previous() && entryOf(cursor)).toEqual(put('a', 1, 'small'));
  expect(cache.statistics).toMatchObject({ blockCount: 1 });
  reader.close();
});

test('entries out of order and an empty segment are refused; abort leaves nothing', async () => {
  const fileSystem = new MemoryFileSystem();
  for (const wrong of [put('a', 9), put('b', 5), deletion('b', 6), put('aaa', 1)]) {
    const writer = await SegmentWriter.create(fileSystem, PATH);
    writer.add(fieldsOf(put('b', 5)));
    expect(() => writer.add(fieldsOf(wrong))).toThrow(/out of order/);
    await writer.abort();
    expect(fileSystem.files.size).toBe(0);
  }
  const writer = await SegmentWriter.create(fileSystem, PATH);
  await expect(writer.finish()).rejects.toThrow(/nothing/);
  await writer.abort();
  expect(fileSystem.files.size).toBe(0);
});

test('a file left by a crash is replaced, and a failed fsync is an error', async () => {
  const fileSystem = new MemoryFileSystem();
  fileSystem.files.set(PATH, noise(100, 1));
  const state = await writeSegment(fileSystem, PATH, [put('a', 1)]);
  SegmentReader.open(fileSystem, PATH, state, new BlockCache(0)).close();
  fileSystem.failSync = true;
  await expect(writeSegment(fileSystem, PATH, [put('a', 1)])).rejects.toThrow('fsync failed');
});

test('the same entries give the same bytes; blocks that do not compress are stored as they are', async () => {
  const entries = inOrder(Array.from({ length: 200 }, (_, at) => put(`key${at}`, at, noise(100, at))));
  const sizes = new Map<string, number>();
  for (const compression of ['none', 'lz4'] as const) {
    const [first, second] = [new MemoryFileSystem(), new MemoryFileSystem()];
    const state = await writeSegment(first, PATH, entries, { ...DEFAULT_SEGMENT_OPTIONS, compression });
    await writeSegment(second, PATH, entries, { ...DEFAULT_SEGMENT_OPTIONS, compression });
    expect(first.files.get(PATH)).toEqual(second.files.get(PATH));
    sizes.set(compression, state.sizeBytes);
  }
  expect(sizes.get('lz4')).toBe(sizes.get('none'));
});
