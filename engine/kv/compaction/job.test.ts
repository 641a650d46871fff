import { expect, test } from 'vitest';
import type { Clock } from '../../ports/clock.ts';
import type { ReadFile } from '../../ports/file-system.ts';
import type { KvCompactJob, KvFlushJob } from '../../ports/kv-jobs.ts';
import { MemoryFileSystem } from '../../test-support/memory-file-system.ts';
import { hashKey } from '../hash.ts';
import { KvMemtable } from '../memtable/kv-memtable.ts';
import type { KvSegmentState } from '../segment-state.ts';
import { InlineJobRunner } from './inline-job-runner.ts';
import { runKvJob } from './job.ts';

/** Time passes in sleeps only. */
class SleepClock implements Clock {
  ms = 0;
  slept: number[] = [];

  nowMs(): number {
    return this.ms;
  }

  monotonicMs(): number {
    return this.ms;
  }

  pause(): Promise<void> {
    return Promise.resolve();
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await Promise.resolve();
    this.slept.push(durationMs);
    this.ms += durationMs;
  }
}

/** Values that lz4 cannot shrink, so that sizes of files are those of what is in them. */
function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

function flushOf(firstFileId: number, count: number, more: Partial<KvFlushJob> = {}): KvFlushJob {
  const memtable = new KvMemtable();
  for (let at = 0; at < count; at++) {
    const key = Uint8Array.of(at >> 8, at, firstFileId & 1);
    memtable.put(firstFileId * 10_000 + at, key, hashKey(key), noise(1000, firstFileId * 10_000 + at), 0);
  }
  const common = { dataDir: '/db', firstFileId, fileIdCount: 1, snapshots: [], nowMs: 0, bytesPerSecond: 0 };
  return { kind: 'flush', memtable: memtable.share(), ...common, ...more };
}

function compactionOf(inputs: readonly KvSegmentState[], more: Partial<KvCompactJob> = {}): KvCompactJob {
  const common = { dataDir: '/db', firstFileId: 10, fileIdCount: 50, snapshots: [], nowMs: 0, bytesPerSecond: 0 };
  return { kind: 'compact', inputs, outputLevel: 6, older: [], targetBytes: 100_000, ...common, ...more };
}

async function flushedTwice(files: MemoryFileSystem): Promise<KvSegmentState[]> {
  const clock = new SleepClock();
  const results = [await runKvJob(files, clock, flushOf(1, 1000)), await runKvJob(files, clock, flushOf(2, 1000))];
  return results.flatMap(({ segments }) => segments);
}

test('outputs are cut at their target size, and the last one takes the rest when ids run out', async () => {
  const files = new MemoryFileSystem();
  const inputs = await flushedTwice(files);
  const { segments } = await runKvJob(files, new SleepClock(), compactionOf(inputs));
  expect(segments.length).toBeGreaterThan(15);
  for (const { sizeBytes } of segments.slice(0, -1)) {
    expect(sizeBytes).toBeGreaterThan(95_000);
    expect(sizeBytes).toBeLessThan(110_000);
  }
  const few = await runKvJob(files, new SleepClock(), compactionOf(inputs, { firstFileId: 90, fileIdCount: 3 }));
  expect(few.segments.map(({ fileId }) => fileId)).toEqual([90, 91, 92]);
  expect(few.statistics).toMatchObject({ entriesIn: 2000, entriesOut: 2000 });
});

test('segments of a level are read one after the other, one open at a time', async () => {
  const files = new CountingFileSystem();
  const clock = new SleepClock();
  const [first, second] = (await flushedTwice(files)) as [KvSegmentState, KvSegmentState];
  const { segments } = await runKvJob(files, clock, compactionOf([first]));
  expect(segments.length).toBeGreaterThan(5);
  files.mostOpen = 0;
  const again = await runKvJob(files, clock, compactionOf([second, ...segments.toReversed()], { firstFileId: 60 }));
  expect(again.statistics).toMatchObject({ entriesIn: 2000, entriesOut: 2000 });
  expect(files.mostOpen).toBe(2);
  expect(files.open).toBe(0);
});

class CountingFileSystem extends MemoryFileSystem {
  open = 0;
  mostOpen = 0;

  override openRead(path: string): ReadFile {
    const file = super.openRead(path);
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    return { ...file, close: () => void this.open-- };
  }
}

test('writing keeps to its rate', async () => {
  const files = new MemoryFileSystem();
  const clock = new SleepClock();
  const bytesPerSecond = 500_000;
  const { statistics } = await runKvJob(files, clock, flushOf(1, 4000, { bytesPerSecond }));
  expect(statistics.bytesWritten).toBeGreaterThan(4_000_000);
  // A tenth of a second may be written at once.
  expect(clock.ms).toBeCloseTo((1000 * statistics.bytesWritten) / bytesPerSecond - 100, 0);
  expect(clock.slept.length).toBeGreaterThan(3);
  const unlimited = new SleepClock();
  await runKvJob(files, unlimited, flushOf(2, 4000));
  expect(unlimited.slept).toEqual([]);
});

test('whatever call fails, nothing is left behind', async () => {
  const good = new MemoryFileSystem();
  const inputs = await flushedTwice(good);
  for (let failing = 1; ; failing++) {
    const files = new FailingFileSystem(failing);
    for (const [path, bytes] of good.files) files.files.set(path, bytes);
    const names = [...files.files.keys()];
    try {
      await runKvJob(files, new SleepClock(), compactionOf(inputs, { targetBytes: 500_000 }));
      expect(failing).toBeGreaterThan(10);
      break;
    } catch (error) {
      expect(error).toMatchObject({ message: 'disk on fire' });
      expect([...files.files.keys()]).toEqual(names);
    }
  }
});

/** Fails the `failing`th call that writes. */
class FailingFileSystem extends MemoryFileSystem {
  #until: number;

  constructor(failing: number) {
    super();
    this.#until = failing;
  }

  override async openAppend(path: string): ReturnType<MemoryFileSystem['openAppend']> {
    this.#fail();
    const file = await super.openAppend(path);
    const append = file.append.bind(file);
    const sync = file.sync.bind(file);
    return Object.assign(file, {
      append: async (bytes: Uint8Array) => {
        this.#fail();
        await append(bytes);
      },
      sync: async () => {
        this.#fail();
        await sync();
      },
    });
  }

  #fail(): void {
    if (--this.#until === 0) throw new Error('disk on fire');
  }
}

test('what cannot be removed is told with the error that led to it', async () => {
  const files = new FailingFileSystem(2);
  files.remove = (path) => (files.files.has(path) ? Promise.reject(new Error('still on fire')) : Promise.resolve());
  await expect(runKvJob(files, new SleepClock(), flushOf(1, 4))).rejects.toMatchObject({
    code: '58030',
    message: 'disk on fire; unfinished segments could not be removed either',
    cause: { errors: [{ message: 'disk on fire' }, { message: 'still on fire' }] },
  });
});

test('an input with another number of entries than the manifest says is damage', async () => {
  const files = new MemoryFileSystem();
  const inputs = (await flushedTwice(files)).map((state) => ({ ...state, entryCount: state.entryCount + 1 }));
  await expect(runKvJob(files, new SleepClock(), compactionOf(inputs))).rejects.toMatchObject({ code: 'XX001' });
  expect(files.files.size).toBe(2);
});

test('the inline runner aborts what is running when it is closed, and waits for it', async () => {
  const files = new MemoryFileSystem();
  const runner = new InlineJobRunner(files, new SleepClock());
  const job = expect(runner.run(flushOf(1, 4000))).rejects.toMatchObject({ code: '57014' });
  await runner.close();
  expect(files.files.size).toBe(0);
  await job;
  await expect(runner.run(flushOf(2, 10))).rejects.toMatchObject({ code: '57014' });
});

test('the inline runner runs jobs, unless they are aborted', async () => {
  const runner = new InlineJobRunner(new MemoryFileSystem(), new SleepClock());
  expect((await runner.run(flushOf(1, 10))).segments).toMatchObject([{ fileId: 1, level: 0, entryCount: 10 }]);
  const reason = new Error('enough');
  await expect(runner.run(flushOf(2, 10), AbortSignal.abort(reason))).rejects.toBe(reason);
});
