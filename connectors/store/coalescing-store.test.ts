import { beforeEach, expect, test } from 'vitest';
import { CoalescingStore } from './coalescing-store.ts';
import { StoreError } from './store-error.ts';
import { SteppingClock, text } from './test-support/ports.ts';
import { ScriptedStore } from './test-support/scripted-store.ts';

const content = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

let inner: ScriptedStore;
let store: CoalescingStore;
beforeEach(async () => {
  inner = new ScriptedStore();
  await inner.put('x', content);
  store = new CoalescingStore(inner, new SteppingClock(), { maxGapBytes: 10, maxRequestBytes: 300 });
});

function held(): { readonly promise: Promise<void>; readonly release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, release: resolve };
}

test('identical, overlapping and near ranges of one turn are one request', async () => {
  const ranges = [
    [100, 50],
    [100, 50],
    [120, 60],
    [190, 10],
    [150, 1],
  ] as const;
  const read = await Promise.all(ranges.map(([offset, length]) => store.getRange('x', offset, length)));
  for (const [index, [offset, length]] of ranges.entries()) {
    expect(read[index]).toEqual(content.slice(offset, offset + length));
  }
  expect(inner.requests.filter(({ kind }) => kind === 'getRange').map(({ askedBytes }) => askedBytes)).toEqual([100]);
});

test('far ranges, and what would become too large, stay apart', async () => {
  await Promise.all([
    store.getRange('x', 0, 10),
    store.getRange('x', 21, 10),
    store.getRange('x', 500, 290),
    store.getRange('x', 795, 20),
  ]);
  expect(inner.count('getRange')).toBe(4);
});

test('a range that is on its way is joined, and each caller has bytes of its own', async () => {
  const { promise, release } = held();
  inner.script.push({ kind: 'getRange', wait: promise });
  const first = store.getRange('x', 0, 100);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const second = store.getRange('x', 40, 20);
  release();
  (await first).fill(0);
  expect(await second).toEqual(content.slice(40, 60));
  expect(inner.count('getRange')).toBe(1);
});

test('a write is seen by ranges that are asked for after it', async () => {
  const { promise, release } = held();
  const slow = { kind: 'getRange', meanwhile: () => promise } as const;
  inner.script.push(slow);
  const before = store.getRange('x', 0, 3);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  await store.put('x', text('new content'));
  const after = store.getRange('x', 0, 3);
  release();
  expect(await before).toEqual(content.slice(0, 3));
  expect(await after).toEqual(text('new'));
});

test('a failure is that of all who wait, and the next one asks again', async () => {
  inner.script.push({ kind: 'getRange', before: new StoreError('broken', 'broken') });
  const both = await Promise.allSettled([store.getRange('x', 0, 5), store.getRange('x', 2, 5)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await store.getRange('x', 0, 5)).toEqual(content.slice(0, 5));
});

test('a request ends when nobody waits for it any more, and not before', async () => {
  const [one, two] = [new AbortController(), new AbortController()];
  let isAborted = false;
  const signals: AbortSignal[] = [];
  const getRange = inner.getRange.bind(inner);
  inner.getRange = async (key, offset, length, options) => {
    if (options?.signal !== undefined) signals.push(options.signal);
    await new Promise((resolve) => options?.signal?.addEventListener('abort', resolve));
    isAborted = true;
    return getRange(key, offset, length, options);
  };
  const waiting = [one, two].map(({ signal }) => store.getRange('x', 0, 5, { signal }));
  const outcomes = Promise.allSettled(waiting);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  one.abort(new Error('one'));
  await expect(waiting[0]).rejects.toThrow('one');
  expect(isAborted).toBe(false);
  two.abort(new Error('two'));
  await expect(waiting[1]).rejects.toThrow('two');
  await outcomes;
  expect(signals).toHaveLength(1);
  expect(signals[0]?.aborted).toBe(true);
});

test('wrong ranges and absent objects are refused as the store does', async () => {
  await expect(store.getRange('x', -1, 5)).rejects.toMatchObject({ code: '22023' });
  await expect(store.getRange('../x', 0, 5)).rejects.toMatchObject({ code: '22023' });
  await expect(store.getRange('absent', 0, 5)).rejects.toMatchObject({ code: '58P01' });
  expect(await store.getRange('x', 990, 100)).toEqual(content.slice(990));
});
