import { expect, test } from 'vitest';
import { SystemClock } from '../../connectors/node/system-clock.ts';
import type { Clock } from '../ports/clock.ts';
import { MemoryFileSystem } from '../test-support/memory-file-system.ts';
import { FileLog, type Durability } from './log.ts';

const PATH = '/log/0000000001.log';
const encode = (text: string): Uint8Array[] => [new TextEncoder().encode(text)];

interface Opened {
  readonly log: FileLog;
  readonly commits: string[];
}

async function open(files: MemoryFileSystem, durability: Durability = 'full', clock?: Clock): Promise<Opened> {
  const commits: string[] = [];
  const ports = { fileSystem: files, clock: clock ?? new SystemClock() };
  const log = await FileLog.open(ports, '/log', { durability, syncIntervalMs: 1 }, (payload) => {
    commits.push(new TextDecoder().decode(payload));
    return commits.length;
  });
  return { log, commits };
}

/** One commit after the other; what is done in the background comes to its end. */
async function commit(log: FileLog, from: number, to: number): Promise<string[]> {
  const names = Array.from({ length: to - from + 1 }, (_, index) => `commit ${from + index}`);
  for (const [index, name] of names.entries()) await log.append(from + index, encode(name));
  await log.sync();
  return names;
}

const sizeOf = (files: MemoryFileSystem, path = PATH): number => files.files.get(path)?.length ?? 0;

test('small commits find space ahead of them, which is no part of the log', async () => {
  const files = new MemoryFileSystem();
  const { log } = await open(files);
  const names = await commit(log, 1, 3);
  expect(sizeOf(files)).toBe(log.sizeBytes);
  names.push(...(await commit(log, 4, 10)));
  expect(sizeOf(files)).toBeGreaterThan(60_000);
  expect(log.sizeBytes).toBeLessThan(400);
  // As a killed process leaves it.
  const second = await open(files);
  expect(second.commits).toEqual(names);
  await second.log.close();
});

test('the space grows with the log, and is never far from its end', async () => {
  const files = new MemoryFileSystem();
  const reserved: number[] = [];
  const { log } = await open(files);
  for (let seq = 1; seq <= 250; seq++) {
    await log.append(seq, encode('x'.repeat(10_000)));
    const ahead = sizeOf(files) - log.sizeBytes;
    if (ahead > (reserved.at(-1) ?? 0)) reserved.push(ahead);
    if (seq > 10) expect(ahead).toBeGreaterThan(0);
    expect(ahead).toBeLessThanOrEqual(1.5 * 1024 * 1024);
  }
  expect(reserved.length).toBeGreaterThan(2);
  await log.close();
});

test('a sealed file and a closed one end with their last commit', async () => {
  const files = new MemoryFileSystem();
  const { log } = await open(files);
  const names = await commit(log, 1, 10);
  const firstBytes = log.sizeBytes;
  await log.seal();
  expect(sizeOf(files)).toBe(firstBytes);
  names.push(...(await commit(log, 11, 20)));
  expect(sizeOf(files, '/log/0000000002.log')).toBeGreaterThan(60_000);
  await log.close();
  expect(sizeOf(files, '/log/0000000002.log')).toBe(log.sizeBytes - firstBytes);
  expect((await open(files)).commits).toEqual(names);
});

test('unused space is damage in any file but the newest', async () => {
  const files = new MemoryFileSystem();
  const { log } = await open(files);
  await commit(log, 1, 10);
  await log.seal();
  await commit(log, 11, 12);
  files.files.set(PATH, Buffer.concat([await files.readFile(PATH), new Uint8Array(600)]));
  await expect(open(files)).rejects.toMatchObject({
    code: 'XX001',
    message: expect.stringContaining(`${PATH} is damaged`) as string,
  });
});

test('without room for it the log goes on, and does not ask again', async () => {
  const files = new MemoryFileSystem();
  let asked = 0;
  files.onReserve = () => {
    asked++;
    return Promise.resolve(false);
  };
  const { log } = await open(files);
  const names = await commit(log, 1, 20);
  expect(asked).toBe(1);
  expect(sizeOf(files)).toBe(log.sizeBytes);
  await log.close();
  expect((await open(files)).commits).toEqual(names);
});

test('when making it fails, nothing more is acknowledged', async () => {
  const files = new MemoryFileSystem();
  files.onReserve = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }));
  const { log } = await open(files);
  const names = ['a', 'b', 'c', 'd'];
  for (const [index, name] of names.entries()) await log.append(index + 1, encode(name));
  await expect(log.append(5, encode('refused'))).rejects.toMatchObject({ code: '58030' });
  await expect(log.close()).resolves.toBeUndefined();
  expect((await open(files)).commits).toEqual(names);
});

test('commits go on while it is made, and closing waits for it', async () => {
  const files = new MemoryFileSystem();
  let finish = (): void => undefined;
  files.onReserve = () => new Promise((resolve) => (finish = () => resolve(true)));
  const { log } = await open(files);
  const names = [];
  for (let seq = 1; seq <= 10; seq++) {
    await log.append(seq, encode(`${seq}`));
    names.push(`${seq}`);
  }
  const closed = log.close();
  finish();
  await closed;
  expect(sizeOf(files)).toBe(log.sizeBytes);
  expect((await open(files)).commits).toEqual(names);
});

test('long commits find none, nor do commits that wait for no disk', async () => {
  for (const durability of ['full', 'none'] as const) {
    const files = new MemoryFileSystem();
    files.onReserve = () => Promise.reject(new Error('not asked for'));
    const { log } = await open(files, durability);
    const text = durability === 'full' ? 'x'.repeat(20_000) : 'x';
    for (let seq = 1; seq <= 20; seq++) await log.append(seq, encode(text));
    expect(sizeOf(files)).toBe(log.sizeBytes);
    await log.close();
  }
});

/** Time passes only in writes within the call. */
function quickClock(): Clock & { elapsedMs: number } {
  return {
    elapsedMs: 0,
    nowMs: () => 0,
    monotonicMs() {
      return this.elapsedMs;
    },
    pause: () => new Promise((resolve) => void setImmediate(resolve)),
    sleep: () => new Promise(() => undefined),
  };
}

test('a writer alone is written within its call while the disk is quick', async () => {
  const files = new MemoryFileSystem();
  const clock = quickClock();
  let writes = 0;
  let writeMs = 0.1;
  files.onAppendDurablyNow = () => {
    writes++;
    clock.elapsedMs += writeMs;
  };
  const { log } = await open(files, 'full', clock);
  await commit(log, 1, 20);
  expect(writes).toBeGreaterThan(10);
  writeMs = 10;
  const before = writes;
  await commit(log, 21, 25);
  expect(writes).toBe(before + 1);
  await log.close();
});

test('several writers share their writes, also after one was alone', async () => {
  const files = new MemoryFileSystem();
  const sizes: number[] = [];
  files.onAppendDurablyNow = (bytes) => sizes.push(bytes.length);
  const { log } = await open(files, 'full', quickClock());
  await commit(log, 1, 20);
  const [alone, syncs] = [sizes.length, files.syncs];
  let seq = 20;
  const writer = async (): Promise<void> => {
    for (let round = 0; round < 10; round++) await log.append(++seq, encode('one of eight'));
  };
  await Promise.all(Array.from({ length: 8 }, writer));
  // The first of them is alone as far as anybody knows.
  expect(sizes).toHaveLength(alone + 1);
  expect(files.syncs - syncs).toBe(11);
  await log.close();
  expect((await open(files)).commits).toHaveLength(100);
});

test('one commit after the other leaves others their turn, every millisecond', async () => {
  const files = new MemoryFileSystem();
  const clock = quickClock();
  files.onAppendDurablyNow = () => {
    clock.elapsedMs += 0.25;
  };
  const { log } = await open(files, 'full', clock);
  let turns = 0;
  let isDone = false;
  const turn = (): void => {
    turns++;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await commit(log, 1, 60);
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(15);
  expect(turns).toBeLessThan(40);
  await log.close();
});

test('a write that fails within its call stops the log', async () => {
  const files = new MemoryFileSystem();
  const { log } = await open(files, 'full', quickClock());
  const names = await commit(log, 1, 20);
  files.onAppendDurablyNow = () => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  await expect(log.append(21, encode('refused'))).rejects.toMatchObject({ code: '58030' });
  files.onAppendDurablyNow = undefined;
  await expect(log.append(22, encode('refused'))).rejects.toMatchObject({ code: '58030' });
  await log.close();
  expect((await open(files)).commits).toEqual(names);
});
