import { expect, test } from 'vitest';
import { openStore } from '../access/test-support/open-store.ts';
import { collect } from '../access/test-support/store-pair.ts';
import { ManualClock } from '../access/test-support/manual-clock.ts';
import { LimitedFiles } from '../access/test-support/limited-files.ts';

const CLOSED = { name: 'AlopexError', code: '57P03' };

test('after close every method says that the database has stopped', async () => {
  const { kv, close } = await openStore();
  const users = kv.keyspace('users');
  await users.put('a', '1');
  await kv.put('a', '1');
  await kv.flush();
  const snapshot = kv.snapshot();
  const begun = kv.scan();
  await begun.next();
  await close();
  const calls: (() => unknown)[] = [];
  for (const keyspace of [kv, users, kv.keyspace('never used')]) {
    calls.push(
      () => keyspace.get('a'),
      () => keyspace.getMany(['a', 'b']),
      () => keyspace.has('a'),
      () => keyspace.put('a', '2'),
      () => keyspace.put('a', '2', { ifAbsent: true }),
      () => keyspace.delete('a'),
      () => keyspace.batch([{ type: 'del', key: 'a' }]),
      () => keyspace.deleteRange({}),
      () => collect(keyspace.scan()),
    );
  }
  calls.push(
    () => kv.get('a', { snapshot }),
    () => collect(kv.scan({ snapshot })),
    () => begun.next(),
    () => kv.flush(),
    () => kv.settled(),
  );
  for (const [index, call] of calls.entries()) {
    await expect(Promise.resolve().then(call), `call ${index}`).rejects.toMatchObject(CLOSED);
  }
  expect(() => kv.snapshot()).toThrow(expect.objectContaining(CLOSED));
  expect(() => kv.getSync('a')).toThrow(expect.objectContaining(CLOSED));
  snapshot.release();
});

test('closing ends commits that wait for room, and loses none that were acknowledged', async () => {
  const files = new LimitedFiles();
  const { kv, close, warnings } = await openStore({ files });
  const acknowledged: string[] = [];
  const refused: unknown[] = [];
  const writes = Array.from({ length: 300 }, async (_, number) => {
    const key = `k${number}`;
    try {
      await kv.put(key, 'v'.repeat(1000));
      acknowledged.push(key);
    } catch (error) {
      refused.push(error);
    }
  });
  await kv.get('k0');
  await close();
  await Promise.all(writes);
  expect(acknowledged.length + refused.length).toBe(300);
  expect(refused.length).toBeGreaterThan(0);
  for (const error of refused) expect(error).toMatchObject(CLOSED);
  expect(warnings).toEqual([]);
  const again = await openStore({ files });
  for (const key of acknowledged) expect(await again.kv.has(key), key).toBe(true);
  await again.close();
});

test('writing after close to a store with full memtables is refused at once', async () => {
  const clock = new ManualClock();
  const files = new LimitedFiles();
  const { kv, close } = await openStore({ files, clock });
  files.full = '/kv/';
  clock.holds = true;
  await fill(async (number) => void (await kv.put(`k${number}`, 'v'.repeat(2000))));
  await close();
  await expect(kv.put('more', 'v')).rejects.toMatchObject(CLOSED);
  await expect(kv.batch([{ type: 'put', key: 'more', value: 'v' }])).rejects.toMatchObject(CLOSED);
});

test('closing during a flush and a compaction leaves a store that opens with all of its keys', async () => {
  const files = new LimitedFiles();
  for (let round = 0; round < 8; round++) {
    const { kv, close } = await openStore({ files });
    const flushing: Promise<unknown>[] = [];
    for (let key = 0; key < 6; key++) {
      await kv.put(`k${key}`, `${round}`.repeat(500));
      flushing.push(kv.flush().catch((error: unknown) => expect(error).toMatchObject(CLOSED)));
    }
    for (let turns = 0; turns < round * 3; turns++) await Promise.resolve();
    await close();
    await Promise.all(flushing);
    const again = await openStore({ files });
    for (let key = 0; key < 6; key++) {
      expect(Buffer.from((await again.kv.get(`k${key}`)) ?? []).toString()).toBe(`${round}`.repeat(500));
    }
    expect(again.warnings).toEqual([]);
    await again.close();
  }
});

/** Writes until something is refused. */
async function fill(write: (number: number) => Promise<void>): Promise<void> {
  for (let number = 0; number < 1000; number++) {
    try {
      await write(number);
    } catch {
      return;
    }
  }
  throw new Error('nothing was refused');
}
