import type { RangeDelete } from '../entry.ts';
import { readVarint, varintBytes, writeVarint } from '../varint.ts';

export function encodeRangeDeletes(ranges: readonly RangeDelete[]): Uint8Array {
  let length = 0;
  for (const { start, end, seq } of ranges) {
    length += varintBytes(start.length) + start.length + varintBytes(end.length) + end.length + varintBytes(seq);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const { start, end, seq } of ranges) {
    at = writeVarint(bytes, at, start.length);
    bytes.set(start, at);
    at = writeVarint(bytes, at + start.length, end.length);
    bytes.set(end, at);
    at = writeVarint(bytes, at + end.length, seq);
  }
  return bytes;
}

/** `undefined` when the bytes are not `count` range deletes. */
export function decodeRangeDeletes(bytes: Uint8Array, count: number): readonly RangeDelete[] | undefined {
  const ranges: RangeDelete[] = [];
  const at = { offset: 0 };
  const readKey = (): Uint8Array => {
    const length = readVarint(bytes, at);
    const key = new Uint8Array(bytes.subarray(at.offset, at.offset + length));
    at.offset += length;
    return key;
  };
  while (at.offset < bytes.length) ranges.push({ start: readKey(), end: readKey(), seq: readVarint(bytes, at) });
  return at.offset === bytes.length && ranges.length === count ? ranges : undefined;
}
