import { crc32 } from 'node:zlib';

const POLYNOMIAL = 0xedb88320;

/**
 * Whether flipping a single bit makes the CRC-32 right: then it is a bit that has rotted, and no write that was cut off. CRC is linear, so what a bit contributes
 * depends on its distance from the end alone, and all bits are tried in one pass.
 */
export function isOneBitOff(bytes: Uint8Array, checksum: number): boolean {
  const syndrome = (crc32(bytes) ^ checksum) >>> 0;
  if ((syndrome & (syndrome - 1)) === 0) return true; // The bit is in the checksum itself, or nothing is wrong.
  // What each bit of the last byte contributes; then of the byte before, and so on.
  const effects = Array.from({ length: 8 }, (_, bit) => byteStep(1 << bit));
  for (let at = bytes.length - 1; at >= 0; at--) {
    for (let bit = 0; bit < 8; bit++) {
      const effect = effects[bit] ?? 0;
      if (effect === syndrome) return true;
      effects[bit] = byteStep(effect);
    }
  }
  return false;
}

/** A CRC register after eight more zero bits. */
function byteStep(register: number): number {
  let next = register;
  for (let bit = 0; bit < 8; bit++) next = (next & 1) === 1 ? (next >>> 1) ^ POLYNOMIAL : next >>> 1;
  return next >>> 0;
}
