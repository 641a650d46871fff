import { compareBytes } from '../bytes.ts';

/**
 * Where the blocks of a segment are, their checksums, and a separator for each: last key of block i ≤ separator i < first key of block i + 1 (equal to
 * both where a key goes on). Flat arrays, as a segment may have a hundred thousand blocks.
 */
export class SegmentIndex {
  readonly blockCount: number;
  /** Offset of the end of each block. */
  readonly #ends: Uint32Array;
  readonly #checksums: Uint32Array;
  /** End of the first key of the segment, then of each separator, in `#keys`. */
  readonly #keyEnds: Uint32Array;
  readonly #keys: Uint8Array;
  /** Bytes that all the keys begin with: compared once a search. */
  readonly #commonBytes: number;
  /** The four bytes of each separator behind those: most of a search stays in these few lines of memory. */
  readonly #words: Uint32Array;

  private constructor(ends: Uint32Array, checksums: Uint32Array, keyEnds: Uint32Array, keys: Uint8Array) {
    this.blockCount = ends.length;
    this.#ends = ends;
    this.#checksums = checksums;
    this.#keyEnds = keyEnds;
    this.#keys = keys;
    this.#commonBytes = commonPrefix(keys, keyEnds);
    this.#words = new Uint32Array(ends.length);
    for (let block = 0; block < ends.length; block++) {
      const start = keyEnds[block] as number;
      this.#words[block] = wordAt(keys, start + this.#commonBytes, keyEnds[block + 1] as number);
    }
  }

  /** `bytes` have the right checksum. `undefined` when they make no sense nonetheless. */
  static decode(bytes: Uint8Array, blocksBytes: number): SegmentIndex | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 8) return undefined;
    const count = view.getUint32(0, true);
    const keysAt = 8 + 12 * count;
    if (keysAt > bytes.length) return undefined;
    const ends = new Uint32Array(count);
    const checksums = new Uint32Array(count);
    const keyEnds = new Uint32Array(count + 1);
    let blockEnd = 0;
    for (let block = 0; block < count; block++) {
      const end = view.getUint32(4 + 4 * block, true);
      if (end <= blockEnd) return undefined;
      blockEnd = end;
      ends[block] = end;
      checksums[block] = view.getUint32(4 + 4 * (count + block), true);
    }
    let keyEnd = 0;
    for (let key = 0; key <= count; key++) {
      const end = view.getUint32(4 + 4 * (2 * count + key), true);
      if (end < keyEnd) return undefined;
      keyEnd = end;
      keyEnds[key] = end;
    }
    if (blockEnd !== blocksBytes || keyEnd !== bytes.length - keysAt) return undefined;
    return new SegmentIndex(ends, checksums, keyEnds, bytes.subarray(keysAt));
  }

  /** Offset of the block in the file. */
  start(block: number): number {
    return block === 0 ? 0 : (this.#ends[block - 1] as number);
  }

  end(block: number): number {
    return this.#ends[block] as number;
  }

  checksum(block: number): number {
    return this.#checksums[block] as number;
  }

  /** The first key of the segment; empty when it has no entries. */
  get firstKey(): Uint8Array {
    return this.#keys.subarray(0, this.#keyEnds[0]);
  }

  separator(block: number): Uint8Array {
    return this.#keys.subarray(this.#keyEnds[block], this.#keyEnds[block + 1]);
  }

  /** Whether the separator of the block is exactly this key: only then may the key go on in the next block. */
  isSeparator(block: number, key: Uint8Array): boolean {
    const start = this.#keyEnds[block] as number;
    return compareBytes(this.#keys, start, this.#keyEnds[block + 1] as number, key, 0, key.length) === 0;
  }

  /** The first block that may have an entry with this key or a greater one; `blockCount` when there is none. */
  find(key: Uint8Array): number {
    const keys = this.#keys;
    const keyEnds = this.#keyEnds;
    const common = this.#commonBytes;
    const keyLength = key.length;
    for (let at = 0; at < common; at++) {
      const difference = at < keyLength ? (keys[at] as number) - (key[at] as number) : 1;
      if (difference !== 0) return difference > 0 ? 0 : this.blockCount;
    }
    const words = this.#words;
    const word = wordAt(key, common, keyLength);
    let low = firstNotBelow(words, word);
    let high = low < words.length && words[low] === word ? firstNotBelow(words, word + 1) : low;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = keyEnds[middle] as number;
      const length = (keyEnds[middle + 1] as number) - start;
      const shorter = length < keyLength ? length : keyLength;
      let difference = length - keyLength;
      for (let at = common; at < shorter; at++) {
        const byteDifference = (keys[start + at] as number) - (key[at] as number);
        if (byteDifference !== 0) {
          difference = byteDifference;
          break;
        }
      }
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Collects the index while the blocks are written. */
export class SegmentIndexBuilder {
  readonly #ends: number[] = [];
  readonly #checksums: number[] = [];
  readonly #keyEnds: number[] = [0];
  #keys = new Uint8Array(1024);
  #keyBytes = 0;

  setFirstKey(key: Uint8Array): void {
    this.#addKey(key, key.length);
    this.#keyEnds[0] = key.length;
  }

  /** A block that ends at `end` in the file, and its separator `key[0, keyLength)`. */
  add(end: number, checksum: number, key: Uint8Array, keyLength: number): void {
    this.#ends.push(end);
    this.#checksums.push(checksum);
    this.#addKey(key, keyLength);
    this.#keyEnds.push(this.#keyBytes);
  }

  get sizeBytes(): number {
    return 8 + 12 * this.#ends.length + this.#keyBytes;
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(this.sizeBytes);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#ends.length, true);
    let at = 4;
    for (const numbers of [this.#ends, this.#checksums, this.#keyEnds]) {
      for (const number of numbers) {
        view.setUint32(at, number, true);
        at += 4;
      }
    }
    bytes.set(this.#keys.subarray(0, this.#keyBytes), at);
    return bytes;
  }

  #addKey(key: Uint8Array, keyLength: number): void {
    const needed = this.#keyBytes + keyLength;
    if (needed > this.#keys.length) {
      const larger = new Uint8Array(Math.max(needed, this.#keys.length * 2));
      larger.set(this.#keys.subarray(0, this.#keyBytes));
      this.#keys = larger;
    }
    this.#keys.set(key.subarray(0, keyLength), this.#keyBytes);
    this.#keyBytes = needed;
  }
}

/** Four bytes as a number that orders like them; zeros stand for what is behind the end. */
function wordAt(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let place = at; place < at + 4; place++) word = (word << 8) | (place < end ? (bytes[place] as number) : 0);
  return word >>> 0;
}

function firstNotBelow(words: Uint32Array, word: number): number {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((words[middle] as number) < word) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many bytes the first and the last key share: all between them do too. */
function commonPrefix(keys: Uint8Array, keyEnds: Uint32Array): number {
  const count = keyEnds.length;
  const firstEnd = keyEnds[0] as number;
  const start = count < 2 ? 0 : (keyEnds[count - 2] as number);
  const limit = Math.min(firstEnd, (keyEnds[count - 1] as number) - start);
  let common = 0;
  while (common < limit && keys[common] === keys[start + common]) common++;
  return common;
}
