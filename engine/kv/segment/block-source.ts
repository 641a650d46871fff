import { AlopexError, SqlState } from '../../errors.ts';
import type { ReadFile } from '../../ports/file-system.ts';
import type { FoundEntry } from '../entry.ts';
import type { BlockCache, CachedFile } from './block-cache.ts';
import { searchBlock } from './block-search.ts';
import { segmentDamage, unreadable } from './damage.ts';
import type { SegmentIndex } from './segment-index.ts';
import { openBlock, searchStored } from './stored-groups.ts';

/** The blocks of one segment, checked and decompressed. */
export interface BlockSource {
  readonly path: string;
  readonly index: SegmentIndex;
  block(block: number): Uint8Array;
}

/** Everything here is synchronous, so one piece of memory for stored blocks does for all segments. */
const scratch = new Uint8Array(32 * 1024);

/** For look-ups and short scans: one block a read, kept in the cache. */
export class CachedBlocks implements BlockSource {
  readonly path: string;
  readonly index: SegmentIndex;
  readonly #file: ReadFile;
  readonly #cache: BlockCache;
  readonly #cached: CachedFile;

  constructor(path: string, file: ReadFile, index: SegmentIndex, fileId: number, cache: BlockCache) {
    this.path = path;
    this.index = index;
    this.#file = file;
    this.#cache = cache;
    this.#cached = cache.file(fileId, index.blockCount);
  }

  block(block: number): Uint8Array {
    return this.#cache.get(this.#cached, block) ?? this.#open(block, this.#cache.admits(this.#cached, block));
  }

  /**
   * {@link searchBlock} in a block. One that the cache does not admit is opened no further than needed, in memory that is used again: what is found is good until the next
   * call.
   */
  search(block: number, key: Uint8Array, maxSeq: number, into: FoundEntry): number {
    const known = this.#cache.get(this.#cached, block);
    if (known === undefined && !this.#cache.admits(this.#cached, block)) {
      return searchStored(this.path, block, this.#read(block), this.index.checksum(block), key, maxSeq, into);
    }
    const content = known ?? this.#open(block, true);
    return searchBlock(content, content.length, key, maxSeq, into);
  }

  #open(block: number, admitted: boolean): Uint8Array {
    const stored = this.#read(block);
    const keeps = stored.buffer !== scratch.buffer;
    const content = openBlock(this.path, block, stored, 0, stored.length, this.index.checksum(block), keeps);
    if (admitted) this.#cache.put(this.#cached, block, content);
    return content;
  }

  /** The block as it is stored, in memory that is used again when it fits there. */
  #read(block: number): Uint8Array {
    const start = this.index.start(block);
    const length = this.index.end(block) - start;
    return readExactly(this.path, this.#file, start, length, length <= scratch.length ? scratch : undefined);
  }
}

/** How much is read at once in long scans: a call's cost is then small beside that of the bytes. */
const AHEAD_BYTES = 256 * 1024;

/** For long scans: reads ahead in the direction of the scan, and leaves the cache alone. */
export class SequentialBlocks implements BlockSource {
  readonly path: string;
  readonly index: SegmentIndex;
  readonly #file: ReadFile;
  /** Blocks `[#first, #end)` are in `#chunk`. */
  #chunk: Uint8Array = new Uint8Array(0);
  #first = 0;
  #end = 0;

  constructor(path: string, file: ReadFile, index: SegmentIndex) {
    this.path = path;
    this.index = index;
    this.#file = file;
  }

  block(block: number): Uint8Array {
    if (block < this.#first || block >= this.#end) this.#fill(block);
    const { index } = this;
    const base = index.start(this.#first);
    return openBlock(
      this.path,
      block,
      this.#chunk,
      index.start(block) - base,
      index.end(block) - base,
      index.checksum(block),
      true,
    );
  }

  #fill(block: number): void {
    const { index } = this;
    let first = block;
    let end = block + 1;
    if (block === this.#first - 1) {
      while (first > 0 && index.end(block) - index.start(first - 1) <= AHEAD_BYTES) first--;
    } else {
      while (end < index.blockCount && index.end(end) - index.start(block) <= AHEAD_BYTES) end++;
    }
    const start = index.start(first);
    this.#chunk = readExactly(this.path, this.#file, start, index.end(end - 1) - start);
    this.#first = first;
    this.#end = end;
  }
}

/** Refuses reads after closing: the descriptor's number may be another file's by then. */
export class ClosableFile implements ReadFile {
  readonly #path: string;
  #file: ReadFile | undefined;

  constructor(path: string, file: ReadFile) {
    this.#path = path;
    this.#file = file;
  }

  read(offset: number, length: number, into?: Uint8Array): Uint8Array {
    if (this.#file === undefined) {
      throw new AlopexError(SqlState.internalError, `${this.#path} was read after it was closed`);
    }
    try {
      return this.#file.read(offset, length, into);
    } catch (error) {
      throw unreadable(this.#path, error);
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

export function readExactly(
  path: string,
  file: ReadFile,
  offset: number,
  length: number,
  into?: Uint8Array,
): Uint8Array {
  const bytes = file.read(offset, length, into);
  if (bytes.length !== length) throw segmentDamage(path, `it ends at byte ${offset + bytes.length}`);
  return bytes;
}
