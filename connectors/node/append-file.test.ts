import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type * as NodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { NodeAppendFile } from './append-file.ts';

/** What becomes of writes of zeros: the space is what they make. */
const zeros = { hold: false, held: [] as (() => void)[], error: undefined as string | undefined };

vi.mock('node:fs', async (load) => {
  const fs = await load<typeof NodeFs>();
  const write = (...args: [number, Uint8Array, number, number, number, (error: Error | null) => void]): void => {
    const callback = args[5];
    const { error } = zeros;
    if (args[1][0] !== 0) fs.write(...args);
    else if (error !== undefined) setImmediate(() => callback(Object.assign(new Error(error), { code: error })));
    else if (zeros.hold) zeros.held.push(() => fs.write(...args));
    else fs.write(...args);
  };
  return { ...fs, write };
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'alopex-append-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});
beforeEach(() => {
  Object.assign(zeros, { hold: false, held: [], error: undefined });
});

const isLinux = process.platform === 'linux';
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test.runIf(isLinux).each(['append', 'appendDurably'] as const)(
  'space that is being made never comes over what is written meanwhile by %s',
  async (call) => {
    const path = join(root, call);
    const file = await NodeAppendFile.open(path);
    expect(await file.reserve(10)).toBe(true);
    zeros.hold = true;
    const reserving = file.reserve(20);
    await file[call](text('fits'));
    const long = file[call](text('does not fit'));
    // Long enough for a write to come to its end, if it does not wait.
    await readFile(path);
    for (const go of zeros.held) go();
    expect(await reserving).toBe(true);
    await long;
    await file.release();
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('fitsdoes not fit');
  },
);

test.runIf(isLinux)('a disk that has no room for it leaves the file as usable as before', async () => {
  const path = join(root, 'full');
  const file = await NodeAppendFile.open(path);
  await file.appendDurably(text('a'));
  zeros.error = 'ENOSPC';
  expect(await file.reserve(1000)).toBe(false);
  await file.appendDurably(text('b'));
  file.appendDurablyNow(text('c'));
  await file.release();
  await file.close();
  expect(await readFile(path, 'utf8')).toBe('abc');
});

test.runIf(isLinux)('any other failure is final', async () => {
  const file = await NodeAppendFile.open(join(root, 'broken'));
  await file.appendDurably(text('a'));
  zeros.error = 'EIO';
  await expect(file.reserve(1000)).rejects.toThrow('EIO');
  await expect(file.appendDurably(text('b'))).rejects.toThrow('unusable');
  expect(() => file.appendDurablyNow(text('b'))).toThrow('unusable');
  await expect(file.release()).rejects.toThrow('unusable');
  await file.close();
  expect(file.sizeBytes).toBe(1);
});
