import { expect, test } from 'vitest';
import { openStore } from './test-support/open-store.ts';
import { collect } from './test-support/store-pair.ts';

const text = { keyEncoding: 'text', valueEncoding: 'text' } as const;

test('a snapshot keeps what it shows through flushes, compactions and deletions of all', async () => {
  const { kv, close } = await openStore();
  const words = kv.keyspace('words', text);
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < 50; key++) await words.put(`k${key % 40}`, `${round}-${key}`);
    await kv.flush();
  }
  const before = await collect(words.scan());
  const snapshot = kv.snapshot();
  await words.deleteRange({});
  for (let round = 0; round < 6; round++) {
    await words.put('k1', `after ${round}`);
    await kv.flush();
  }
  await kv.settled();
  expect(await collect(words.scan())).toEqual([['k1', 'after 5']]);
  expect(await collect(words.scan({ snapshot }))).toEqual(before);
  expect(await words.get('k7', { snapshot })).toBe('2-47');
  snapshot.release();
  await close();
});

test('a released snapshot is refused, and releasing twice is fine', async () => {
  const { kv, close } = await openStore();
  const snapshot = kv.snapshot();
  snapshot.release();
  snapshot.release();
  for (const read of [
    kv.get('k', { snapshot }),
    kv.has('k', { snapshot }),
    kv.getMany(['k'], { snapshot }),
    collect(kv.scan({ snapshot })),
  ]) {
    await expect(read).rejects.toMatchObject({ code: '22023' });
  }
  await close();
});

test('a scan that is under way goes on when its snapshot is released', async () => {
  const { kv, close } = await openStore();
  for (let key = 0; key < 30; key++) await kv.put(`k${String(key).padStart(2, '0')}`, 'v'.repeat(200));
  await kv.flush();
  const snapshot = kv.snapshot();
  const scan = kv.scan({ snapshot });
  await scan.next();
  snapshot.release();
  await kv.deleteRange({});
  for (let round = 0; round < 5; round++) {
    await kv.put('other', String(round));
    await kv.flush();
  }
  await kv.settled();
  expect(await collect(scan)).toHaveLength(29);
  await close();
});

test('files go away when the last snapshot or scan that reads them does', async () => {
  const { kv, context, store, close } = await openStore();
  const segments = async (): Promise<number> => (await context.fileSystem.list(`${context.dataDir}/kv`)).length;
  for (let round = 0; round < 3; round++) {
    await kv.put('k', String(round));
    await kv.flush();
  }
  const snapshot = kv.snapshot();
  const scan = kv.scan();
  await scan.next();
  await kv.put('k', 'last');
  await kv.flush();
  await kv.settled();
  const live = context.manifest.state.kv.segments.length;
  expect(await segments()).toBeGreaterThan(live);
  snapshot.release();
  expect(await segments()).toBeGreaterThan(live);
  await scan.return();
  await store.close();
  expect(await segments()).toBe(live);
  await close();
});

test('a scan sees the moment of its first step', async () => {
  const { kv, close } = await openStore();
  const words = kv.keyspace('words', text);
  await words.put('a', '1');
  const scan = words.scan();
  await words.put('b', '2');
  expect(await scan.next()).toEqual({ done: false, value: ['a', '1'] });
  await words.put('c', '3');
  expect(await collect(scan)).toEqual([['b', '2']]);
  expect(await scan.next()).toEqual({ done: true, value: undefined });
  const left = words.scan();
  for await (const _ of left) break;
  expect(await left.next()).toEqual({ done: true, value: undefined });
  await close();
});
