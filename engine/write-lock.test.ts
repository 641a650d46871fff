import { expect, test } from 'vitest';
import type { Clock } from './ports/clock.ts';
import { WriteLock } from './write-lock.ts';

/** Sleeps until it is told to wake up. */
class HandClock implements Clock {
  readonly #sleepers = new Map<() => void, AbortSignal | undefined>();

  nowMs = (): number => 0;
  monotonicMs = (): number => 0;
  pause = (): Promise<void> => Promise.resolve();

  get sleeping(): number {
    return [...this.#sleepers.values()].filter((signal) => signal?.aborted !== true).length;
  }

  sleep(_durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => this.#sleepers.set(resolve, signal));
  }

  wake(): void {
    for (const [resolve] of this.#sleepers) resolve();
    this.#sleepers.clear();
  }
}

test('holders come one after the other, in the order of asking', async () => {
  const lock = new WriteLock(new HandClock());
  const order: number[] = [];
  const release = await lock.acquire({ timeoutMs: 0 });
  const running = [1, 2, 3].map((number) =>
    lock.run(() => Promise.resolve(order.push(number)), number === 2 ? { timeoutMs: 5 } : undefined),
  );
  await Promise.resolve();
  expect(order).toEqual([]);
  expect(lock.isFree).toBe(false);
  release();
  release();
  await Promise.all(running);
  expect(order).toEqual([1, 2, 3]);
  expect(lock.isFree).toBe(true);
});

test('a wait ends when its time is up or its signal says so, and leaves the others their turn', async () => {
  const clock = new HandClock();
  const lock = new WriteLock(clock);
  const release = await lock.acquire({ timeoutMs: 5 });
  const stop = new AbortController();
  const late = lock.run(() => Promise.resolve('late'), { timeoutMs: 5 }).catch((error: unknown) => error);
  const stopped = lock.acquire({ timeoutMs: 0, signal: stop.signal }).catch((error: unknown) => error);
  const patient = lock.run(() => Promise.resolve('patient'));
  expect(clock.sleeping).toBe(1);
  clock.wake();
  expect(await late).toMatchObject({ code: '55P03', message: expect.stringContaining('5 ms') as string });
  stop.abort(new Error('stopped'));
  expect(await stopped).toMatchObject({ message: 'stopped' });
  const tooLate = lock.acquire({ timeoutMs: 0, signal: stop.signal });
  await expect(tooLate).rejects.toThrow('stopped');
  release();
  expect(await patient).toBe('patient');
  expect(lock.isFree).toBe(true);
});

test('who gets in waits for no clock any more', async () => {
  const clock = new HandClock();
  const lock = new WriteLock(clock);
  const release = await lock.acquire({ timeoutMs: 5 });
  const next = lock.acquire({ timeoutMs: 5 });
  expect(clock.sleeping).toBe(1);
  release();
  const releaseNext = await next;
  expect(clock.sleeping).toBe(0);
  clock.wake();
  releaseNext();
  expect(lock.isFree).toBe(true);
});
