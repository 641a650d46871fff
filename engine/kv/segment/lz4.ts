/**
 * The LZ4 block format: sequences of a token (4 bits length of literals, 4 bits length of the match less 4), more length bytes where 15 is
 * not enough, the literals, and 2 bytes of distance, little-endian. The last sequence has literals only. `docs/format/kv-segment.md` says it in full.
 */
const MIN_MATCH = 4;
/** The format wants the last 5 bytes to be literals, and the last match to begin at least 12 bytes before the end. */
const LAST_LITERALS = 5;
const MATCH_LIMIT = 12;
const MAX_DISTANCE = 65535;
const HASH_BITS = 12;
/** After 2^this many places without a match the search goes on in larger steps: data that does not compress is passed over quickly. */
const SKIP_SHIFT = 4;
/** Copies of at least this length go through `copyWithin` and `set`: measured, a call and its view cost about as much as a loop over the words of that many bytes. */
const LONG_COPY = 256;

const positions = new Int32Array(1 << HASH_BITS);
/** Added to positions in the table, so that those of earlier calls are out of range without clearing it. */
let tableBase = 1;

/** Bytes that `length` bytes can take at most. */
export function lz4Bound(length: number): number {
  return length + Math.floor(length / 255) + 16;
}

/** Compresses `source[0, length)` to `target` (at least {@link lz4Bound} bytes) from `targetStart`; returns the end. Deterministic. */
export function lz4Compress(source: Uint8Array, length: number, target: Uint8Array, targetStart: number): number {
  if (tableBase + length > 0x7fffffff) {
    positions.fill(0);
    tableBase = 1;
  }
  const base = tableBase;
  tableBase += length;
  const sourceWords = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const targetWords = new DataView(target.buffer, target.byteOffset, target.byteLength);
  let anchor = 0;
  let to = targetStart;
  const searchEnd = length - MATCH_LIMIT;
  const matchEnd = length - LAST_LITERALS;
  let at = 0;
  let misses = 1 << SKIP_SHIFT;
  while (at <= searchEnd) {
    const word = sourceWords.getInt32(at, true);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    let from = (positions[slot] as number) - base;
    positions[slot] = at + base;
    if (from < 0 || at - from > MAX_DISTANCE || sourceWords.getInt32(from, true) !== word) {
      at += misses++ >>> SKIP_SHIFT;
      continue;
    }
    misses = 1 << SKIP_SHIFT;
    while (at > anchor && from > 0 && source[at - 1] === source[from - 1]) {
      at--;
      from--;
    }
    let end = at + MIN_MATCH;
    const shift = at - from;
    while (end + 4 <= matchEnd && sourceWords.getInt32(end, true) === sourceWords.getInt32(end - shift, true)) end += 4;
    while (end < matchEnd && source[end] === source[end - shift]) end++;
    to = writeToken(target, to, at - anchor, end - at - MIN_MATCH);
    to = copy(source, sourceWords, anchor, at, target, targetWords, to);
    target[to++] = shift & 0xff;
    target[to++] = shift >>> 8;
    const extra = end - at - MIN_MATCH - 15;
    if (extra >= 0) to = writeLength(target, to, extra);
    anchor = end;
    at = end;
    if (at <= searchEnd) {
      positions[Math.imul(sourceWords.getInt32(at - 2, true), 0x9e3779b1) >>> (32 - HASH_BITS)] = at - 2 + base;
    }
  }
  to = writeToken(target, to, length - anchor, 0);
  return copy(source, sourceWords, anchor, length, target, targetWords, to);
}

/**
 * Fills `target[targetStart, targetEnd)` from the compressed `source[start, end)`, as far as `needed` at least. Returns false when the source does not give that (or, with
 * `needed` the end, not exactly that); nothing is written outside.
 */
export function lz4Decompress(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
  targetEnd: number,
  needed: number,
): boolean {
  const sourceWords = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const targetWords = new DataView(target.buffer, target.byteOffset, target.byteLength);
  // The end of all is where the source ends.
  const enough = needed < targetEnd ? needed : Infinity;
  let at = start;
  let to = targetStart;
  while (at < end && to < enough) {
    const token = source[at++] as number;
    let literals = token >>> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255) {
        if (at >= end) return false;
        byte = source[at++] as number;
        literals += byte;
      }
    }
    if (literals > end - at || literals > targetEnd - to) return false;
    // Whole words, as long as what is too much stays within.
    let stop = to + literals;
    if (literals >= LONG_COPY) {
      target.set(source.subarray(at, at + literals), to);
    } else if (stop + 3 <= targetEnd && at + literals + 3 <= source.length) {
      for (let from = at; to < stop; to += 4, from += 4)
        targetWords.setInt32(to, sourceWords.getInt32(from, true), true);
    } else {
      for (let from = at; to < stop;) target[to++] = source[from++] as number;
    }
    to = stop;
    at += literals;
    if (at === end) break;
    if (end - at < 2) return false;
    const distance = (source[at] as number) | ((source[at + 1] as number) << 8);
    at += 2;
    let length = (token & 15) + MIN_MATCH;
    if (length === 15 + MIN_MATCH) {
      let byte = 255;
      while (byte === 255) {
        if (at >= end) return false;
        byte = source[at++] as number;
        length += byte;
      }
    }
    let from = to - distance;
    if (distance === 0 || from < targetStart || length > targetEnd - to) return false;
    stop = to + length;
    if (length >= LONG_COPY && distance >= length) {
      target.copyWithin(to, from, from + length);
    } else if (distance >= 4 && stop + 3 <= targetEnd) {
      for (; to < stop; to += 4, from += 4) targetWords.setInt32(to, targetWords.getInt32(from, true), true);
    } else {
      for (; to < stop;) target[to++] = target[from++] as number;
    }
    to = stop;
  }
  return needed < targetEnd ? to >= needed : to === targetEnd && at === end;
}

/** Copies `source[start, end)`; returns the end. */
function copy(
  source: Uint8Array,
  sourceWords: DataView,
  start: number,
  end: number,
  target: Uint8Array,
  targetWords: DataView,
  targetStart: number,
): number {
  let to = targetStart;
  if (end - start >= LONG_COPY) {
    target.set(source.subarray(start, end), to);
    return to + end - start;
  }
  let at = start;
  for (const wordsEnd = end - 3; at < wordsEnd; at += 4, to += 4) {
    targetWords.setInt32(to, sourceWords.getInt32(at, true), true);
  }
  for (; at < end; at++, to++) target[to] = source[at] as number;
  return to;
}

/** The token of a sequence, with the length of its literals. */
function writeToken(target: Uint8Array, at: number, literals: number, matchCode: number): number {
  let to = at;
  target[to++] = (literals < 15 ? literals << 4 : 0xf0) | (matchCode < 15 ? matchCode : 15);
  return literals < 15 ? to : writeLength(target, to, literals - 15);
}

function writeLength(target: Uint8Array, at: number, length: number): number {
  let to = at;
  let rest = length;
  for (; rest >= 255; rest -= 255) target[to++] = 255;
  target[to++] = rest;
  return to;
}
