import { crc32 } from 'node:zlib';
import { segmentDamage } from './damage.ts';
import { lz4Decompress } from './lz4.ts';

export const COMPRESSION_NONE = 0;
export const COMPRESSION_LZ4 = 1;
/** No LZ4 sequence gives more than 255 bytes for one. */
const MAX_LZ4_RATIO = 255;

/**
 * Checks the block `stored[start, end)` and returns its content in memory that nobody writes to again. `keeps` says that `stored` is such memory,
 * so that a view of it will do.
 */
export function openBlock(
  path: string,
  block: number,
  stored: Uint8Array,
  start: number,
  end: number,
  checksum: number,
  keeps: boolean,
): Uint8Array {
  checkBlock(path, block, stored, start, end, checksum);
  const content = decompress(stored, start, end, keeps);
  if (content === undefined || !hasRestarts(content)) throw malformedBlock(path, block);
  return content;
}

export function checkBlock(
  path: string,
  block: number,
  stored: Uint8Array,
  start: number,
  end: number,
  checksum: number,
): void {
  if (crc32(stored.subarray(start, end)) !== checksum) {
    throw segmentDamage(path, `the checksum of block ${block} is wrong`);
  }
}

/** For what a right checksum does not exclude: a writer's mistake. */
export function malformedBlock(path: string, block: number): Error {
  return segmentDamage(path, `block ${block} has the right checksum and makes no sense`);
}

/** Where the restart points end and the keys begin. */
export function keysStart(content: Uint8Array): number {
  return 8 + 8 * restartCount(content);
}

/** Where the keys end and the values begin. */
export function keysEnd(content: Uint8Array): number {
  return readUint32(content, 4);
}

export function restartCount(content: Uint8Array): number {
  return readUint32(content, 0);
}

/** Offset of the entry among the keys. */
export function restartKeyOffset(content: Uint8Array, restart: number): number {
  return readUint32(content, 8 + 8 * restart);
}

/** Offset of the entry's value. */
export function restartValueOffset(content: Uint8Array, restart: number): number {
  return readUint32(content, 12 + 8 * restart);
}

function decompress(stored: Uint8Array, start: number, end: number, keeps: boolean): Uint8Array | undefined {
  if (stored[end - 1] === COMPRESSION_NONE) {
    const view = stored.subarray(start, end - 1);
    return keeps ? view : new Uint8Array(view);
  }
  const length = lz4ContentLength(stored, start, end);
  if (length === undefined) return undefined;
  const content = new Uint8Array(length);
  return lz4Decompress(stored, start + LZ4_CONTENT_AT, end - 1, content) ? content : undefined;
}

/** Where the LZ4 block begins, behind the length of the content. */
export const LZ4_CONTENT_AT = 4;

/** `undefined` when the block is not compressed with LZ4, or cannot have that length. */
export function lz4ContentLength(stored: Uint8Array, start: number, end: number): number | undefined {
  if (stored[end - 1] !== COMPRESSION_LZ4 || end - start < 6) return undefined;
  const length = readUint32(stored, start);
  return length > (end - start) * MAX_LZ4_RATIO ? undefined : length;
}

/** Whether the first 16 bytes make sense. */
export function hasRestarts(content: Uint8Array): boolean {
  if (content.length < 16) return false;
  const restarts = restartCount(content);
  const values = keysEnd(content);
  if (restarts === 0 || restarts > (content.length - 8) / 8 || values > content.length) return false;
  return restartKeyOffset(content, 0) === keysStart(content) && restartValueOffset(content, 0) === values;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}
