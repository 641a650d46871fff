import { crc32 } from 'node:zlib';
import { uninitialized } from '../uninitialized.ts';
import { isOneBitOff } from './one-bit-off.ts';

export const FRAME_HEADER_BYTES = 12;
const END_MARKER = 0xa5;
/** The smallest piece that a disk writes at once. */
const SECTOR_BYTES = 512;
/** Comparing with zeros is a hundred times as quick as looking at each byte, and there may be a mebibyte of them. */
const ZEROS = new Uint8Array(64 * 1024);

/** One frame holding `parts`, back to back, and the end marker. */
export function encodeFrame(parts: readonly Uint8Array[]): Uint8Array {
  let payloadBytes = 1;
  for (const part of parts) payloadBytes += part.length;
  const frame = uninitialized(FRAME_HEADER_BYTES + payloadBytes);
  let at = FRAME_HEADER_BYTES;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  frame[at] = END_MARKER;
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint32(0, payloadBytes, true);
  view.setUint32(4, crc32(frame.subarray(FRAME_HEADER_BYTES)), true);
  view.setUint32(8, crc32(frame.subarray(0, 8)), true);
  return frame;
}

export interface DecodedFrames {
  /** Payloads without their end marker; views into the input. */
  readonly payloads: readonly Uint8Array[];
  /** Bytes up to the end of the last good frame. */
  readonly validBytes: number;
  readonly tail:
    | { readonly kind: 'clean' }
    /** Nothing but zeros: space that was made for later frames. */
    | { readonly kind: 'unused' }
    /** An unfinished write: never acknowledged. */
    | { readonly kind: 'torn' }
    | { readonly kind: 'damaged'; readonly reason: string };
}

export function decodeFrames(bytes: Uint8Array): DecodedFrames {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const payloads: Uint8Array[] = [];
  let at = 0;
  const stop = (tail: DecodedFrames['tail']): DecodedFrames => ({ payloads, validBytes: at, tail });
  while (at < bytes.length) {
    if (bytes[at] === 0 && isZero(bytes.subarray(at))) return stop({ kind: 'unused' });
    if (bytes.length - at < FRAME_HEADER_BYTES) return stop({ kind: 'torn' });
    if (crc32(bytes.subarray(at, at + 8)) !== view.getUint32(at + 8, true)) {
      const torn = isZero(bytes.subarray(at + FRAME_HEADER_BYTES)) || hasHole(bytes, at, at + FRAME_HEADER_BYTES);
      return stop(torn ? { kind: 'torn' } : { kind: 'damaged', reason: 'a frame header' });
    }
    const start = at + FRAME_HEADER_BYTES;
    const end = start + view.getUint32(at, true);
    if (end > bytes.length) return stop({ kind: 'torn' });
    const payload = bytes.subarray(start, end);
    const checksum = view.getUint32(at + 4, true);
    if (!isIntact(payload, checksum)) {
      const torn = endsInZeros(payload) || (hasHole(bytes, at, end) && !isOneBitOff(payload, checksum));
      return stop(torn ? { kind: 'torn' } : { kind: 'damaged', reason: 'a frame payload' });
    }
    payloads.push(payload.subarray(0, -1));
    at = end;
  }
  return stop({ kind: 'clean' });
}

/** A payload is whole as well when only its end marker is a zero: then it is known what was there, and no tear is just a byte long. */
function isIntact(payload: Uint8Array, checksum: number): boolean {
  if (crc32(payload) === checksum) return true;
  return endsInZeros(payload) && crc32(Uint8Array.of(END_MARKER), crc32(payload.subarray(0, -1))) === checksum;
}

/**
 * Whether a sector of `[from, to)` was never written: disks write sectors in any order, so a power cut can leave zeros in the middle of an unfinished write. What was
 * safe before it ends where a frame does, so the first sector counts from there.
 */
function hasHole(bytes: Uint8Array, from: number, to: number): boolean {
  for (let sector = from - (from % SECTOR_BYTES); sector < to; sector += SECTOR_BYTES) {
    const written = bytes.subarray(Math.max(from, sector), sector + SECTOR_BYTES);
    if (isZero(written)) return true;
  }
  return false;
}

function isZero(bytes: Uint8Array): boolean {
  for (let from = 0; from < bytes.length; from += ZEROS.length) {
    const piece = bytes.subarray(from, from + ZEROS.length);
    if (Buffer.compare(piece, ZEROS.subarray(0, piece.length)) !== 0) return false;
  }
  return true;
}

function endsInZeros(bytes: Uint8Array): boolean {
  return bytes.at(-1) === 0;
}
