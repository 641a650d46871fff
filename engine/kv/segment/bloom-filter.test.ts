import { expect, test } from 'vitest';
import { hashKey } from '../hash.ts';
import { buildFilter, filterMayContain, filterProbes } from './bloom-filter.ts';
import { bytesOf } from './test-support/model.ts';

test('has every key, and about one in a hundred others', () => {
  const count = 20_000;
  const hashes = Uint32Array.from({ length: count }, (_, at) => hashKey(bytesOf(`\0\0\0\u0001user:${at}`)));
  const filter = buildFilter(hashes, count, 10);
  const probes = filterProbes(10);
  expect(filter.length * 8).toBeLessThan(count * 10 + 513);
  expect(hashes.every((hash) => filterMayContain(filter, probes, hash))).toBe(true);
  let wrong = 0;
  for (let at = 0; at < 50_000; at++) {
    if (filterMayContain(filter, probes, hashKey(bytesOf(`\0\0\0\u0001user:${count + at}`)))) wrong++;
  }
  expect(wrong / 50_000).toBeLessThan(0.015);
  expect(wrong).toBeGreaterThan(0);
});

test('an empty filter excludes nothing', () => {
  const none = buildFilter(new Uint32Array(0), 0, 10);
  expect(none.length).toBe(0);
  expect(filterMayContain(none, 6, 1)).toBe(true);
  expect(buildFilter(Uint32Array.of(1), 1, 0).length).toBe(0);
});
