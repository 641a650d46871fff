import { expect, test } from 'vitest';
import { FaultyStore } from './faulty-store.ts';
import { MemoryObjectStore } from './memory.ts';
import { objectStoreSuite } from './object-store.suite.ts';
import { layered } from './open-store.ts';
import { RetryPolicy } from './retry-policy.ts';
import { RepeatingRandom, SteppingClock, text } from './test-support/ports.ts';

const FAULTS = { throttled: 0.1, reset: 0.05, lostAnswer: 0.05, slow: 0.05, slowMs: 50, truncated: 0.1 };

const faulty: FaultyStore[] = [];
objectStoreSuite(
  'a store under faults, with all layers over it,',
  async () => {
    const ports = { clock: new SteppingClock(), random: new RepeatingRandom(11) };
    const store = new FaultyStore(new MemoryObjectStore(), FAULTS, ports);
    faulty.push(store);
    const retries = new RetryPolicy(ports, { attempts: 12 });
    return layered({ store, fileRequests: () => 1 }, 'faulty', ports, retries, {});
  },
  { losesAnswers: true },
);

test('each kind of fault was made', () => {
  const [store] = faulty;
  for (const kind of ['throttled', 'reset', 'lostAnswer', 'slow', 'truncated'] as const) {
    expect(store?.counts[kind], kind).toBeGreaterThan(5);
  }
});

test('a stale list is an earlier one', async () => {
  const ports = { clock: new SteppingClock(), random: new RepeatingRandom(3) };
  const store = new FaultyStore(new MemoryObjectStore(), { staleList: 0.5 }, ports);
  const seen = new Set<number>();
  for (let round = 1; round <= 40; round++) {
    await store.put(`x/${round}`, text('x'));
    const { length } = (await store.listPage('x/')).objects;
    expect(length).toBeLessThanOrEqual(round);
    if (length < round) seen.add(length);
  }
  expect(seen.size).toBeGreaterThan(3);
  expect(store.counts.staleList).toBeGreaterThan(10);
});
