import type { FoundEntry } from '../entry.ts';
import { FOUND, longVarint, MALFORMED, searchBlock, varintEndOf } from './block-search.ts';
import { lz4Decompress } from './lz4.ts';
import { checkBlock, hasRestarts, malformedBlock } from './stored-block.ts';

/** At the end of a stored block: how long the table of its groups is. */
export const TABLE_LENGTH_BYTES = 4;
/** No LZ4 sequence gives more than 255 bytes for one. */
const MAX_LZ4_RATIO = 255;
const SCRATCH_BYTES = 32 * 1024;

/**
 * A stored block: groups that are compressed each by itself, the keys in the first, values in the others, and a table of their lengths. The content of the block is all of them
 * opened; offsets are in the content. Reading is synchronous, so that one object, filled again and again, does for all blocks.
 */
class StoredGroups {
  #path = '';
  #block = 0;
  #stored: Uint8Array = new Uint8Array(0);
  #start = 0;
  #count = 0;
  /** Where each group ends, in the content and in the stored block. */
  #contentEnds = new Uint32Array(16);
  #storedEnds = new Uint32Array(16);
  /** For the keys and the value of one look-up. */
  readonly #keys = new Uint8Array(SCRATCH_BYTES);
  readonly #values = new Uint8Array(SCRATCH_BYTES);

  /** Takes on the block `stored[start, end)`, whose checksum is right. */
  read(path: string, block: number, stored: Uint8Array, start: number, end: number): void {
    this.#path = path;
    this.#block = block;
    this.#stored = stored;
    this.#start = start;
    this.#count = 0;
    const tableEnd = end - TABLE_LENGTH_BYTES;
    if (tableEnd < start) throw this.#malformed();
    const tableBytes =
      ((stored[tableEnd] as number) |
        ((stored[tableEnd + 1] as number) << 8) |
        ((stored[tableEnd + 2] as number) << 16) |
        ((stored[tableEnd + 3] as number) << 24)) >>>
      0;
    const groupsEnd = tableEnd - tableBytes;
    if (groupsEnd < start) throw this.#malformed();
    let contentEnd = 0;
    let storedEnd = start;
    for (let at = groupsEnd; at < tableEnd;) {
      const contentBytes = longVarint(stored, at);
      const storedBytes = longVarint(stored, varintEndOf());
      at = varintEndOf();
      contentEnd += contentBytes;
      storedEnd += storedBytes;
      if (storedBytes > contentBytes || contentBytes > storedBytes * MAX_LZ4_RATIO || storedEnd > groupsEnd) {
        throw this.#malformed();
      }
      if (this.#count === this.#contentEnds.length) this.#grow();
      this.#contentEnds[this.#count] = contentEnd;
      this.#storedEnds[this.#count++] = storedEnd;
      if (at > tableEnd) throw this.#malformed();
    }
    if (this.#count === 0 || storedEnd !== groupsEnd) throw this.#malformed();
  }

  /** The whole content, in memory that nobody writes to again. `keeps` says that the stored block is such memory. */
  content(keeps: boolean): Uint8Array {
    const length = this.#contentEnds[this.#count - 1] as number;
    const storedLength = (this.#storedEnds[this.#count - 1] as number) - this.#start;
    let content: Uint8Array;
    if (length === storedLength) {
      const view = this.#stored.subarray(this.#start, this.#start + length);
      content = keeps ? view : new Uint8Array(view);
    } else {
      content = new Uint8Array(length);
      for (let group = 0; group < this.#count; group++) {
        this.#open(group, content, this.#contentStart(group), this.#contentEnds[group] as number);
      }
    }
    this.#checkKeys(content);
    return content;
  }

  /** {@link searchBlock}, opening the keys and of the values what is before the end of the one that is found. That one is good until the next call. */
  search(key: Uint8Array, maxSeq: number, into: FoundEntry): number {
    const keysLength = this.#contentEnds[0] as number;
    let keys: Uint8Array;
    if (this.#isStoredAsIs(0)) {
      keys = this.#start === 0 ? this.#stored : this.#stored.subarray(this.#start);
    } else {
      keys = keysLength <= SCRATCH_BYTES ? this.#keys : new Uint8Array(keysLength);
      this.#open(0, keys, 0, keysLength);
    }
    this.#checkKeys(keys);
    const result = searchBlock(keys, this.#contentEnds[this.#count - 1] as number, key, maxSeq, into);
    if (result === FOUND && into.valueEnd > into.valueStart) return this.#openValue(into);
    return result;
  }

  #openValue(into: FoundEntry): number {
    let group = 0;
    while (into.valueStart >= (this.#contentEnds[group] as number)) group++;
    const groupStart = this.#contentStart(group);
    const groupEnd = this.#contentEnds[group] as number;
    if (group === 0 || into.valueEnd > groupEnd) return MALFORMED;
    if (this.#isStoredAsIs(group)) {
      const shift = this.#storedStart(group) - groupStart;
      into.value = this.#stored;
      into.valueStart += shift;
      into.valueEnd += shift;
      return FOUND;
    }
    const length = groupEnd - groupStart;
    into.value = length <= SCRATCH_BYTES ? this.#values : new Uint8Array(length);
    into.valueStart -= groupStart;
    into.valueEnd -= groupStart;
    this.#open(group, into.value, 0, length, into.valueEnd);
    return FOUND;
  }

  /** Writes a group's content to `target[start, end)`, as far as `needed` at least. */
  #open(group: number, target: Uint8Array, start: number, end: number, needed = end): void {
    const from = this.#storedStart(group);
    const to = this.#storedEnds[group] as number;
    if (this.#isStoredAsIs(group)) target.set(this.#stored.subarray(from, to), start);
    else if (!lz4Decompress(this.#stored, from, to, target, start, end, needed)) throw this.#malformed();
  }

  #checkKeys(content: Uint8Array): void {
    if (!hasRestarts(content, this.#contentEnds[0] as number)) throw this.#malformed();
  }

  #isStoredAsIs(group: number): boolean {
    const storedBytes = (this.#storedEnds[group] as number) - this.#storedStart(group);
    return storedBytes === (this.#contentEnds[group] as number) - this.#contentStart(group);
  }

  #contentStart(group: number): number {
    return group === 0 ? 0 : (this.#contentEnds[group - 1] as number);
  }

  #storedStart(group: number): number {
    return group === 0 ? this.#start : (this.#storedEnds[group - 1] as number);
  }

  #grow(): void {
    const contentEnds = new Uint32Array(this.#count * 2);
    const storedEnds = new Uint32Array(this.#count * 2);
    contentEnds.set(this.#contentEnds);
    storedEnds.set(this.#storedEnds);
    this.#contentEnds = contentEnds;
    this.#storedEnds = storedEnds;
  }

  #malformed(): Error {
    return malformedBlock(this.#path, this.#block);
  }
}

const groups = new StoredGroups();

/**
 * Checks the block `stored[start, end)` and returns its content in memory that nobody writes to again. `keeps` says that `stored` is such memory,
 * so that a view of it will do.
 */
export function openBlock(
  path: string,
  block: number,
  stored: Uint8Array,
  start: number,
  end: number,
  checksum: number,
  keeps: boolean,
): Uint8Array {
  checkBlock(path, block, start === 0 && end === stored.length ? stored : stored.subarray(start, end), checksum);
  groups.read(path, block, stored, start, end);
  return groups.content(keeps);
}

/** {@link searchBlock} in a block that is not kept: `stored` is all of it. What is found is good until the next call, and as long as `stored` stays as it is. */
export function searchStored(
  path: string,
  block: number,
  stored: Uint8Array,
  checksum: number,
  key: Uint8Array,
  maxSeq: number,
  into: FoundEntry,
): number {
  checkBlock(path, block, stored, checksum);
  groups.read(path, block, stored, 0, stored.length);
  return groups.search(key, maxSeq, into);
}
