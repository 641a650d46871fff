import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { LazyStore } from './lazy-store.ts';
import { LimitedStore } from './limited-store.ts';
import { MeteredStore } from './metered-store.ts';
import { LATENCY_BOUNDS_MS, RequestMetrics } from './request-metrics.ts';
import { StoreError } from './store-error.ts';
import { SteppingClock, text } from './test-support/ports.ts';
import { ScriptedStore } from './test-support/scripted-store.ts';
import { TimedStore } from './timed-store.ts';
import { TracedStore, type RequestSpan } from './traced-store.ts';

let inner: ScriptedStore;
beforeEach(async () => {
  inner = new ScriptedStore();
  await inner.put('x', text('content'));
  inner.requests.length = 0;
});

const never = new Promise<never>(() => undefined);

describe('LimitedStore', () => {
  test('sends so many requests at a time', async () => {
    const store = new LimitedStore(inner, 3);
    await Promise.all(Array.from({ length: 20 }, () => store.get('x')));
    expect(inner.mostActive).toBe(3);
    expect(inner.count('get')).toBe(20);
  });

  test('a request that waits for its turn can be aborted, and is never sent', async () => {
    const store = new LimitedStore(inner, 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    inner.script.push({ kind: 'get', wait: promise });
    const first = store.get('x');
    const controller = new AbortController();
    const second = store.head('x', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    resolve();
    await first;
    await store.get('x');
    expect(inner.count('head')).toBe(0);
  });
});

describe('TimedStore', () => {
  test('ends a request that takes too long', async () => {
    const store = new TimedStore(inner, { timeoutMs: 5, wholeObjectBytes: 0 });
    inner.script.push({ kind: 'get', wait: never });
    await expect(store.get('x')).rejects.toMatchObject({ kind: 'timeout', code: '08006' });
  });

  test('lets a signal end it with its own reason', async () => {
    const store = new TimedStore(inner);
    inner.script.push({ kind: 'put', wait: never });
    const controller = new AbortController();
    const put = store.put('x', text('y'), { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(put).rejects.toThrow('enough');
  });

  test('passes failures and answers on', async () => {
    const store = new TimedStore(inner);
    inner.script.push({ kind: 'get', before: new StoreError('denied', 'no') });
    await expect(store.get('x')).rejects.toMatchObject({ kind: 'denied' });
    expect(await store.get('x')).toEqual(text('content'));
  });
});

test('MeteredStore counts requests, bytes, failures and what is billed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-metered-'));
  try {
    const path = join(folder, 'file');
    await writeFile(path, 'x'.repeat(1000));
    const metrics = new RequestMetrics();
    const clock = new SteppingClock();
    const store = new MeteredStore(inner, metrics, clock, (sizeBytes) => sizeBytes / 100);
    inner.script.push({ kind: 'get', wait: clock.sleep(7) });
    await store.get('x');
    await store.getRange('x', 0, 3);
    inner.script.push({ kind: 'put', before: new StoreError('throttled', 'slow down') });
    await expect(store.put('y', text('four'))).rejects.toThrow();
    await store.putFile('z', path);
    await store.delete(['y', 'z']);
    const kinds = metrics.byKind();
    expect(kinds.get('get')).toMatchObject({ requests: 1, failures: 0, receivedBytes: 7, sentBytes: 0 });
    expect(kinds.get('getRange')).toMatchObject({ requests: 1, receivedBytes: 3 });
    expect(kinds.get('put')).toMatchObject({ requests: 1, failures: 1, sentBytes: 4 });
    expect(kinds.get('putFile')).toMatchObject({ requests: 1, sentBytes: 1000 });
    expect(kinds.get('head')).toBeUndefined();
    expect(metrics.byClass()).toEqual({ read: 2, write: 11, free: 1 });
    expect(metrics.cost({ perThousandReads: 1, perThousandWrites: 10 })).toBeCloseTo(0.112);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('latencies are counted in buckets', () => {
  const metrics = new RequestMetrics();
  const one = { billed: 1, sentBytes: 0, receivedBytes: 0, isFailure: false };
  for (const durationMs of [0, 1, 1.5, 20, 20.5, 1e9]) metrics.add('head', { ...one, durationMs });
  const { latencies = [], totalMs } = metrics.byKind().get('head') ?? {};
  expect(latencies).toHaveLength(LATENCY_BOUNDS_MS.length + 1);
  expect(latencies.slice(0, 6)).toEqual([2, 1, 0, 0, 1, 1]);
  expect(latencies.at(-1)).toBe(1);
  expect(totalMs).toBe(1e9 + 43);
});

test('TracedStore tells of each request when it has ended', async () => {
  const spans: RequestSpan[] = [];
  const store = new TracedStore(inner, (span) => spans.push(span), new SteppingClock());
  await store.get('x');
  const error = new StoreError('broken', 'broken');
  inner.script.push({ kind: 'create', after: error });
  await expect(store.create('y', text('abc'))).rejects.toBe(error);
  expect(spans).toEqual([
    expect.objectContaining({ kind: 'get', key: 'x', uri: 'memory://test', receivedBytes: 7, durationMs: 0 }),
    expect.objectContaining({ kind: 'create', key: 'y', sentBytes: 3, receivedBytes: 0, error }),
  ]);
});

describe('LazyStore', () => {
  test('opens once, at the first request', async () => {
    let opened = 0;
    const store = new LazyStore('memory://test', async () => {
      opened++;
      return inner;
    });
    expect(store.uri).toBe('memory://test');
    expect(opened).toBe(0);
    await Promise.all([store.get('x'), store.head('x'), store.put('y', text('y'))]);
    expect(opened).toBe(1);
  });

  test('tries again after a failure to open, and never after it was closed', async () => {
    let attempts = 0;
    const store = new LazyStore('memory://test', async () => {
      if (attempts++ === 0) throw new StoreError('unauthenticated', 'no credentials');
      return inner;
    });
    await expect(store.get('x')).rejects.toThrow('no credentials');
    expect(await store.get('x')).toEqual(text('content'));
    await store.close();
    await expect(store.get('x')).rejects.toMatchObject({ code: '08006' });
  });

  test('that nobody used has nothing to close', async () => {
    const store = new LazyStore('memory://test', () => Promise.reject(new Error('opened')));
    await store.close();
  });
});
