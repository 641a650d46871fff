import { AlopexError } from '../../errors.ts';

/** The most that Arrow's 32-bit offsets can address. */
const MAX_BYTES = 2 ** 31 - 1;

/** Bytes that grow at the end. New space is zero. Once taken, the next ones get as much room at once as the last ones needed. */
export class GrowableBytes {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  length = 0;
  #lastLength = 0;

  /** Makes room for `byteCount` more and returns where they begin. */
  extend(byteCount: number): number {
    const start = this.length;
    const needed = start + byteCount;
    if (needed > MAX_BYTES) {
      throw new AlopexError('54000', 'one column of one Arrow batch would be larger than 2 GiB', {
        hint: 'Select fewer rows or shorter values at a time.',
      });
    }
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.min(MAX_BYTES, Math.max(needed, this.bytes.length * 2, this.#lastLength)));
      grown.set(this.bytes.subarray(0, start));
      this.bytes = grown;
    }
    this.length = needed;
    return start;
  }

  append(bytes: Uint8Array): void {
    const start = this.extend(bytes.length);
    this.bytes.set(bytes, start);
  }

  /** The bytes so far, in a buffer of about their size; starts anew. */
  take(): Uint8Array<ArrayBuffer> {
    const { bytes, length } = this;
    this.bytes = new Uint8Array(0);
    this.length = 0;
    // A little more, for batches are of about the same size and not exactly so.
    this.#lastLength = length + (length >> 3);
    return length < bytes.length * 0.75 ? bytes.slice(0, length) : bytes.subarray(0, length);
  }
}
