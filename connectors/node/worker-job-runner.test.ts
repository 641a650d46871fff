import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashKey } from '../../engine/kv/hash.ts';
import { KvMemtable } from '../../engine/kv/memtable/kv-memtable.ts';
import { BlockCache } from '../../engine/kv/segment/block-cache.ts';
import { SegmentReader } from '../../engine/kv/segment/segment-reader.ts';
import { kvSegmentName } from '../../engine/kv/segment-state.ts';
import type { KvSegmentState } from '../../engine/kv/segment-state.ts';
import type { KvCompactJob, KvFlushJob } from '../../engine/ports/kv-jobs.ts';
import { NodeFileSystem } from './node-file-system.ts';
import { WorkerJobRunner } from './worker-job-runner.ts';

let dataDir: string;
let runner: WorkerJobRunner;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'alopex-jobs-'));
  await mkdir(join(dataDir, 'kv'));
  runner = new WorkerJobRunner();
});
afterEach(async () => {
  await runner.close();
  await rm(dataDir, { recursive: true, force: true });
});

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Puts `count` keys, every `step`th of 1,000. */
function flushOf(fileId: number, seq: number, step: number, count: number): KvFlushJob {
  const memtable = new KvMemtable();
  for (let at = 0; at < count; at++) {
    const key = text(`key-${String(at * step).padStart(6, '0')}`);
    memtable.put(seq + at, key, hashKey(key), text(`${seq}`), 0);
  }
  const common = { dataDir, fileIdCount: 1, snapshots: [], nowMs: 0, bytesPerSecond: 0 };
  return { kind: 'flush', memtable: memtable.share(), firstFileId: fileId, ...common };
}

function compactionOf(inputs: readonly KvSegmentState[], bytesPerSecond = 0): KvCompactJob {
  const output = { firstFileId: 10, fileIdCount: 20, outputLevel: 6, targetBytes: 1000 };
  return { kind: 'compact', dataDir, inputs, older: [], snapshots: [], nowMs: 0, bytesPerSecond, ...output };
}

function entriesOf(state: KvSegmentState): string[] {
  const path = join(dataDir, kvSegmentName(state.fileId));
  const reader = SegmentReader.open(new NodeFileSystem(), path, state, new BlockCache(0));
  const entries: string[] = [];
  const cursor = reader.cursor();
  const decoder = new TextDecoder();
  for (let live = cursor.seekFirst(); live; live = cursor.next()) {
    const key = decoder.decode(cursor.key.slice(cursor.keyStart, cursor.keyEnd));
    entries.push(`${key}=${decoder.decode(cursor.value.slice(cursor.valueStart, cursor.valueEnd))}`);
  }
  reader.close();
  return entries;
}

async function flushTwice(): Promise<KvSegmentState[]> {
  const flushed = await Promise.all([runner.run(flushOf(1, 1, 2, 500)), runner.run(flushOf(2, 1000, 3, 300))]);
  return flushed.flatMap(({ segments }) => segments);
}

test('flushes and compacts in other threads', async () => {
  const level0 = await flushTwice();
  expect(level0.map(({ fileId, level, entryCount, maxSeq }) => [fileId, level, entryCount, maxSeq])).toEqual([
    [1, 0, 500, 500],
    [2, 0, 300, 1299],
  ]);
  const { segments, statistics } = await runner.run(compactionOf(level0));
  expect(segments.length).toBeGreaterThan(1);
  expect(segments.every(({ level }) => level === 6)).toBe(true);
  const expected = new Map<number, string>();
  for (let at = 0; at < 500; at++) expected.set(at * 2, '1');
  for (let at = 0; at < 300; at++) expected.set(at * 3, '1000');
  const inOrder = [...expected].sort(([left], [right]) => left - right);
  expect(segments.flatMap(entriesOf)).toEqual(
    inOrder.map(([at, value]) => `key-${String(at).padStart(6, '0')}=${value}`),
  );
  expect(statistics).toEqual({
    entriesIn: 800,
    entriesOut: expected.size,
    bytesRead: level0.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    bytesWritten: segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  });
});

test('a damaged input fails the job with its code and leaves no output; the next job runs', async () => {
  const level0 = await flushTwice();
  const path = join(dataDir, kvSegmentName(2));
  const bytes = await readFile(path);
  bytes[20] = (bytes[20] as number) ^ 1;
  await writeFile(path, bytes);
  const failure = runner.run(compactionOf(level0));
  await expect(failure).rejects.toMatchObject({ name: 'AlopexError', code: 'XX001', hint: expect.any(String) });
  await expect(failure).rejects.toThrow(path);
  expect((await readdir(join(dataDir, 'kv'))).sort()).toEqual(['00000001.seg', '00000002.seg']);
  await expect(runner.run(flushOf(3, 1, 1, 5))).resolves.toMatchObject({ segments: [{ entryCount: 5 }] });
});

test('an error of the file system becomes one that users see', async () => {
  await rm(join(dataDir, 'kv'), { recursive: true });
  await expect(runner.run(flushOf(1, 1, 1, 5))).rejects.toMatchObject({
    code: '58P01',
    message: expect.stringContaining('could not flush keys') as string,
  });
});

test('a job that is aborted rejects with the reason and leaves no output', async () => {
  const level0 = await flushTwice();
  const abort = new AbortController();
  // A few bytes a second: it would go on for minutes.
  const job = runner.run(compactionOf(level0, 10), abort.signal);
  abort.abort(new Error('enough'));
  await expect(job).rejects.toThrow('enough');
  expect((await readdir(join(dataDir, 'kv'))).sort()).toEqual(['00000001.seg', '00000002.seg']);
  await expect(runner.run(flushOf(3, 1, 1, 1), abort.signal)).rejects.toThrow('enough');
});

test('closing aborts what is running, waits for it, and refuses what comes later', async () => {
  const level0 = await flushTwice();
  const job = expect(runner.run(compactionOf(level0, 10))).rejects.toMatchObject({ code: '57014' });
  await runner.close();
  await job;
  expect((await readdir(join(dataDir, 'kv'))).sort()).toEqual(['00000001.seg', '00000002.seg']);
  await expect(runner.run(flushOf(3, 1, 1, 1))).rejects.toMatchObject({ code: '57014' });
});

test('a worker that dies fails its jobs', async () => {
  const dying = new WorkerJobRunner({ threads: 1, main: new URL('./test-support/dying-worker.ts', import.meta.url) });
  const jobs = [dying.run(flushOf(1, 1, 1, 1)), dying.run(flushOf(2, 1, 1, 1))];
  for (const job of jobs) {
    await expect(job).rejects.toMatchObject({
      code: 'XX000',
      cause: expect.objectContaining({ message: 'out of luck' }),
    });
  }
  await expect(dying.run(flushOf(3, 1, 1, 1))).rejects.toThrow('ended with status 1');
  await dying.close();
});
