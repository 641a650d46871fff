import { compareBytes } from '../bytes.ts';
import { DELETE, PUT, type FoundEntry } from '../entry.ts';
import { keysEnd, restartCount, restartKeyOffset, restartValueOffset } from './stored-block.ts';

/** The key is not in the block, and a greater one is. */
export const ABSENT = 0;
export const FOUND = 1;
/** The block ended before a greater key: the key may go on in the next one. */
export const AT_END = 2;
export const MALFORMED = 3;

/** Set by {@link longVarint}: a second result without an object. */
let varintEnd = 0;

/** A varint from its first byte on; `varintEndOf()` is where it ends. */
export function longVarint(bytes: Uint8Array, start: number): number {
  let at = start;
  let byte = bytes[at++] as number;
  let value = byte & 0x7f;
  for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
    byte = bytes[at++] as number;
    value |= (byte & 0x7f) << shift;
  }
  for (let scale = 2 ** 28; byte >= 0x80 && scale <= 2 ** 49; scale *= 128) {
    byte = bytes[at++] as number;
    value += (byte & 0x7f) * scale;
  }
  varintEnd = at;
  return value;
}

export function varintEndOf(): number {
  return varintEnd;
}

/**
 * The last restart point whose entry comes before (`key`, `maxSeq`) in internal order, or of the first one. With `maxSeq` of `Infinity`: whose key is
 * less.
 */
export function findRestart(content: Uint8Array, key: Uint8Array, maxSeq: number): number {
  let low = 0;
  let high = restartCount(content) - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (restartIsBefore(content, restartKeyOffset(content, middle), key, maxSeq)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function restartIsBefore(content: Uint8Array, offset: number, key: Uint8Array, maxSeq: number): boolean {
  const keyLength = longVarint(content, offset + 1);
  const tag = longVarint(content, varintEnd);
  const seq = longVarint(content, varintEnd);
  if ((tag & 2) !== 0) longVarint(content, varintEnd);
  const difference = compareBytes(content, varintEnd, varintEnd + keyLength, key, 0, key.length);
  return difference === 0 ? seq > maxSeq : difference < 0;
}

/**
 * Looks for the newest entry of `key` with `seq` ≤ `maxSeq`; returns one of the constants above. Keys are not put together: as entries are sorted, it is enough to know how many bytes
 * the target shares with the entry before (which is less than the target, or the same key and too new). Only the keys need be there; `contentBytes` is the length with the values.
 */
export function searchBlock(
  content: Uint8Array,
  contentBytes: number,
  key: Uint8Array,
  maxSeq: number,
  into: FoundEntry,
): number {
  const end = keysEnd(content);
  const keyLength = key.length;
  let matched = 0;
  const restart = findRestart(content, key, maxSeq);
  let at = restartKeyOffset(content, restart);
  let valueEnd = restartValueOffset(content, restart);
  while (at < end) {
    let shared = content[at++] as number;
    if (shared >= 0x80) {
      shared = longVarint(content, at - 1);
      at = varintEnd;
    }
    let rest = content[at++] as number;
    if (rest >= 0x80) {
      rest = longVarint(content, at - 1);
      at = varintEnd;
    }
    let tag = content[at++] as number;
    if (tag >= 0x80) {
      tag = longVarint(content, at - 1);
      at = varintEnd;
    }
    const seqAt = at;
    while ((content[at++] as number) >= 0x80);
    let expiresAt = 0;
    if ((tag & 2) !== 0) {
      expiresAt = at;
      while ((content[at++] as number) >= 0x80);
    }
    const keyEnd = at + rest;
    const valueStart = valueEnd;
    valueEnd += tag >>> 2;
    if (!(keyEnd <= end && valueEnd <= contentBytes)) return MALFORMED;
    // A key that leaves the one before while that still agreed with the target is greater than both. (0 is compared anew: it may be a restart point,
    // which does not say what it shares.)
    if (shared < matched && shared !== 0) return ABSENT;
    if (shared <= matched) {
      let place = at;
      let same = shared;
      while (place < keyEnd && same < keyLength && content[place] === key[same]) {
        place++;
        same++;
      }
      if (place < keyEnd) {
        if (same === keyLength || (content[place] as number) > (key[same] as number)) return ABSENT;
      } else if (same === keyLength) {
        const seq = longVarint(content, seqAt);
        if (seq <= maxSeq) {
          into.kind = (tag & 1) === 1 ? PUT : DELETE;
          into.seq = seq;
          into.expiresMs = expiresAt === 0 ? 0 : longVarint(content, expiresAt);
          into.value = content;
          into.valueStart = valueStart;
          into.valueEnd = valueEnd;
          return FOUND;
        }
      }
      matched = same;
    }
    at = keyEnd;
  }
  return at === end ? AT_END : MALFORMED;
}
