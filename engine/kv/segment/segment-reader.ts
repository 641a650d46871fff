import { crc32 } from 'node:zlib';
import type { FileSystem, ReadFile } from '../../ports/file-system.ts';
import type { EntryCursor, EntrySource, FoundEntry, RangeDelete } from '../entry.ts';
import type { KvSegmentState } from '../segment-state.ts';
import type { BlockCache } from './block-cache.ts';
import { AT_END, FOUND, MALFORMED } from './block-search.ts';
import { CachedBlocks, ClosableFile, readExactly, SequentialBlocks } from './block-source.ts';
import { filterMayContain, LINE_BYTES } from './bloom-filter.ts';
import { segmentDamage, unreadable } from './damage.ts';
import { readFooter, type SegmentFooter } from './footer.ts';
import { decodeRangeDeletes } from './range-deletes.ts';
import { checkSegment } from './segment-check.ts';
import { SegmentCursor } from './segment-cursor.ts';
import { SegmentIndex } from './segment-index.ts';
import { malformedBlock } from './stored-block.ts';

/**
 * Reads one segment. Opening reads the footer and the range deletes; filter and index are read and checked at the first look-up or cursor, so that a
 * database of a thousand segments opens at once. Everything throws `XX001`, naming the file, for damage.
 */
export class SegmentReader implements EntrySource {
  readonly rangeDeletes: readonly RangeDelete[];
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  readonly #file: ReadFile;
  readonly #state: KvSegmentState;
  readonly #cache: BlockCache;
  readonly #footer: SegmentFooter;
  #filter: Uint8Array | undefined;
  #blocks: CachedBlocks | undefined;

  private constructor(fileSystem: FileSystem, path: string, file: ReadFile, state: KvSegmentState, cache: BlockCache) {
    this.#fileSystem = fileSystem;
    this.#path = path;
    this.#file = file;
    this.#state = state;
    this.#cache = cache;
    this.#footer = openFooter(path, file, state);
    this.rangeDeletes = this.#readRangeDeletes();
  }

  /** `state` is what the manifest says: size and footer checksum are compared. Throws `XX001`, or `0A000` for a file of a later format. */
  static open(fileSystem: FileSystem, path: string, state: KvSegmentState, cache: BlockCache): SegmentReader {
    const file = openFile(fileSystem, path);
    try {
      return new SegmentReader(fileSystem, path, file, state, cache);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  get(key: Uint8Array, hash: number, maxSeq: number, into: FoundEntry): boolean {
    const filter = this.#filter ?? this.#loadFilter();
    if (!filterMayContain(filter, this.#footer.filterProbes, hash)) return false;
    const blocks = this.#blocks ?? this.#loadBlocks();
    const { index } = blocks;
    for (let block = index.find(key); block < index.blockCount; block++) {
      const result = blocks.search(block, key, maxSeq, into);
      if (result === FOUND) return true;
      if (result === MALFORMED) throw malformedBlock(this.#path, block);
      if (result !== AT_END || !index.isSeparator(block, key)) return false;
    }
    return false;
  }

  cursor(): EntryCursor {
    return new SegmentCursor(this.#blocks ?? this.#loadBlocks());
  }

  /** Cursor for a long sequential read (compaction, full scan): reads ahead in larger pieces and does not fill the block cache. */
  sequentialCursor(): EntryCursor {
    const { index } = this.#blocks ?? this.#loadBlocks();
    return new SegmentCursor(new SequentialBlocks(this.#path, this.#file, index));
  }

  /**
   * Reads and checks every byte: all checksums, the order of keys, counts, that separators and filter cover every key, and what the manifest says.
   * Other work goes on between pieces of 1 MiB.
   */
  async verify(): Promise<void> {
    openFooter(this.#path, this.#file, this.#state);
    await checkSegment({
      path: this.#path,
      state: this.#state,
      footer: this.#footer,
      filter: this.#readFilter(),
      index: this.#readIndex(),
      rangeDeletes: this.#readRangeDeletes(),
      chunks: this.#fileSystem.readChunks(this.#path),
    });
  }

  /** Cursors of this reader must not be used any more. */
  close(): void {
    this.#file.close();
  }

  #loadFilter(): Uint8Array {
    this.#filter = this.#readFilter();
    return this.#filter;
  }

  #loadBlocks(): CachedBlocks {
    this.#blocks = new CachedBlocks(this.#path, this.#file, this.#readIndex(), this.#state.fileId, this.#cache);
    return this.#blocks;
  }

  #readFilter(): Uint8Array {
    const { blocksBytes, filterBytes, filterCrc32 } = this.#footer;
    const filter = this.#readPart('filter', blocksBytes, filterBytes, filterCrc32);
    if (filter.length % LINE_BYTES !== 0) throw segmentDamage(this.#path, 'the filter makes no sense');
    return filter;
  }

  #readIndex(): SegmentIndex {
    const { blocksBytes, filterBytes, indexBytes, indexCrc32 } = this.#footer;
    const bytes = this.#readPart('index', blocksBytes + filterBytes, indexBytes, indexCrc32);
    const index = SegmentIndex.decode(bytes, blocksBytes);
    if (index === undefined) throw segmentDamage(this.#path, 'the index makes no sense');
    return index;
  }

  #readRangeDeletes(): readonly RangeDelete[] {
    const { blocksBytes, filterBytes, indexBytes, rangeDeletesBytes, rangeDeletesCrc32, rangeDeleteCount } =
      this.#footer;
    if (rangeDeletesBytes === 0 && rangeDeleteCount === 0) return [];
    const start = blocksBytes + filterBytes + indexBytes;
    const bytes = this.#readPart('range deletes', start, rangeDeletesBytes, rangeDeletesCrc32);
    const ranges = decodeRangeDeletes(bytes, rangeDeleteCount);
    if (ranges === undefined) throw segmentDamage(this.#path, 'the range deletes make no sense');
    return ranges;
  }

  #readPart(name: string, offset: number, length: number, checksum: number): Uint8Array {
    const bytes = readExactly(this.#path, this.#file, offset, length);
    if (crc32(bytes) !== checksum) throw segmentDamage(this.#path, `the checksum of the ${name} is wrong`);
    return bytes;
  }
}

function openFile(fileSystem: FileSystem, path: string): ReadFile {
  try {
    return new ClosableFile(path, fileSystem.openRead(path));
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') throw segmentDamage(path, 'the file is missing', error);
    throw unreadable(path, error);
  }
}

function openFooter(path: string, file: ReadFile, { sizeBytes, footerCrc32 }: KvSegmentState): SegmentFooter {
  return readFooter(path, sizeBytes, footerCrc32, (length) => {
    // One byte more than there should be: a file that has grown is not this one either.
    const bytes = file.read(sizeBytes - length, length + 1);
    if (bytes.length !== length) throw segmentDamage(path, `it does not have ${sizeBytes} bytes`);
    return bytes;
  });
}
