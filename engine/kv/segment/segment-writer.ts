import { crc32 } from 'node:zlib';
import { compareBytes, compareKeys } from '../bytes.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { RangeDelete } from '../entry.ts';
import { hashKey } from '../hash.ts';
import type { KvSegmentState } from '../segment-state.ts';
import type { AppendFile, FileSystem } from '../../ports/file-system.ts';
import { BlockBuilder, MAX_ENTRY_HEADER_BYTES, type EntryFields } from './block-builder.ts';
import { buildFilter, filterBytes, filterProbes } from './bloom-filter.ts';
import { encodeFooter, FOOTER_BYTES, MAX_SEGMENT_BYTES } from './footer.ts';
import { encodeRangeDeletes } from './range-deletes.ts';
import { SegmentIndexBuilder } from './segment-index.ts';

export interface SegmentOptions {
  /** Entries of a block before compression; an entry that is larger has a block to itself. */
  readonly blockBytes: number;
  /** 0 for no filter. */
  readonly bloomBitsPerKey: number;
  readonly compression: 'none' | 'lz4';
  /** Entries from one whole key to the next: more are smaller, fewer are found sooner. */
  readonly restartInterval: number;
}

export const DEFAULT_SEGMENT_OPTIONS: SegmentOptions = {
  blockBytes: 4096,
  bloomBitsPerKey: 10,
  compression: 'lz4',
  restartInterval: 16,
};

const DRAIN_BYTES = 1024 * 1024;
/** Lengths share a 31-bit number with two flags. */
const MAX_VALUE_BYTES = 2 ** 29 - 1;

/** Writes one segment; see `docs/format/kv-segment.md`. A failure of any method leaves only {@link abort}. */
export class SegmentWriter {
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  readonly #file: AppendFile;
  readonly #options: SegmentOptions;
  readonly #builder: BlockBuilder;
  readonly #index = new SegmentIndexBuilder();
  /** Finished blocks that are not in the file yet: `#buffer[0, #buffered)`. */
  #buffer = new Uint8Array(DRAIN_BYTES + 64 * 1024);
  #buffered = 0;
  #drained = 0;
  #lastKey = new Uint8Array(64);
  #lastKeyBytes = 0;
  #lastSeq = 0;
  /** Of each key once. */
  #hashes = new Uint32Array(1024);
  #hashCount = 0;
  #entryCount = 0;
  #minSeq = Infinity;
  #maxSeq = 0;
  #firstKey: Uint8Array | undefined;
  readonly #rangeDeletes: RangeDelete[] = [];
  #rangeDeletesBytes = 0;

  private constructor(fileSystem: FileSystem, path: string, file: AppendFile, options: SegmentOptions) {
    this.#fileSystem = fileSystem;
    this.#path = path;
    this.#file = file;
    this.#options = options;
    this.#builder = new BlockBuilder(options.restartInterval);
  }

  /** A file of that name, left by a crash, is replaced. */
  static async create(
    fileSystem: FileSystem,
    path: string,
    options: SegmentOptions = DEFAULT_SEGMENT_OPTIONS,
  ): Promise<SegmentWriter> {
    await fileSystem.remove(path);
    return new SegmentWriter(fileSystem, path, await fileSystem.openAppend(path), options);
  }

  /** Bytes of the file so far, with what is still buffered; compression of the block under way not counted. */
  get sizeBytes(): number {
    const filter = filterBytes(this.#hashCount, this.#options.bloomBitsPerKey);
    const blocks = this.#drained + this.#buffered + this.#builder.sizeBytes;
    return blocks + filter + this.#index.sizeBytes + this.#rangeDeletesBytes + FOOTER_BYTES;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  /** Appends the cursor's current entry; entries come in internal order (key ascending, seq descending). Synchronous, buffers. */
  add(cursor: EntryFields): void {
    const { key, keyStart, keyEnd, seq } = cursor;
    const keyBytes = keyEnd - keyStart;
    const shared = this.#sharedWithLast(key, keyStart, keyEnd);
    const isNewKey = this.#entryCount === 0 || shared < keyBytes || shared < this.#lastKeyBytes;
    if (this.#entryCount > 0) this.#checkOrder(cursor, isNewKey);
    const valueBytes = cursor.valueEnd - cursor.valueStart;
    if (valueBytes > MAX_VALUE_BYTES) throw this.#mistake(`a value of ${valueBytes} bytes`);
    if (this.#entryCount === 0) {
      this.#firstKey = new Uint8Array(key.subarray(keyStart, keyEnd));
      this.#index.setFirstKey(this.#firstKey);
    }
    const filled = this.#builder.sizeBytes;
    if (filled > 0 && filled + keyBytes - shared + valueBytes + 8 > this.#options.blockBytes) {
      this.#endBlock(key, keyStart, keyEnd, shared);
    }
    if (this.sizeBytes + MAX_ENTRY_HEADER_BYTES + 2 * keyBytes + valueBytes > MAX_SEGMENT_BYTES) {
      throw this.#mistake('more than 4 GiB');
    }
    this.#builder.add(cursor, shared);
    if (isNewKey) {
      this.#setLastKey(key, keyStart, keyEnd, this.#entryCount === 0 ? 0 : shared);
      if (this.#options.bloomBitsPerKey > 0) this.#addHash(hashKey(key, keyStart, keyEnd));
    }
    this.#lastSeq = seq;
    this.#entryCount++;
    if (seq < this.#minSeq) this.#minSeq = seq;
    if (seq > this.#maxSeq) this.#maxSeq = seq;
  }

  addRangeDelete(range: RangeDelete): void {
    this.#rangeDeletes.push(range);
    this.#rangeDeletesBytes += range.start.length + range.end.length + 16;
    if (range.seq < this.#minSeq) this.#minSeq = range.seq;
    if (range.seq > this.#maxSeq) this.#maxSeq = range.seq;
  }

  /** Writes what is buffered when it is more than about 1 MiB; returns the bytes written, for rate limits. */
  async drain(): Promise<number> {
    return this.#buffered < DRAIN_BYTES ? 0 : this.#writeBuffer();
  }

  /** Writes the rest, filter, index, range deletes and footer, fsyncs file and folder. */
  async finish(): Promise<Omit<KvSegmentState, 'fileId' | 'level'>> {
    if (this.#entryCount === 0 && this.#rangeDeletes.length === 0) throw this.#mistake('nothing');
    if (this.#entryCount === 0) this.#index.setFirstKey(new Uint8Array(0));
    else this.#storeBlock(this.#lastKey, this.#lastKeyBytes);
    await this.#writeBuffer();
    const blocksBytes = this.#drained;
    const filter = buildFilter(this.#hashes, this.#hashCount, this.#options.bloomBitsPerKey);
    const index = this.#index.encode();
    const ranges = encodeRangeDeletes(this.#rangeDeletes);
    const footer = encodeFooter({
      blocksBytes,
      filterBytes: filter.length,
      filterCrc32: crc32(filter),
      filterProbes: filterProbes(this.#options.bloomBitsPerKey),
      indexBytes: index.length,
      indexCrc32: crc32(index),
      rangeDeletesBytes: ranges.length,
      rangeDeletesCrc32: crc32(ranges),
      rangeDeleteCount: this.#rangeDeletes.length,
      entryCount: this.#entryCount,
      minSeq: this.#minSeq,
      maxSeq: this.#maxSeq,
    });
    const sizeBytes = blocksBytes + filter.length + index.length + ranges.length + FOOTER_BYTES;
    if (sizeBytes > MAX_SEGMENT_BYTES) throw this.#mistake('more than 4 GiB');
    for (const part of [filter, index, ranges, footer.bytes]) if (part.length > 0) await this.#file.append(part);
    await this.#file.sync();
    await this.#file.close();
    await this.#fileSystem.syncFolder(this.#path.slice(0, this.#path.lastIndexOf('/')));
    return {
      sizeBytes,
      entryCount: this.#entryCount,
      ...segmentBounds(this.#firstKey, this.#lastKey.slice(0, this.#lastKeyBytes), this.#rangeDeletes),
      minSeq: this.#minSeq,
      maxSeq: this.#maxSeq,
      rangeDeleteCount: this.#rangeDeletes.length,
      footerCrc32: footer.checksum,
    };
  }

  /** Closes and removes the file. */
  async abort(): Promise<void> {
    try {
      await this.#file.close();
    } finally {
      await this.#fileSystem.remove(this.#path);
    }
  }

  #sharedWithLast(key: Uint8Array, keyStart: number, keyEnd: number): number {
    const last = this.#lastKey;
    const limit = Math.min(keyEnd - keyStart, this.#lastKeyBytes);
    let shared = 0;
    while (shared < limit && last[shared] === key[keyStart + shared]) shared++;
    return shared;
  }

  #checkOrder({ key, keyStart, keyEnd, seq }: EntryFields, isNewKey: boolean): void {
    const inOrder = isNewKey
      ? compareBytes(this.#lastKey, 0, this.#lastKeyBytes, key, keyStart, keyEnd) < 0
      : seq < this.#lastSeq;
    if (!inOrder) throw this.#mistake('entries that are out of order');
  }

  /** Ends the block before a key: its separator is the shortest one, which is the key's beginning up to where it leaves the last key. */
  #endBlock(key: Uint8Array, keyStart: number, keyEnd: number, shared: number): void {
    if (keyEnd - keyStart > shared + 1) {
      this.#storeBlock(key.subarray(keyStart, keyStart + shared + 1), shared + 1);
    } else this.#storeBlock(this.#lastKey, this.#lastKeyBytes);
  }

  #storeBlock(separator: Uint8Array, separatorBytes: number): void {
    const needed = this.#buffered + this.#builder.storedBound;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#buffered));
      this.#buffer = larger;
    }
    const { end, checksum } = this.#builder.store(this.#buffer, this.#buffered, this.#options.compression === 'lz4');
    this.#buffered = end;
    this.#index.add(this.#drained + end, checksum, separator, separatorBytes);
  }

  #setLastKey(key: Uint8Array, keyStart: number, keyEnd: number, shared: number): void {
    const length = keyEnd - keyStart;
    if (length > this.#lastKey.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(this.#lastKey.subarray(0, shared));
      this.#lastKey = larger;
    }
    const last = this.#lastKey;
    for (let at = shared; at < length; at++) last[at] = key[keyStart + at] as number;
    this.#lastKeyBytes = length;
  }

  #addHash(hash: number): void {
    if (this.#hashCount === this.#hashes.length) {
      const larger = new Uint32Array(this.#hashes.length * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#hashCount++] = hash;
  }

  async #writeBuffer(): Promise<number> {
    const count = this.#buffered;
    if (count === 0) return 0;
    const full = this.#buffer;
    // Blocks that are added while this is written go elsewhere.
    this.#buffer = new Uint8Array(DRAIN_BYTES + 64 * 1024);
    this.#buffered = 0;
    this.#drained += count;
    await this.#file.append(full.subarray(0, count));
    return count;
  }

  #mistake(what: string): AlopexError {
    return new AlopexError(SqlState.internalError, `the segment ${this.#path} was given ${what}`);
  }
}

/** `smallest` and `largest` of a segment; `first` is `undefined` when it has no entries. */
export function segmentBounds(
  first: Uint8Array | undefined,
  last: Uint8Array,
  rangeDeletes: readonly RangeDelete[],
): { readonly smallest: Uint8Array; readonly largest: Uint8Array } {
  let smallest = first;
  let largest = first === undefined ? undefined : last;
  for (const { start, end } of rangeDeletes) {
    if (smallest === undefined || compareKeys(start, smallest) < 0) smallest = start;
    if (largest === undefined || compareKeys(end, largest) > 0) largest = end;
  }
  return { smallest: smallest ?? last, largest: largest ?? last };
}
