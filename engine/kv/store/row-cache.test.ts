import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DELETE, PUT, type FoundEntry } from '../entry.ts';
import { hashKey } from '../hash.ts';
import { ABSENT, FOUND, RowCache, UNKNOWN } from './row-cache.ts';

const NOTHING = new Uint8Array(0);

function emptyEntry(): FoundEntry {
  return { kind: DELETE, seq: 0, expiresMs: 0, value: NOTHING, valueStart: 0, valueEnd: 0 };
}

function keyOf(number: number): Uint8Array {
  return Buffer.from(`${'k'.repeat(number % 7)}${number}`);
}

/** What the segments of a generation have for a key; a third of the keys are not there. */
function truthOf(number: number, generation: number, largestValueBytes: number): FoundEntry | undefined {
  const mixed = (number * 7919 + generation * 104_729) % 1009;
  if (mixed % 3 === 0) return undefined;
  const length = mixed % 4 === 0 ? 0 : mixed % largestValueBytes;
  // The value lies in the middle of other bytes, as in a block.
  const value = Uint8Array.from({ length: length + 5 }, (_, at) => at + mixed);
  const kind = length === 0 ? DELETE : PUT;
  const expiresMs = mixed % 5 === 0 ? 1_700_000_000_000 + mixed : 0;
  return { kind, seq: 2 ** 40 + mixed, expiresMs, value, valueStart: 2, valueEnd: 2 + length };
}

function plain(entry: FoundEntry): object {
  const { kind, seq, expiresMs, value, valueStart, valueEnd } = entry;
  return { kind, seq, expiresMs, value: [...value.subarray(valueStart, valueEnd)] };
}

test('what it knows is what the segments have, however full it is and however keys collide', () => {
  let hits = 0;
  let absent = 0;
  const property = fc.property(
    fc.record({
      capacityBytes: fc.constantFrom(0, 1024, 1500, 4096, 20_000),
      // Few hashes: full buckets, and different keys with the same hash.
      hashes: fc.constantFrom(1, 3, 50, 2 ** 32),
      largestValueBytes: fc.constantFrom(1, 40, 300, 1000),
      keys: fc.constantFrom(5, 40, 400),
      steps: fc.array(fc.nat(1_000_000), { minLength: 300, maxLength: 600, size: 'max' }),
    }),
    ({ capacityBytes, hashes, largestValueBytes, keys, steps }) => {
      const cache = new RowCache(capacityBytes);
      let generation = 0;
      for (const step of steps) {
        if (step % 97 === 0) {
          cache.clear();
          generation++;
          expect(cache.generation).toBe(generation);
        }
        const number = step % keys;
        const key = keyOf(number);
        const hash = Math.floor(hashKey(key) % hashes);
        const truth = truthOf(number, generation, largestValueBytes);
        const into = emptyEntry();
        const known = cache.get(key, hash, into);
        if (known === UNKNOWN) {
          cache.put(key, hash, truth);
          continue;
        }
        hits++;
        if (known === ABSENT) absent++;
        expect(known).toBe(truth === undefined ? ABSENT : FOUND);
        if (truth !== undefined) expect(plain(into)).toEqual(plain(truth));
      }
    },
  );
  fc.assert(property, { seed: 71, numRuns: 50 });
  expect(hits).toBeGreaterThan(2000);
  expect(absent).toBeGreaterThan(400);
});

test('rows that fit stay; beyond, the oldest go first', () => {
  const cache = new RowCache(64 * 1024);
  const into = emptyEntry();
  const entry: FoundEntry = { ...emptyEntry(), kind: PUT, seq: 1, value: new Uint8Array(100), valueEnd: 100 };
  const isKnown = (number: number): boolean => {
    const key = keyOf(number);
    if (cache.get(key, hashKey(key), into) !== UNKNOWN) return true;
    cache.put(key, hashKey(key), entry);
    return false;
  };
  for (let number = 0; number < 300; number++) isKnown(number);
  const { misses } = cache.statistics;
  for (let round = 0; round < 5; round++) for (let number = 0; number < 300; number++) isKnown(number);
  expect(cache.statistics).toMatchObject({ hits: 1500, misses, capacityBytes: 64 * 1024 });
  for (let number = 300; number < 700; number++) isKnown(number);
  expect(isKnown(699)).toBe(true);
  expect(isKnown(0)).toBe(false);
});

test('a value that is large for the cache is not kept, and pushes nothing out', () => {
  const cache = new RowCache(16 * 1024);
  const small = keyOf(1);
  const large = keyOf(2);
  cache.put(small, hashKey(small), undefined);
  cache.put(large, hashKey(large), { ...emptyEntry(), kind: PUT, value: new Uint8Array(2000), valueEnd: 2000 });
  expect(cache.get(small, hashKey(small), emptyEntry())).toBe(ABSENT);
  expect(cache.get(large, hashKey(large), emptyEntry())).toBe(UNKNOWN);
});
