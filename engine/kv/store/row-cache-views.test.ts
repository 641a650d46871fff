import { expect, test } from 'vitest';
import { openStore, TINY_LIMITS, type OpenStore } from '../access/test-support/open-store.ts';
import { ManualClock } from '../access/test-support/manual-clock.ts';
import { hashKey } from '../hash.ts';
import { storedKey } from '../stored-key.ts';

const LIMITS = { ...TINY_LIMITS, blockCacheBytes: 1 << 20, openFiles: 100 };
const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();

/** Looks up twice: the second time it comes out of the cache. */
function read({ kv }: OpenStore, key: string, options = {}): string | undefined {
  const first = text(kv.getSync(key, options));
  expect(text(kv.getSync(key, options))).toBe(first);
  return first;
}

/** Enough flushes for everything to be merged. */
async function merge({ kv, store }: OpenStore): Promise<void> {
  const { compactions } = kv.metrics();
  for (let round = 0; round < 8; round++) {
    await kv.batch(['!', 'z'].map((key) => ({ type: 'put', key, value: new Uint8Array(100) })));
    await kv.flush();
    await kv.settled();
  }
  expect(kv.metrics().compactions).toBeGreaterThan(compactions);
  expect(store.view.levels.flat().every((segment) => segment.state.rangeDeleteCount === 0)).toBe(true);
}

test('a second look-up of a key, or of none, is answered by the cache', async () => {
  const opened = await openStore({ limits: LIMITS });
  await opened.kv.put('k', '1');
  await opened.kv.flush();
  const { hits } = opened.kv.metrics().rowCache;
  expect(read(opened, 'k')).toBe('1');
  expect(read(opened, 'absent')).toBeUndefined();
  expect(opened.kv.metrics().rowCache.hits).toBe(hits + 2);
  await opened.close();
});

test('a flush makes what was known of older segments unknown', async () => {
  const opened = await openStore({ limits: LIMITS });
  await opened.kv.put('k', '1');
  await opened.kv.flush();
  const snapshot = opened.kv.snapshot();
  expect(read(opened, 'k')).toBe('1');
  await opened.kv.put('k', '2');
  expect(read(opened, 'k')).toBe('2');
  expect(read(opened, 'k', { snapshot })).toBe('1');
  await opened.kv.flush();
  expect(read(opened, 'k', { snapshot })).toBe('1');
  expect(read(opened, 'k')).toBe('2');
  expect(read(opened, 'k', { snapshot })).toBe('1');
  await opened.kv.delete('k');
  await opened.kv.flush();
  expect(read(opened, 'k')).toBeUndefined();
  snapshot.release();
  await opened.close();
});

test('a key whose range deletion was dropped together with it stays deleted', async () => {
  const opened = await openStore({ limits: LIMITS });
  await opened.kv.put('k', '1');
  await opened.kv.flush();
  await opened.kv.deleteRange({ gte: 'j', lt: 'l' });
  expect(read(opened, 'k')).toBeUndefined();
  await opened.kv.flush();
  expect(read(opened, 'k')).toBeUndefined();
  await merge(opened);
  expect(read(opened, 'k')).toBeUndefined();
  await opened.close();
});

test('a reader that does not see all of the segments is not told of their newest entries', async () => {
  const opened = await openStore({ limits: LIMITS });
  await opened.kv.put('k', '1');
  const { seq } = opened.commits.published;
  const snapshot = opened.kv.snapshot(); // Keeps the older version.
  await opened.kv.put('k', '2');
  await opened.kv.flush();
  expect(read(opened, 'k')).toBe('2');
  const key = storedKey(0, Buffer.from('k'));
  const found = { kind: 0 as const, seq: 0, expiresMs: 0, value: key, valueStart: 0, valueEnd: 0 };
  expect(opened.store.view.get(key, hashKey(key), seq, () => 0, found)).toBe(true);
  expect(found.seq).toBe(seq);
  expect(read(opened, 'k')).toBe('2');
  snapshot.release();
  await opened.close();
});

test('a value expires in the cache too', async () => {
  const clock = new ManualClock();
  const opened = await openStore({ limits: LIMITS, clock });
  await opened.kv.put('k', '1', { ttlMs: 1000 });
  await opened.kv.flush();
  expect(read(opened, 'k')).toBe('1');
  clock.timeMs += 1000;
  expect(read(opened, 'k')).toBeUndefined();
  await merge(opened);
  expect(read(opened, 'k')).toBeUndefined();
  await opened.close();
});
