import { lz4DecompressUpTo, lz4SourceAt } from './lz4.ts';
import {
  checkBlock,
  COMPRESSION_NONE,
  hasRestarts,
  keysEnd,
  LZ4_CONTENT_AT,
  lz4ContentLength,
  malformedBlock,
} from './stored-block.ts';

/**
 * A block for one look-up: decompressed into memory that is used again, and only as far as the look-up needs. Its keys are at the beginning, so on average half of
 * the work and the whole allocation are saved.
 */
export class ScratchBlock {
  readonly #memory = new Uint8Array(32 * 1024);
  #path = '';
  #block = 0;
  #stored: Uint8Array = this.#memory;
  #storedAt = 0;
  #storedEnd = 0;
  #content: Uint8Array = this.#memory;
  /** So much of the content is there. */
  #done = 0;

  /** Checks the block and returns its content, of which the keys are there. `stored` must stay as it is until the last {@link need}. */
  open(path: string, block: number, stored: Uint8Array, checksum: number): Uint8Array {
    const end = stored.length;
    checkBlock(path, block, stored, 0, end, checksum);
    this.#path = path;
    this.#block = block;
    if (stored[end - 1] === COMPRESSION_NONE) {
      this.#content = stored.subarray(0, end - 1);
      this.#done = end - 1;
    } else {
      const length = lz4ContentLength(stored, 0, end);
      if (length === undefined) throw malformedBlock(path, block);
      this.#content = length <= this.#memory.length ? this.#memory.subarray(0, length) : new Uint8Array(length);
      this.#done = 0;
      this.#stored = stored;
      this.#storedAt = LZ4_CONTENT_AT;
      this.#storedEnd = end - 1;
      this.need(Math.min(16, length));
    }
    const content = this.#content;
    if (!hasRestarts(content)) throw malformedBlock(path, block);
    this.need(keysEnd(content));
    return content;
  }

  /** Makes the first `length` bytes of the content be there. */
  need(length: number): void {
    if (length <= this.#done) return;
    const done = lz4DecompressUpTo(this.#stored, this.#storedAt, this.#storedEnd, this.#content, this.#done, length);
    if (done < length) throw malformedBlock(this.#path, this.#block);
    this.#done = done;
    this.#storedAt = lz4SourceAt();
  }
}
