import { expect, test } from 'vitest';
import { SystemClock } from './system-clock.ts';
import { SystemRandom } from './system-random.ts';

test('sleep ends, and ends at once with the reason of its signal', async () => {
  const clock = new SystemClock();
  const before = clock.monotonicMs();
  await clock.sleep(2);
  expect(clock.monotonicMs()).toBeGreaterThan(before);
  const abort = new AbortController();
  // Longer than any timer of Node: without care it would end at once.
  const asleep = clock.sleep(2 ** 40, abort.signal);
  abort.abort(new Error('stopped'));
  await expect(asleep).rejects.toThrow('stopped');
  await expect(clock.sleep(0, abort.signal)).rejects.toThrow('stopped');
});

test('random values have their shapes and differ', () => {
  const random = new SystemRandom();
  expect(random.bytes(5)).toHaveLength(5);
  expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const ids = Array.from({ length: 1000 }, () => random.positiveInt64());
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => id > 0n && id < 2n ** 63n)).toBe(true);
});
