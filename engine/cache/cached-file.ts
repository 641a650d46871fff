import { crc32 } from 'node:zlib';
import { AlopexError, SqlState } from '../errors.ts';
import type { FileSystem, SparseFile } from '../ports/file-system.ts';
import { ByteRanges, type ByteRange } from './byte-ranges.ts';
import type { StoredRange } from './cache-journal.ts';
import type { CacheEntry } from './eviction-queues.ts';

/** An immutable object of a store, and where the kernel reads what is here of it. */
export interface RemoteFile {
  readonly path: string;
  /** Full address, for messages. */
  readonly address: string;
  readonly sizeBytes: number;
  /** To guess the length of the footer. */
  readonly rowCount: number;
  readonly leaves: number;
  /** Of the whole object, where it is known. */
  readonly crc32: number | undefined;
  /** Bytes `[offset, offset + length)` of the object. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** What a range takes on disk beyond its bytes, at most: it begins and ends in the middle of a block. */
const BLOCK_WASTE_BYTES = 8192;

export function heldBytesOf({ start, end }: ByteRange): number {
  return end - start + BLOCK_WASTE_BYTES;
}

/** A sparse local file: of full length, with the bytes that were fetched so far in their places. What is not there is a hole. */
export class CachedFile implements CacheEntry {
  readonly path: string;
  readonly sizeBytes: number;
  heldBytes: number;
  /** Running statements that have asked for it. */
  users = 0;
  /** When one asked for it last that is not known. */
  lastUse = -1;
  /** Its checksum was found to be right. */
  isVerified = false;
  readonly #fileSystem: FileSystem;
  /** Bytes that this process has written or checked. */
  readonly #present = new ByteRanges();
  /** What an earlier process has left, not checked yet. */
  #stored: readonly StoredRange[];
  readonly #pending = new Set<{ readonly range: ByteRange; readonly arrival: Promise<void> }>();

  constructor(
    fileSystem: FileSystem,
    { path, sizeBytes }: { readonly path: string; readonly sizeBytes: number },
    stored: readonly StoredRange[] = [],
  ) {
    this.#fileSystem = fileSystem;
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.#stored = stored;
    this.heldBytes = stored.reduce((sum, range) => sum + heldBytesOf(range), 0);
  }

  get isFetching(): boolean {
    return this.#pending.size > 0;
  }

  /** Checks what an earlier process has left of some ranges: what is damaged counts as not there. */
  async checkStored(ranges: readonly ByteRange[]): Promise<void> {
    const missing = ranges.flatMap((range) => this.#present.missing(range));
    const toCheck = this.#stored.filter((stored) => missing.some((range) => overlap(stored, range)));
    if (toCheck.length === 0) return;
    this.#stored = this.#stored.filter((stored) => !toCheck.includes(stored));
    const file = await this.#fileSystem.openSparse(this.path, this.sizeBytes);
    try {
      for (const range of toCheck) {
        const bytes = await file.read(range.start, range.end - range.start);
        if (bytes.length === range.end - range.start && crc32(bytes) === range.crc32) this.#present.add(range);
      }
    } finally {
      await file.close();
    }
  }

  /** What is neither there nor on its way; and the arrivals to wait for. */
  lacking(ranges: readonly ByteRange[]): {
    readonly missing: readonly ByteRange[];
    readonly arrivals: Promise<void>[];
  } {
    const onTheWay = new ByteRanges();
    for (const { range } of this.#pending) onTheWay.add(range);
    const missing = ranges.flatMap((range) => this.#present.missing(range));
    return {
      missing: missing.flatMap((range) => onTheWay.missing(range)),
      arrivals: [...this.#pending]
        .filter((pending) => missing.some((range) => overlap(pending.range, range)))
        .map(({ arrival }) => arrival),
    };
  }

  /** Brings ranges, each by one request; `fetch` gets the bytes of one. Returns their checksums. They count as on their way from the call on. */
  async fill(ranges: readonly ByteRange[], fetch: (range: ByteRange) => Promise<Uint8Array>): Promise<StoredRange[]> {
    const opening = this.#fileSystem.openSparse(this.path, this.sizeBytes);
    const arrivals = ranges.map((range) => this.#bring(range, opening, fetch));
    const results = await Promise.allSettled(arrivals);
    await (await opening.catch(() => undefined))?.close();
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  #bring(
    range: ByteRange,
    opening: Promise<SparseFile>,
    fetch: (range: ByteRange) => Promise<Uint8Array>,
  ): Promise<StoredRange> {
    const bring = async (): Promise<StoredRange> => {
      const file = await opening;
      const bytes = await fetch(range);
      if (bytes.length !== range.end - range.start) throw cutShort(this.path, range, bytes.length);
      await file.write(range.start, bytes);
      this.#present.add(range);
      this.heldBytes += heldBytesOf(range);
      return { ...range, crc32: crc32(bytes) };
    };
    const stored = bring();
    const arrival = stored.then(() => undefined);
    // Whoever asked for the range is told; others may be waiting, or not.
    arrival.catch(() => undefined);
    const pending = { range, arrival };
    this.#pending.add(pending);
    const forget = (): void => void this.#pending.delete(pending);
    stored.then(forget, forget);
    return stored;
  }

  async read({ start, end }: ByteRange): Promise<Uint8Array> {
    const file = await this.#fileSystem.openSparse(this.path, this.sizeBytes);
    try {
      return await file.read(start, end - start);
    } finally {
      await file.close();
    }
  }
}

function overlap(a: ByteRange, b: ByteRange): boolean {
  return a.start < b.end && b.start < a.end;
}

function cutShort(path: string, { start, end }: ByteRange, found: number): AlopexError {
  return new AlopexError(
    SqlState.dataCorrupted,
    `the store gave ${found} of the ${end - start} bytes from ${start} on of ${path}`,
    { hint: 'The object is shorter than its table says, or an answer was cut off: try again.' },
  );
}
