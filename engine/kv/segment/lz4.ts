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
/** Copies of at least this length go through `copyWithin` and `set`: measured, a call costs about as much as a loop over that many bytes. */
const LONG_COPY = 24;

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
  let anchor = 0;
  let to = targetStart;
  const searchEnd = length - MATCH_LIMIT;
  const matchEnd = length - LAST_LITERALS;
  let at = 0;
  let misses = 1 << SKIP_SHIFT;
  while (at <= searchEnd) {
    const word = read32(source, at);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    let from = (positions[slot] as number) - base;
    positions[slot] = at + base;
    if (from < 0 || at - from > MAX_DISTANCE || read32(source, from) !== word) {
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
    while (end < matchEnd && source[end] === source[end - shift]) end++;
    to = writeLiterals(source, anchor, at, target, to, end - at - MIN_MATCH);
    target[to++] = shift & 0xff;
    target[to++] = shift >>> 8;
    const extra = end - at - MIN_MATCH - 15;
    if (extra >= 0) to = writeLength(target, to, extra);
    anchor = end;
    at = end;
    if (at <= searchEnd) positions[Math.imul(read32(source, at - 2), 0x9e3779b1) >>> (32 - HASH_BITS)] = at - 2 + base;
  }
  return writeLiterals(source, anchor, length, target, to, 0);
}

/**
 * Fills `target` from the compressed `source[start, end)`. Returns false, having written nothing outside `target`, when that does not give exactly
 * `target.length` bytes.
 */
export function lz4Decompress(source: Uint8Array, start: number, end: number, target: Uint8Array): boolean {
  return lz4DecompressUpTo(source, start, end, target, 0, 0x7fffffff) === target.length && sourceAt === end;
}

/** Where the last call of {@link lz4DecompressUpTo} stopped reading: a second result without an object. */
let sourceAt = 0;

export function lz4SourceAt(): number {
  return sourceAt;
}

/**
 * Goes on at `sourceStart` and `targetStart`, where an earlier call stopped (`lz4SourceAt()` and its result) or at the beginning, until `target[0, needed)` is there
 * or nothing is left. Returns the end of what is there, or −1 when the source is malformed, having written nothing outside `target`.
 */
export function lz4DecompressUpTo(
  source: Uint8Array,
  sourceStart: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
  needed: number,
): number {
  const targetEnd = target.length;
  let at = sourceStart;
  let to = targetStart;
  while (at < end && to < needed) {
    const token = source[at++] as number;
    let literals = token >>> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255) {
        if (at >= end) return -1;
        byte = source[at++] as number;
        literals += byte;
      }
    }
    if (literals > end - at || literals > targetEnd - to) return -1;
    if (literals >= LONG_COPY) {
      target.set(source.subarray(at, at + literals), to);
      at += literals;
      to += literals;
    } else {
      for (const stop = at + literals; at < stop;) target[to++] = source[at++] as number;
    }
    if (at === end) break;
    if (end - at < 2) return -1;
    const distance = (source[at] as number) | ((source[at + 1] as number) << 8);
    at += 2;
    let length = (token & 15) + MIN_MATCH;
    if (length === 15 + MIN_MATCH) {
      let byte = 255;
      while (byte === 255) {
        if (at >= end) return -1;
        byte = source[at++] as number;
        length += byte;
      }
    }
    let from = to - distance;
    if (distance === 0 || from < 0 || length > targetEnd - to) return -1;
    if (length >= LONG_COPY && distance >= length) {
      target.copyWithin(to, from, from + length);
      to += length;
    } else {
      for (const stop = to + length; to < stop;) target[to++] = target[from++] as number;
    }
  }
  sourceAt = at;
  return to;
}

function writeLiterals(
  source: Uint8Array,
  from: number,
  end: number,
  target: Uint8Array,
  at: number,
  matchCode: number,
): number {
  const count = end - from;
  let to = at;
  target[to++] = (count < 15 ? count << 4 : 0xf0) | (matchCode < 15 ? matchCode : 15);
  if (count >= 15) to = writeLength(target, to, count - 15);
  if (count >= LONG_COPY) {
    target.set(source.subarray(from, end), to);
    return to + count;
  }
  for (let place = from; place < end; place++) target[to++] = source[place] as number;
  return to;
}

function writeLength(target: Uint8Array, at: number, length: number): number {
  let to = at;
  let rest = length;
  for (; rest >= 255; rest -= 255) target[to++] = 255;
  target[to++] = rest;
  return to;
}

function read32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
