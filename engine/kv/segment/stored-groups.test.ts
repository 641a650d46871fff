import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AlopexError } from '../../errors.ts';
import type { FoundEntry } from '../entry.ts';
import { BlockBuilder } from './block-builder.ts';
import { FOUND, MALFORMED } from './block-search.ts';
import { openBlock, searchStored } from './stored-groups.ts';
import { bytesOf, deletion, fieldsOf, noise, put, type Entry } from './test-support/model.ts';

const PATH = '/data/kv/00000001.seg';

function stored(entries: readonly Entry[], compress = true): Uint8Array {
  const builder = new BlockBuilder(4);
  for (const entry of entries) builder.add(fieldsOf(entry), 0);
  const target = new Uint8Array(builder.storedBound);
  return target.slice(0, builder.store(target, 0, compress).end);
}

function found(): FoundEntry {
  return { kind: 0, seq: 0, expiresMs: 0, value: new Uint8Array(0), valueStart: 0, valueEnd: 0 };
}

function search(block: Uint8Array, key: Uint8Array, into: FoundEntry): number {
  return searchStored(PATH, 0, block, crc32(block), key, Number.MAX_SAFE_INTEGER, into);
}

/** Values that compress and that do not, small, empty, and larger than a group and than the memory for one. */
const VALUES = fc.oneof(
  fc.nat(300).map((length) => noise(length, length)),
  fc.nat(300).map((length) => new Uint8Array(length).fill(7)),
  fc.constantFrom(2047, 2048, 2049, 40_000).map((length) => new Uint8Array(length).fill(length)),
  fc.constant(noise(40_000, 1)),
);

test('each value is found in its group, and the whole content is the same', () => {
  fc.assert(
    fc.property(fc.array(VALUES, { minLength: 1, maxLength: 60 }), fc.boolean(), (values, compress) => {
      const entries = values.map((value, at) => {
        const key = String(at).padStart(6, '0');
        return at % 9 === 8 ? deletion(key, at) : put(key, at, value);
      });
      const block = stored(entries, compress);
      const content = openBlock(PATH, 0, block, 0, block.length, crc32(block), false);
      const valuesBytes = entries.reduce((sum, entry) => sum + entry.value.length, 0);
      const whole = Buffer.concat(entries.map((entry) => entry.value));
      expect(Buffer.compare(content.subarray(content.length - valuesBytes), whole)).toBe(0);
      const into = found();
      for (const entry of entries) {
        expect(search(block, entry.key, into)).toBe(FOUND);
        expect([into.kind, into.seq]).toEqual([entry.kind, entry.seq]);
        expect(Buffer.compare(into.value.subarray(into.valueStart, into.valueEnd), entry.value)).toBe(0);
      }
      expect(search(block, bytesOf('none'), into)).not.toBe(FOUND);
    }),
    { numRuns: 100, seed: 21 },
  );
});

test('values that repeat themselves are stored smaller', () => {
  const entries = Array.from({ length: 36 }, (_, at) =>
    put(`key ${String(at).padStart(4, '0')}`, at, Buffer.concat([noise(50, at), noise(50, at)])),
  );
  const block = stored(entries);
  expect(block.length).toBeLessThan(stored(entries, false).length * 0.7);
});

test('a block that makes no sense under a right checksum is damage, or gives what is within it', () => {
  const entries = Array.from({ length: 30 }, (_, at) =>
    put(`key ${String(at).padStart(4, '0')}`, at, at % 2 === 0 ? noise(100, at) : new Uint8Array(100)),
  );
  const good = stored(entries);
  const into = found();
  let refused = 0;
  for (let offset = 0; offset < good.length; offset++) {
    for (const change of [1, 0x80, 0xff]) {
      const block = new Uint8Array(good);
      block[offset] = (block[offset] as number) ^ change;
      try {
        openBlock(PATH, 0, block, 0, block.length, crc32(block), true);
        for (const { key } of entries) {
          const result = search(block, key, into);
          if (result === MALFORMED) refused++;
          if (result === FOUND) expect(into.valueStart >= 0 && into.valueEnd <= into.value.length).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(AlopexError);
        expect(error).toMatchObject({ code: 'XX001' });
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(100);
  for (let length = 0; length < 60; length++) {
    const block = good.slice(0, length);
    expect(() => openBlock(PATH, 0, block, 0, length, crc32(block), true)).toThrow(/makes no sense/);
  }
});
