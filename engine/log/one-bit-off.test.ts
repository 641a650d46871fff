import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOneBitOff } from './one-bit-off.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 600 });

test('finds any single flipped bit', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), (original, where) => {
      const flipped = original.slice();
      const bit = where % (original.length * 8);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isOneBitOff(flipped, crc32(original))).toBe(true);
    }),
    { seed: 1 },
  );
});

test('finds a flipped bit of the checksum', () => {
  fc.assert(
    fc.property(bytes, fc.nat({ max: 31 }), (original, bit) => {
      expect(isOneBitOff(original, (crc32(original) ^ (1 << bit)) >>> 0)).toBe(true);
    }),
    { seed: 2 },
  );
});

test('does not take zeros in the place of a sector for one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 512, maxLength: 1500 }), (original) => {
      const torn = original.slice().fill(0, 100, 400);
      fc.pre(original.slice(100, 400).filter((byte) => byte !== 0).length > 2);
      expect(isOneBitOff(torn, crc32(original))).toBe(false);
    }),
    { seed: 3 },
  );
});
