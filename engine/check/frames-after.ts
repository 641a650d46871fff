import { crc32 } from 'node:zlib';
import { FRAME_HEADER_BYTES } from '../log/frame.ts';

const END_MARKER = 0xa5;

/**
 * Payloads of the intact frames behind a damaged one, which begins at `damagedAt`. A frame counts as intact when both of its checksums and its end marker are right; where the
 * length of a damaged frame is damaged too, the next intact one is searched for.
 */
export function* framesAfter(file: Uint8Array, damagedAt: number): Generator<Uint8Array> {
  const bytes = withoutTrailingZeros(file);
  let at = endOfFrame(bytes, damagedAt) ?? damagedAt + 1;
  while (at + FRAME_HEADER_BYTES < bytes.length) {
    const end = endOfFrame(bytes, at);
    const payload = end === undefined ? undefined : bytes.subarray(at + FRAME_HEADER_BYTES, end);
    if (payload !== undefined && end !== undefined && isIntact(bytes, at, payload)) {
      yield payload.subarray(0, -1);
      at = end;
    } else at = end ?? at + 1;
  }
}

/** Where the frame ends whose header is at `at`; `undefined` when the header is not right. */
function endOfFrame(bytes: Uint8Array, at: number): number | undefined {
  if (at + FRAME_HEADER_BYTES > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEADER_BYTES);
  if (crc32(bytes.subarray(at, at + 8)) !== view.getUint32(8, true)) return undefined;
  const end = at + FRAME_HEADER_BYTES + view.getUint32(0, true);
  return end > bytes.length ? undefined : end;
}

function isIntact(bytes: Uint8Array, at: number, payload: Uint8Array): boolean {
  const checksum = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getUint32(4, true);
  return payload.at(-1) === END_MARKER && crc32(payload) === checksum;
}

/** Without the space behind the frames that was never used: no frame ends in a zero. */
export function withoutTrailingZeros(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}
