/**
 * How keys and entries lie in an arena. Everything begins at a multiple of 8.
 *
 * ```
 * node   newest (place, u32) · key length (u32) · key, padded to 8 · its oldest entry
 * entry  older (place, u32) · newer (place, u32) · value length (u32) · flags (u32) · seq (f64) · [expiresMs (f64)] · value, padded to 8
 * ```
 *
 * A key has one node, whose place never changes; its entries are linked both ways, newest first.
 */
import type { ArenaChunk, ArenaView } from './arena.ts';

export const NODE_HEADER_BYTES = 8;
export const ENTRY_HEADER_BYTES = 24;
export const EXPIRY_BYTES = 8;

/** Words of a node. */
export const NEWEST = 0;
export const KEY_LENGTH = 1;
/** Words of an entry. */
export const OLDER = 0;
export const NEWER = 1;
export const VALUE_LENGTH = 2;
export const FLAGS = 3;
/** Double of an entry. */
export const SEQ = 2;
export const EXPIRES = 3;

export const FLAG_PUT = 1;
export const FLAG_EXPIRES = 2;

export function padded(length: number): number {
  return (length + 7) & ~7;
}

export function chunkOf(arena: ArenaView, place: number): ArenaChunk {
  return arena.chunks[place >>> arena.placeBits] as ArenaChunk;
}

/** Offset in its chunk, in units of 8 bytes. */
export function unitOf(arena: ArenaView, place: number): number {
  return place & ((1 << arena.placeBits) - 1);
}

/** Compares the keys of two nodes by unsigned bytes, from byte `from` (a multiple of 4) on, before which they are known to be equal. */
export function compareNodes(arena: ArenaView, left: number, right: number, from: number): number {
  const a = chunkOf(arena, left);
  const b = chunkOf(arena, right);
  const aWord = unitOf(arena, left) << 1;
  const bWord = unitOf(arena, right) << 1;
  const aLength = a.words[aWord + KEY_LENGTH] as number;
  const bLength = b.words[bWord + KEY_LENGTH] as number;
  const shared = Math.min(aLength, bLength);
  // Whole words first (keys are aligned and padded with zeros); the bytes of the first that differs decide.
  for (let at = from; at < shared; at += 4) {
    const word = 2 + (at >>> 2);
    if (a.words[aWord + word] === b.words[bWord + word]) continue;
    const end = Math.min(at + 4, shared);
    const aByte = (aWord << 2) + NODE_HEADER_BYTES;
    const bByte = (bWord << 2) + NODE_HEADER_BYTES;
    for (let byte = at; byte < end; byte++) {
      const difference = (a.bytes[aByte + byte] as number) - (b.bytes[bByte + byte] as number);
      if (difference !== 0) return difference;
    }
  }
  return aLength - bLength;
}

/** Compares the key of a node with a key. */
export function compareNodeWithKey(arena: ArenaView, node: number, key: Uint8Array): number {
  const chunk = chunkOf(arena, node);
  const unit = unitOf(arena, node);
  const length = chunk.words[(unit << 1) + KEY_LENGTH] as number;
  const start = (unit << 3) + NODE_HEADER_BYTES;
  const shared = Math.min(length, key.length);
  for (let at = 0; at < shared; at++) {
    const difference = (chunk.bytes[start + at] as number) - (key[at] as number);
    if (difference !== 0) return difference;
  }
  return length - key.length;
}
