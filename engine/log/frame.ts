import { crc32 } from 'node:zlib';

export const FRAME_HEADER_BYTES = 12;
const END_MARKER = 0xa5;

/** One frame holding `parts`, back to back, and the end marker. */
export function encodeFrame(parts: readonly Uint8Array[]): Uint8Array {
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0) + 1;
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payloadBytes);
  let at = FRAME_HEADER_BYTES;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  frame[at] = END_MARKER;
  const view = new DataView(frame.buffer);
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
    if (bytes.length - at < FRAME_HEADER_BYTES) return stop({ kind: 'torn' });
    if (crc32(bytes.subarray(at, at + 8)) !== view.getUint32(at + 8, true)) {
      return stop(endsInZeros(bytes) ? { kind: 'torn' } : { kind: 'damaged', reason: 'a frame header' });
    }
    const start = at + FRAME_HEADER_BYTES;
    const end = start + view.getUint32(at, true);
    if (end > bytes.length) return stop({ kind: 'torn' });
    const payload = bytes.subarray(start, end);
    if (!isIntact(payload, view.getUint32(at + 4, true))) {
      return stop(endsInZeros(payload) ? { kind: 'torn' } : { kind: 'damaged', reason: 'a frame payload' });
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

function endsInZeros(bytes: Uint8Array): boolean {
  return bytes.at(-1) === 0;
}
