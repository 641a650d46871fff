import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EvictionQueues } from './eviction-queues.ts';

const entry = (path: string, heldBytes = 10): { path: string; heldBytes: number } => ({ path, heldBytes });
const anyMayGo = (): boolean => true;

/** A cache of `limitBytes` that statements ask for files; returns whether it had the file. */
function cacheOf(limitBytes: number): { ask: (path: string) => boolean } {
  const queues = new EvictionQueues();
  const held = new Set<string>();
  return {
    ask: (path) => {
      if (held.has(path)) {
        queues.touch(path);
        return true;
      }
      const excess = (held.size + 1) * 10 - limitBytes;
      for (const gone of queues.evict(excess, limitBytes, anyMayGo)) held.delete(gone.path);
      queues.add(entry(path));
      held.add(path);
      return false;
    },
  };
}

test('a large scan of files that are used once does not push out what is used again and again', () => {
  const cache = cacheOf(1000);
  const working = Array.from({ length: 50 }, (_, index) => `working ${index}`);
  for (let round = 0; round < 3; round++) for (const path of working) cache.ask(path);
  for (let index = 0; index < 1000; index++) cache.ask(`scanned ${index}`);
  const hits = working.filter((path) => cache.ask(path)).length;
  expect(hits).toBe(50);
});

test('a working set that is new takes the place of an old one', () => {
  const cache = cacheOf(1000);
  for (let round = 0; round < 5; round++) for (let index = 0; index < 100; index++) cache.ask(`old ${index}`);
  for (let round = 0; round < 12; round++) for (let index = 0; index < 80; index++) cache.ask(`new ${index}`);
  const hits = Array.from({ length: 80 }, (_, index) => cache.ask(`new ${index}`)).filter(Boolean).length;
  expect(hits).toBeGreaterThan(70);
});

test('takes out enough, never what may not go, and nothing twice', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ size: fc.integer({ min: 1, max: 50 }), touches: fc.nat(4), isHeld: fc.boolean() }), {
        maxLength: 30,
      }),
      fc.integer({ min: 1, max: 600 }),
      (files, bytes) => {
        const queues = new EvictionQueues();
        for (const [index, { size, touches }] of files.entries()) {
          queues.add(entry(`${index}`, size));
          for (let touch = 0; touch < touches; touch++) queues.touch(`${index}`);
        }
        const isFree = ({ path }: { path: string }): boolean => files[Number(path)]?.isHeld === false;
        const evicted = queues.evict(bytes, 500, isFree);
        expect(new Set(evicted.map(({ path }) => path)).size).toBe(evicted.length);
        expect(evicted.every(isFree)).toBe(true);
        const free = files.filter(({ isHeld }) => !isHeld).reduce((sum, { size }) => sum + size, 0);
        const freed = evicted.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
        expect(freed).toBeGreaterThanOrEqual(Math.min(bytes, free));
        expect(queues.entries.length).toBe(files.length - evicted.length);
      },
    ),
    { seed: 3, numRuns: 1000 },
  );
});
