import { expect, test } from 'vitest';
import { LimitedFiles } from '../access/test-support/limited-files.ts';
import { ManualClock } from '../access/test-support/manual-clock.ts';
import { openStore } from '../access/test-support/open-store.ts';
import { collect } from '../access/test-support/store-pair.ts';

test('after a failed fsync of the log nothing is acknowledged, shown or flushed any more', async () => {
  const files = new LimitedFiles();
  const store = await openStore({ files });
  const { kv } = store;
  await kv.put('a', 'safe');
  files.failSync = true;
  const results = await Promise.allSettled([
    kv.put('a', 'lost'),
    kv.put('b', 'lost'),
    kv.delete('a'),
    kv.batch([{ type: 'put', key: 'c', value: 'lost' }]),
  ]);
  for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { code: '58030' } });
  // Also when the disk seems to be fine again.
  files.failSync = false;
  await expect(kv.put('d', 'late')).rejects.toMatchObject({ code: '57P03' });
  await expect(kv.put('d', 'late', { ifAbsent: true })).rejects.toMatchObject({ code: '57P03' });
  await expect(kv.get('b')).rejects.toMatchObject({ code: '57P03' });
  await expect(collect(kv.scan())).rejects.toMatchObject({ code: '57P03' });
  await expect(kv.flush()).rejects.toMatchObject({ code: '57P03' });
  expect(store.context.manifest.state.kv.segments).toEqual([]);
  await store.close();
  const again = await openStore({ files });
  expect(await again.kv.has('d')).toBe(false);
  await again.close();
});

test('a failed fsync of the manifest stops the database, and loses nothing', async () => {
  const files = new LimitedFiles();
  const clock = new ManualClock();
  const store = await openStore({ files, clock, durability: 'none' });
  await store.kv.put('a', '1');
  const commit = store.context.manifest.commit.bind(store.context.manifest);
  store.context.manifest.commit = async (edit) => {
    files.failSync = true;
    return commit(edit);
  };
  await expect(store.kv.flush()).rejects.toMatchObject({ code: '57P03' });
  files.failSync = false;
  await expect(store.kv.put('b', '2')).rejects.toMatchObject({ code: '57P03' });
  await expect(store.kv.keyspace('new').put('b', '2')).rejects.toMatchObject({ code: '57P03' });
  await store.close();
  const again = await openStore({ files });
  expect(Buffer.from((await again.kv.get('a')) ?? []).toString()).toBe('1');
  await again.close();
});

test('at durability interval a failed fsync is told to the next commit', async () => {
  const files = new LimitedFiles();
  const clock = new ManualClock();
  clock.holds = true;
  const store = await openStore({ files, clock, durability: 'interval' });
  await store.kv.put('a', '1');
  expect(clock.sleeperCount).toBe(1);
  files.failSync = true;
  clock.wake();
  await new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
  await expect(store.kv.put('b', '2')).rejects.toMatchObject({ code: '57P03' });
  await store.close();
});
