/** Pieces of at most this size come out of a shared slab: an array with memory of its own costs several times as much. */
const SLAB_PIECE_BYTES = 2048;
/** Whoever keeps one piece keeps the slab, so it is small. */
const SLAB_BYTES = 16_384;
/** Up to here, copying byte by byte is cheaper than a call. */
const SHORT_COPY_BYTES = 32;

let slab = new Uint8Array(SLAB_BYTES);
let used = 0;

/** A copy of `bytes[start, end)` that is the caller's own. */
export function copyOut(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > SLAB_PIECE_BYTES) return new Uint8Array(bytes.subarray(start, end));
  if (used + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  const at = used;
  used += length;
  if (length <= SHORT_COPY_BYTES)
    for (let byte = 0; byte < length; byte++) slab[at + byte] = bytes[start + byte] as number;
  else slab.set(bytes.subarray(start, end), at);
  return slab.subarray(at, used);
}
