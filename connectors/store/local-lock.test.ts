import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withPathLock } from './local-lock.ts';
import { LocalObjectStore } from './local.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-lock-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('only one is inside at a time, and nothing stays behind', async () => {
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await Promise.all(Array.from({ length: 20 }, () => withPathLock(join(folder, 'x'), work)));
  expect(most).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

test('a failure inside lets the next one in', async () => {
  await expect(withPathLock(join(folder, 'x'), () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(await withPathLock(join(folder, 'x'), () => Promise.resolve(5))).toBe(5);
});

test('the file of a dead process is removed, and those of other paths are left alone', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const owner = JSON.stringify({ host: hostname(), pid: child.pid });
  await writeFile(join(folder, '.tmp-lock-x-left'), owner);
  await writeFile(join(folder, '.tmp-lock-y-left'), owner);
  expect(await withPathLock(join(folder, 'x'), () => Promise.resolve(5))).toBe(5);
  expect(await readdir(folder)).toEqual(['.tmp-lock-y-left']);
});

test('processes that add to one object by replacing it lose nothing', async () => {
  const script = fileURLToPath(new URL('test-support/replace-racer.ts', import.meta.url));
  const store = new LocalObjectStore(folder);
  await store.put('list', new Uint8Array(0));
  const racers = ['a', 'b', 'c'].map((name) => {
    const child = spawn(process.execPath, [script, folder, name, '15'], { stdio: ['ignore', 'pipe', 'inherit'] });
    return { child, output: text(child.stdout) };
  });
  for (const { output } of racers) expect(await output).toBe('done');
  const names = Buffer.from((await store.get('list')) ?? []).toString();
  for (const name of ['a', 'b', 'c']) expect(names.split(name)).toHaveLength(16);
  expect(names).toHaveLength(45);
});
