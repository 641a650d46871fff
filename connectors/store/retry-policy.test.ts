import { expect, test } from 'vitest';
import { RetryPolicy } from './retry-policy.ts';
import { StoreError } from './store-error.ts';
import { RepeatingRandom, SteppingClock } from './test-support/ports.ts';

const throttled = (retryAfterMs?: number): StoreError => new StoreError('throttled', 'slow down', { retryAfterMs });

function failing(times: number, error = throttled()): () => Promise<string> {
  let calls = 0;
  return async () => {
    if (calls++ < times) throw error;
    return 'done';
  };
}

test('pauses are random, and their bounds double up to the greatest', async () => {
  const clock = new SteppingClock();
  const bounds = { attempts: 9, firstDelayMs: 100, maxDelayMs: 1000, maxElapsedMs: 1e6, budget: 1000 };
  const policy = new RetryPolicy({ clock, random: new RepeatingRandom(5) }, bounds);
  for (let round = 0; round < 50; round++) expect(await policy.run(failing(8))).toBe('done');
  const limits = [100, 200, 400, 800, 1000, 1000, 1000, 1000];
  for (const [index, limit] of limits.entries()) {
    const pauses = clock.sleepsMs.filter((_, at) => at % 8 === index);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(limit);
    expect(Math.max(...pauses)).toBeGreaterThan(limit * 0.8);
    expect(Math.min(...pauses)).toBeLessThan(limit * 0.2);
  }
});

test('the store says how long to wait at least', async () => {
  const clock = new SteppingClock();
  const policy = new RetryPolicy({ clock, random: new RepeatingRandom(2) }, { firstDelayMs: 10 });
  await policy.run(failing(1, throttled(3000)));
  expect(clock.sleepsMs[0]).toBeGreaterThanOrEqual(3000);
  expect(clock.sleepsMs[0]).toBeLessThan(3010);
});

test('no attempt begins after its time', async () => {
  const clock = new SteppingClock();
  const policy = new RetryPolicy({ clock, random: new RepeatingRandom(2) }, { attempts: 100, maxElapsedMs: 5000 });
  await expect(policy.run(failing(1000, throttled(1500)))).rejects.toThrow('slow down');
  expect(clock.elapsedMs).toBeLessThanOrEqual(5000);
  expect(clock.sleepsMs).toHaveLength(3);
});

test('a store that is down gets each request once when the budget is spent; successes fill it again', async () => {
  const clock = new SteppingClock();
  const policy = new RetryPolicy({ clock, random: new RepeatingRandom(2) }, { attempts: 3, budget: 10 });
  for (let request = 0; request < 20; request++) await expect(policy.run(failing(99))).rejects.toThrow();
  expect(clock.sleepsMs).toHaveLength(10);
  await expect(policy.run(failing(1))).rejects.toThrow();
  for (let request = 0; request < 15; request++) await policy.run(failing(0));
  expect(await policy.run(failing(1))).toBe('done');
});

test('what succeeds in the end costs nothing', async () => {
  const policy = new RetryPolicy(
    { clock: new SteppingClock(), random: new RepeatingRandom(2) },
    { attempts: 3, budget: 2 },
  );
  for (let request = 0; request < 50; request++) expect(await policy.run(failing(2))).toBe('done');
});

test('an abort ends the pause', async () => {
  const policy = new RetryPolicy({ clock: new SteppingClock(), random: new RepeatingRandom(2) });
  const controller = new AbortController();
  const reason = new Error('enough');
  const attempt = async (): Promise<never> => {
    controller.abort(reason);
    throw throttled();
  };
  await expect(policy.run(attempt, controller.signal)).rejects.toBe(reason);
});
