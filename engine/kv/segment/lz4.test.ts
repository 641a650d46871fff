import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lz4Bound, lz4Compress, lz4Decompress } from './lz4.ts';
import { noise } from './test-support/model.ts';

/** Pieces that come again, near and far, among noise. */
const inputs = fc
  .array(
    fc.oneof(
      fc.tuple(fc.nat(400), fc.nat(255)).map(([length, seed]) => noise(length, seed)),
      fc.tuple(fc.nat(700), fc.nat(255)).map(([length, byte]) => new Uint8Array(length).fill(byte)),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.concat([...pieces, ...pieces.slice(0, 3)]));

/** All of `target`. */
function decompress(compressed: Uint8Array, length: number, target: Uint8Array): boolean {
  return lz4Decompress(compressed, 0, length, target, 0, target.length, target.length);
}

function compress(input: Uint8Array): Uint8Array {
  const target = new Uint8Array(lz4Bound(input.length));
  return target.slice(0, lz4Compress(input, input.length, target, 0));
}

test('gives back what was compressed', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const compressed = compress(input);
      const target = new Uint8Array(input.length);
      expect(decompress(compressed, compressed.length, target)).toBe(true);
      expect(Buffer.compare(target, input)).toBe(0);
      if (input.length > 0) {
        expect(decompress(compressed, compressed.length, new Uint8Array(input.length - 1))).toBe(false);
        expect(decompress(compressed, compressed.length, new Uint8Array(input.length + 1))).toBe(false);
        expect(decompress(compressed, compressed.length - 1, target)).toBe(false);
      }
    }),
    { numRuns: 300, seed: 5 },
  );
});

test('gives as much as is needed', () => {
  fc.assert(
    fc.property(inputs, fc.nat(2000), (input, place) => {
      const compressed = compress(input);
      const needed = Math.min(place, input.length);
      const around = new Uint8Array(input.length + 20).fill(9);
      expect(lz4Decompress(compressed, 0, compressed.length, around, 10, 10 + input.length, 10 + needed)).toBe(true);
      expect(Buffer.compare(around.subarray(10, 10 + needed), input.subarray(0, needed))).toBe(0);
      expect(around.subarray(0, 10).every((byte) => byte === 9)).toBe(true);
      expect(around.subarray(10 + input.length).every((byte) => byte === 9)).toBe(true);
    }),
    { numRuns: 300, seed: 7 },
  );
});

test('repetition further away than a distance can say is left alone', () => {
  const piece = noise(1000, 1);
  const input = Buffer.concat([piece, noise(70_000, 2), piece]);
  const compressed = compress(input);
  const target = new Uint8Array(input.length);
  expect(decompress(compressed, compressed.length, target)).toBe(true);
  expect(Buffer.compare(target, input)).toBe(0);
});

test('reads a block written out by hand', () => {
  // "abcd", then 12 bytes from 4 back, then "xyz12".
  const block = Uint8Array.of(0x48, 97, 98, 99, 100, 4, 0, 0x50, 120, 121, 122, 49, 50);
  const target = new Uint8Array(21);
  expect(decompress(block, block.length, target)).toBe(true);
  expect(Buffer.from(target).toString()).toBe('abcdabcdabcdabcdxyz12');
});

test('any bytes are refused or decompressed, within bounds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(300), fc.constantFrom(1, 0.5), (bytes, length, part) => {
      const around = new Uint8Array(length + 20).fill(9);
      lz4Decompress(bytes, 0, bytes.length, around, 10, 10 + length, 10 + Math.floor(length * part));
      expect(around.subarray(0, 10).every((byte) => byte === 9)).toBe(true);
      expect(around.subarray(10 + length).every((byte) => byte === 9)).toBe(true);
    }),
    { numRuns: 2000, seed: 6 },
  );
});
