import type { EntryCursor, RangeDelete } from '../entry.ts';
import type { KvSegmentState } from '../segment-state.ts';

/** Writes one segment. A segment's writer, as far as jobs use it. */
export interface EntryWriter {
  add(entry: EntryCursor): void;
  addRangeDelete(range: RangeDelete): void;
  /** Of the segment so far, buffered bytes included. */
  readonly sizeBytes: number;
  /** Writes what is buffered once that is worth a write, and returns how many bytes were written. */
  drain(): Promise<number>;
  finish(): Promise<Omit<KvSegmentState, 'fileId' | 'level'>>;
  abort(): Promise<void>;
}

/** The segments that a job writes, one after the other. */
export class SegmentOutputs {
  readonly #open: (fileId: number) => Promise<EntryWriter>;
  readonly #remove: (fileId: number) => Promise<void>;
  readonly #level: number;
  readonly #targetBytes: number;
  #nextFileId: number;
  readonly #endFileId: number;
  #writer: EntryWriter | undefined;
  #drainedBytes = 0;
  readonly #finished: KvSegmentState[] = [];
  #bytesWritten = 0;

  constructor(settings: {
    open: (fileId: number) => Promise<EntryWriter>;
    remove: (fileId: number) => Promise<void>;
    level: number;
    targetBytes: number;
    firstFileId: number;
    fileIdCount: number;
  }) {
    this.#open = settings.open;
    this.#remove = settings.remove;
    this.#level = settings.level;
    this.#targetBytes = settings.targetBytes;
    this.#nextFileId = settings.firstFileId;
    this.#endFileId = settings.firstFileId + settings.fileIdCount;
  }

  get finished(): readonly KvSegmentState[] {
    return this.#finished;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** The segment being written, if one has been begun. */
  get writer(): EntryWriter | undefined {
    return this.#writer;
  }

  /** Whether it is time for the next segment. When the file ids run out, the last segment takes the rest. */
  get isFull(): boolean {
    return (
      this.#targetBytes > 0 &&
      this.#writer !== undefined &&
      this.#writer.sizeBytes >= this.#targetBytes &&
      this.#nextFileId < this.#endFileId
    );
  }

  async begin(): Promise<EntryWriter> {
    const writer = await this.#open(this.#nextFileId);
    this.#nextFileId++;
    this.#writer = writer;
    this.#drainedBytes = 0;
    return writer;
  }

  /** Bytes written by it. */
  async drain(): Promise<number> {
    const bytes = (await this.#writer?.drain()) ?? 0;
    this.#drainedBytes += bytes;
    this.#bytesWritten += bytes;
    return bytes;
  }

  /** Finishes the current segment, and returns the bytes that this took. */
  async end(): Promise<number> {
    const writer = this.#writer;
    if (writer === undefined) return 0;
    const state = await writer.finish();
    this.#writer = undefined;
    this.#finished.push({ ...state, fileId: this.#nextFileId - 1, level: this.#level });
    const bytes = state.sizeBytes - this.#drainedBytes;
    this.#bytesWritten += bytes;
    return bytes;
  }

  /** Removes everything that was written. Errors of it are returned, not thrown: what led here is what matters to the caller. */
  async abort(): Promise<unknown[]> {
    const writer = this.#writer;
    this.#writer = undefined;
    const removals = this.#finished.splice(0).map(({ fileId }) => this.#remove(fileId));
    if (writer !== undefined) removals.push(writer.abort());
    const results = await Promise.allSettled(removals);
    return results.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown);
  }
}
