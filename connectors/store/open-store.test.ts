import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ColdStorages } from './cold-storage.ts';
import { openStore } from './open-store.ts';
import { RepeatingRandom, SteppingClock } from './test-support/ports.ts';

const ports = { clock: new SteppingClock(), random: new RepeatingRandom(1) };

test('nothing is sent or loaded before the first request', async () => {
  const script = `
    import { openStore } from ${JSON.stringify(fileURLToPath(new URL('open-store.ts', import.meta.url)))};
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    for (const address of ['s3://bucket/a', 'gs://bucket', 'az://container']) openStore(address, { clock: {}, random: {} });
    const before = loaded.length;
    await openStore('az://container', { clock: performance, random: {} }).get('x').catch(() => undefined);
    console.log(JSON.stringify([before, loaded.some((url) => url.includes('@azure/storage-blob')), loaded.some((url) => url.includes('@aws-sdk'))]));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(JSON.parse(stdout)).toEqual([0, true, false]);
});

test('a store is known by its address', () => {
  expect(openStore('s3://bucket/a/b/', ports).uri).toBe('s3://bucket/a/b');
  expect(openStore('s3://bucket/a', ports).localPath('x')).toBeUndefined();
});

test('cold storage is a folder or a service', async () => {
  const storages = new ColdStorages('/nowhere/warehouse', ports, { settings: {} });
  expect(storages.open(undefined).store.uri).toBe('file:///nowhere/warehouse');
  expect(storages.open('/nowhere/else').store.uri).toBe('file:///nowhere/else');
  expect(storages.open('gs://bucket/lake').store.uri).toBe('gs://bucket/lake');
  expect(storages.open('gs://bucket/lake')).toBe(storages.open('gs://bucket/lake'));
  for (const address of ['relative', 'https://host/x', 's3://', 's3://user:pw@bucket']) {
    expect(() => storages.open(address)).toThrow(expect.objectContaining({ code: '22023' }) as Error);
  }
  await storages.close();
});
