import { AlopexError, SqlState } from '../../errors.ts';
import type { FileSystem } from '../../ports/file-system.ts';
import { BlockCache } from '../segment/block-cache.ts';
import { SegmentReader } from '../segment/segment-reader.ts';
import { RowCache } from './row-cache.ts';
import { kvSegmentName, type KvSegmentState } from '../segment-state.ts';

/** A segment of the tree. One object for each, so that views can be compared and references counted. */
export class Segment {
  readonly state: KvSegmentState;
  readonly path: string;
  /** Views that name it. */
  references = 0;
  reader: SegmentReader | undefined;
  /** Cursors that read it. */
  cursors = 0;

  constructor(state: KvSegmentState, path: string) {
    this.state = state;
    this.path = path;
  }
}

/** The files of segments: opened when first read, so many at a time, and removed when no view names them any more. */
export class SegmentFiles {
  readonly cache: BlockCache;
  /** Half of the memory for what was read: a row takes a thirtieth of the room of its block, but neighbours come in blocks. */
  readonly rows: RowCache;
  readonly #fileSystem: FileSystem;
  readonly #dataDir: string;
  readonly #maxOpen: number;
  readonly #onError: (error: unknown) => void;
  /** Those with a reader, the least recently opened first. */
  readonly #open = new Set<Segment>();
  readonly #removing = new Set<Promise<void>>();
  #closed = false;

  /** `onError` hears of files that could not be removed; the next open removes them. */
  constructor(
    fileSystem: FileSystem,
    dataDir: string,
    limits: { readonly openFiles: number; readonly blockCacheBytes: number },
    onError: (error: unknown) => void,
  ) {
    this.#fileSystem = fileSystem;
    this.#dataDir = dataDir;
    this.#maxOpen = limits.openFiles;
    this.#onError = onError;
    this.rows = new RowCache(limits.blockCacheBytes / 2);
    this.cache = new BlockCache(limits.blockCacheBytes / 2);
  }

  get openCount(): number {
    return this.#open.size;
  }

  segment(state: KvSegmentState): Segment {
    return new Segment(state, `${this.#dataDir}/${kvSegmentName(state.fileId)}`);
  }

  reader(segment: Segment): SegmentReader {
    return segment.reader ?? this.#openReader(segment);
  }

  #openReader(segment: Segment): SegmentReader {
    if (this.#open.size >= this.#maxOpen) this.#closeOldest();
    try {
      segment.reader = SegmentReader.open(this.#fileSystem, segment.path, segment.state, this.cache);
    } catch (error) {
      if (error instanceof AlopexError) throw error;
      throw new AlopexError(SqlState.dataCorrupted, `key-value segment ${segment.path} cannot be read`, {
        hint: 'Restore the file from a backup.',
        cause: error,
      });
    }
    this.#open.add(segment);
    return segment.reader;
  }

  /** Those that cursors are reading stay open, even beyond the limit. */
  #closeOldest(): void {
    for (const segment of this.#open) {
      if (segment.cursors > 0) continue;
      this.#close(segment);
      return;
    }
  }

  #close(segment: Segment): void {
    segment.reader?.close();
    segment.reader = undefined;
    this.#open.delete(segment);
  }

  /** For segments that the last view has let go of: the manifest does not name them any more. */
  remove(segment: Segment): void {
    // A reader that outlives the database must not reach into a folder that may be another's by then; the next open removes the file.
    if (this.#closed) return;
    this.#close(segment);
    this.cache.dropFile(segment.state.fileId);
    const removed = this.#fileSystem
      .remove(segment.path)
      .catch(this.#onError)
      .finally(() => this.#removing.delete(removed));
    this.#removing.add(removed);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const segment of this.#open) this.#close(segment);
    await Promise.all(this.#removing);
  }
}
