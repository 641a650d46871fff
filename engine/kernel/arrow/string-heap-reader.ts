import type { GrowableBytes } from './growable-bytes.ts';
import type { VectorReader } from './vector-reader.ts';

/** DuckDB's `string_t`: 4 bytes of length, then up to 12 bytes inline, or a 4-byte prefix and an 8-byte pointer. */
const STRING_BYTES = 16;
const MAX_INLINE_BYTES = 12;
const POINTER_OFFSET = 8;

/**
 * Crossing into native code costs far more than copying some bytes, so neighbours in memory are fetched together, with what lies
 * between them. A gap smaller than a memory page (4 KiB everywhere at least) is safe to read: every page it touches holds a byte of
 * one of the two neighbours.
 */
const MAX_GAP_BYTES = 1024;

/** Rows mostly follow memory when runs of neighbours are this long on average; else the rows are sorted by address first. */
const MIN_RUN = 8;

/** Above this, `set` is quicker than a loop over bytes. */
const MAX_LOOP_BYTES = 48;

/** Strings looked at together. */
const BLOCK_ROWS = 2048;

/** Copies the bytes of strings and blobs out of DuckDB. */
export class StringHeapReader {
  /** Of the long strings of the block in hand: row, address, and which fetched piece has it from where. */
  readonly #rows = new Uint32Array(BLOCK_ROWS);
  readonly #addresses = new Float64Array(BLOCK_ROWS);
  readonly #pieceOf = new Uint32Array(BLOCK_ROWS);
  readonly #offsetInPiece = new Uint32Array(BLOCK_ROWS);

  /** Appends the bytes of rows `[start, start + count)` to `target` and sets `ends[i]` to its length after row `start + i`. */
  read(vector: VectorReader, start: number, count: number, target: GrowableBytes, ends: Int32Array): void {
    for (let done = 0; done < count; done += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, count - done);
      this.#readBlock(vector, start + done, rows, target, ends.subarray(done, done + rows));
    }
  }

  #readBlock(vector: VectorReader, start: number, count: number, target: GrowableBytes, ends: Int32Array): void {
    const data = vector.data(STRING_BYTES);
    const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
    const hasNulls = vector.validity !== null;
    let longCount = 0;
    let totalBytes = 0;
    let breaks = 0;
    let endAddress = 0;
    for (let i = 0; i < count; i++) {
      const row = start + i;
      if (hasNulls && !vector.isValid(row)) continue;
      const length = words[row * 4]!;
      totalBytes += length;
      if (length <= MAX_INLINE_BYTES) continue;
      const address = words[row * 4 + 2]! + words[row * 4 + 3]! * 2 ** 32;
      if (address < endAddress || address - endAddress > MAX_GAP_BYTES) breaks++;
      endAddress = address + length;
      this.#rows[longCount] = row;
      this.#addresses[longCount] = address;
      longCount++;
    }
    const pieces = longCount === 0 ? [] : this.#fetch(vector, words, longCount, breaks * MIN_RUN > longCount);
    let to = target.extend(totalBytes);
    const bytes = target.bytes;
    let long = 0;
    // Long strings that follow one another in memory as they do in rows are copied in one go: `run` bytes of `piece` end at `to`.
    let piece: Uint8Array = data;
    let runFrom = 0;
    let run = 0;
    for (let i = 0; i < count; i++) {
      const row = start + i;
      if (!hasNulls || vector.isValid(row)) {
        const length = words[row * 4]!;
        if (length <= MAX_INLINE_BYTES) {
          const from = row * STRING_BYTES + 4;
          for (let k = 0; k < length; k++) bytes[to + k] = data[from + k]!;
          if (run > 0) {
            copy(piece, runFrom, run, bytes, to - run);
            run = 0;
          }
        } else {
          const source = pieces[this.#pieceOf[long]!]!;
          const from = this.#offsetInPiece[long]!;
          long++;
          if (source !== piece || from !== runFrom + run) {
            if (run > 0) copy(piece, runFrom, run, bytes, to - run);
            piece = source;
            runFrom = from;
            run = 0;
          }
          run += length;
        }
        to += length;
      }
      ends[i] = to;
    }
    if (run > 0) copy(piece, runFrom, run, bytes, to - run);
  }

  /** Fetches the long strings in as few pieces as their addresses allow, and notes where each string is. */
  #fetch(vector: VectorReader, words: Uint32Array, longCount: number, sort: boolean): Uint8Array[] {
    const order = sort ? this.#orderByAddress(longCount) : undefined;
    const pieces: Uint8Array[] = [];
    let firstRow = 0;
    let firstAddress = 0;
    let endAddress = -Infinity;
    for (let position = 0; position < longCount; position++) {
      const long = order?.[position] ?? position;
      const row = this.#rows[long]!;
      const address = this.#addresses[long]!;
      if (address < firstAddress || address - endAddress > MAX_GAP_BYTES) {
        if (position > 0) {
          pieces.push(vector.bytesAt(firstRow * STRING_BYTES + POINTER_OFFSET, endAddress - firstAddress));
        }
        firstRow = row;
        firstAddress = address;
        endAddress = address;
      }
      // Strings of a dictionary are pointed to more than once.
      endAddress = Math.max(endAddress, address + words[row * 4]!);
      this.#pieceOf[long] = pieces.length;
      this.#offsetInPiece[long] = address - firstAddress;
    }
    pieces.push(vector.bytesAt(firstRow * STRING_BYTES + POINTER_OFFSET, endAddress - firstAddress));
    return pieces;
  }

  #orderByAddress(longCount: number): Uint32Array {
    const addresses = this.#addresses;
    let least = Infinity;
    let greatest = -Infinity;
    for (let i = 0; i < longCount; i++) {
      least = Math.min(least, addresses[i]!);
      greatest = Math.max(greatest, addresses[i]!);
    }
    const order = Uint32Array.from({ length: longCount }, (_, index) => index);
    // Numbers sort several times faster than indexes do with a comparison: carry the index in the low bits where all bits fit.
    if ((greatest - least + 1) * BLOCK_ROWS > Number.MAX_SAFE_INTEGER) {
      return order.sort((left, right) => addresses[left]! - addresses[right]!);
    }
    const keys = new Float64Array(longCount);
    for (let i = 0; i < longCount; i++) keys[i] = (addresses[i]! - least) * BLOCK_ROWS + i;
    keys.sort();
    for (let i = 0; i < longCount; i++) order[i] = keys[i]! % BLOCK_ROWS;
    return order;
  }
}

function copy(source: Uint8Array, from: number, length: number, target: Uint8Array, to: number): void {
  if (length <= MAX_LOOP_BYTES) {
    for (let k = 0; k < length; k++) target[to + k] = source[from + k]!;
  } else {
    target.set(source.subarray(from, from + length), to);
  }
}
