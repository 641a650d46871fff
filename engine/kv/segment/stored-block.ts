import { crc32 } from 'node:zlib';
import { segmentDamage } from './damage.ts';

export function checkBlock(path: string, block: number, stored: Uint8Array, checksum: number): void {
  if (crc32(stored) !== checksum) throw segmentDamage(path, `the checksum of block ${block} is wrong`);
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

/** Whether the first 16 bytes make sense; `keysBytes` is how long the part with the keys is. */
export function hasRestarts(content: Uint8Array, keysBytes: number): boolean {
  if (keysBytes < 16 || keysEnd(content) !== keysBytes) return false;
  const restarts = restartCount(content);
  if (restarts === 0 || restarts > (keysBytes - 8) / 8) return false;
  return restartKeyOffset(content, 0) === keysStart(content) && restartValueOffset(content, 0) === keysBytes;
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
