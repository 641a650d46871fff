import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockCache } from './block-cache.ts';

test('is never larger than its capacity, and gives back only what was put', () => {
  const step = fc.record({
    file: fc.nat(3),
    block: fc.nat(30),
    bytes: fc.nat(700),
    drop: fc.constantFrom(...Array<boolean>(30).fill(false), true),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.constantFrom(0, 3000, 20_000), (steps, capacity) => {
      const cache = new BlockCache(capacity);
      const put = new Map<string, Uint8Array>();
      for (const { file, block, bytes, drop } of steps) {
        if (drop) {
          cache.dropFile(file);
          for (let each = 0; each <= 30; each++) put.delete(`${file}/${each}`);
        }
        const cached = cache.file(file, 31);
        const got = cache.get(cached, block);
        if (got === undefined) {
          const value = new Uint8Array(bytes);
          if (!cache.admits(cached, block)) continue;
          put.set(`${file}/${block}`, value);
          cache.put(cached, block, value);
        } else expect(got).toBe(put.get(`${file}/${block}`));
        expect(cache.statistics.sizeBytes).toBeLessThanOrEqual(capacity);
      }
      const { hits, misses } = cache.statistics;
      expect(hits + misses).toBe(steps.length);
      for (let file = 0; file < 4; file++) cache.dropFile(file);
      expect(cache.statistics).toMatchObject({ sizeBytes: 0, blockCount: 0 });
    }),
    { numRuns: 200, seed: 3 },
  );
});

test('blocks in use survive a scan over many that are read once', () => {
  const cache = new BlockCache(100 * 1160);
  const file = cache.file(1, 10_000);
  for (let block = 0; block < 50; block++) {
    cache.put(file, block, new Uint8Array(1000));
    expect(cache.get(file, block)).toBeDefined();
  }
  for (let block = 100; block < 5000; block++) {
    if (cache.get(file, block) === undefined && block % 2 === 0) cache.put(file, block, new Uint8Array(1000));
    if (block % 10 === 0) for (let used = 0; used < 50; used++) cache.get(file, used);
  }
  for (let block = 0; block < 50; block++) expect(cache.get(file, block), `block ${block}`).toBeDefined();
  expect(cache.statistics.evictions).toBeGreaterThan(2000);
});

test('a full cache takes what is missed twice soon, and not what is missed once in a while', () => {
  const cache = new BlockCache(100 * 1160);
  const file = cache.file(1, 100_000);
  const read = (block: number): boolean => {
    if (cache.get(file, block) !== undefined) return true;
    if (cache.admits(file, block)) cache.put(file, block, new Uint8Array(1000));
    return false;
  };
  for (let block = 0; block < 101; block++) expect(read(block)).toBe(false);
  const { evictions } = cache.statistics;
  for (let block = 1000; block < 90_000; block++) read(block);
  for (let block = 1000; block < 90_000; block++) read(block);
  expect(cache.statistics.evictions).toBe(evictions);
  expect([read(99_000), read(99_000), read(99_000)]).toEqual([false, false, true]);
});

test('a dropped file that is still read does not come back', () => {
  const cache = new BlockCache(100_000);
  const file = cache.file(1, 10);
  cache.put(file, 1, new Uint8Array(10));
  cache.dropFile(1);
  expect(cache.get(file, 1)).toBeUndefined();
  cache.put(file, 1, new Uint8Array(10));
  expect(cache.statistics).toMatchObject({ blockCount: 0, sizeBytes: 0 });
});
