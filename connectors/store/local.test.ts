import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalObjectStore } from './local.ts';
import { objectStoreSuite } from './object-store.suite.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'alopex-local-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

objectStoreSuite('LocalObjectStore', async () => new LocalObjectStore(join(root, 'suite')));

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

test('its address and paths are those of its files', async () => {
  const store = new LocalObjectStore(`${root}/a folder/`);
  await store.put('k/v', bytes('x'));
  expect(store.uri).toBe(`file://${root}/a folder`);
  expect(store.localPath('k/v')).toBe(`${root}/a folder/k/v`);
  expect(await readFile(store.localPath('k/v'), 'utf8')).toBe('x');
});

test('no unfinished file stays behind, and one left by a crash is not listed', async () => {
  const store = new LocalObjectStore(join(root, 'temporary'));
  await store.put('a/x', bytes('x'));
  await store.create('a/x', bytes('y'));
  await expect(store.putFile('a/y', join(root, 'absent'))).rejects.toThrow('could not write');
  expect(await readdir(join(root, 'temporary', 'a'))).toEqual(['x']);
  await writeFile(join(root, 'temporary', 'a', '.tmp-left'), 'half');
  const keys = [];
  for await (const info of store.list('')) keys.push(info.key);
  expect(keys).toEqual(['a/x']);
  await expect(store.put('a/.tmp-left', bytes('x'))).rejects.toMatchObject({ code: '22023' });
});

test('a key below an object is refused by the file system', async () => {
  const store = new LocalObjectStore(join(root, 'below'));
  await store.put('a', bytes('x'));
  await expect(store.put('a/b', bytes('x'))).rejects.toMatchObject({ code: '58030' });
  expect(await store.get('a')).toEqual(bytes('x'));
});

test('linked folders are walked', async () => {
  const store = new LocalObjectStore(join(root, 'linked'));
  await store.put('real/x', bytes('x'));
  await symlink(join(root, 'linked', 'real'), join(root, 'linked', 'alias'));
  const keys = [];
  for await (const info of store.list('')) keys.push(info.key);
  expect(keys).toEqual(['alias/x', 'real/x']);
});

test('two processes that race on create win each key once', async () => {
  const folder = join(root, 'processes');
  const script = fileURLToPath(new URL('test-support/create-racer.ts', import.meta.url));
  const count = 200;
  const racers = ['left', 'right'].map((name) => {
    const child = spawn(process.execPath, [script, folder, name, String(count)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return { name, child, output: text(child.stdout) };
  });
  for (const { child } of racers) child.stdin.end();
  const store = new LocalObjectStore(folder);
  const winners = new Map<number, string>();
  for (const { name, output } of racers) {
    for (const number of JSON.parse(await output) as number[]) {
      expect(winners.has(number)).toBe(false);
      winners.set(number, name);
    }
  }
  expect(winners.size).toBe(count);
  for (const [number, name] of winners) expect(await store.get(`race/${number}`)).toEqual(bytes(name));
});
