/** Pieces of at most this size come out of a shared slab: an array with memory of its own costs several times as much. */
const SLAB_PIECE_BYTES = 2048;
/** Whoever keeps one piece keeps the slab, so it is small. */
const SLAB_BYTES = 16_384;
/** Up to here, copying word by word is cheaper than a call. */
const SHORT_COPY_BYTES = 256;

let slab = new Uint8Array(SLAB_BYTES);
let slabWords = new DataView(slab.buffer);
let used = 0;
/** Where the last piece came from: mostly the next one comes from there, too. */
let source: Uint8Array = slab;
let sourceWords: DataView = slabWords;

/** A copy of `bytes[start, end)` that is the caller's own. */
export function copyOut(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > SLAB_PIECE_BYTES) return new Uint8Array(bytes.subarray(start, end));
  if (used + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    slabWords = new DataView(slab.buffer);
    used = 0;
  }
  const at = used;
  used += length;
  if (length <= SHORT_COPY_BYTES) copyWords(bytes, start, end, at);
  else slab.set(bytes.subarray(start, end), at);
  return slab.subarray(at, used);
}

function copyWords(bytes: Uint8Array, start: number, end: number, at: number): void {
  if (bytes !== source) {
    source = bytes;
    sourceWords = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  const from = sourceWords;
  const to = slabWords;
  let place = start;
  let target = at;
  for (const wordsEnd = end - 3; place < wordsEnd; place += 4, target += 4) {
    to.setInt32(target, from.getInt32(place, true), true);
  }
  for (; place < end; place++, target++) slab[target] = bytes[place] as number;
}
