import type { AppendFile, FileSystem } from '../ports/file-system.ts';

/** So much is written within a call when it need not be durable: beyond, other work should go on meanwhile. */
const AT_ONCE_BYTES = 256 * 1024;

/** A longer write gains less by space that is there already than it costs to have that filled with zeros. */
const SMALL_WRITE_BYTES = 16 * 1024;
/** A file with fewer small writes is not worth it, such as that of a database which is opened for a moment. */
const MIN_SMALL_WRITES = 4;
const FIRST_PIECE_BYTES = 64 * 1024;
const MAX_PIECE_BYTES = 1024 * 1024;
const PIECE_GROWTH = 4;

/**
 * The file that the log grows in. Small durable writes find space ahead of them, zeros that are on the disk already: each of them would make the file longer
 * otherwise, which is another thing for the disk to write. The next piece is made in the background, so that no commit waits for it.
 */
export class LogFile {
  readonly path: string;
  readonly #file: AppendFile;
  /** Whether anything was not fsynced. */
  #isDirty = false;
  #smallWrites = 0;
  #reservedTo = 0;
  #nextPieceBytes = FIRST_PIECE_BYTES;
  #reserving: Promise<void> | undefined;
  #failure: { readonly cause: unknown } | undefined;

  private constructor(path: string, file: AppendFile) {
    this.path = path;
    this.#file = file;
  }

  static async open(fileSystem: FileSystem, path: string): Promise<LogFile> {
    return new LogFile(path, await fileSystem.openAppend(path));
  }

  /** Bytes of frames. */
  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Whether `appendDurablyNow` can be called. */
  get isForNow(): boolean {
    return this.#file.appendDurablyNow !== undefined && !this.#isDirty && this.#reserving === undefined;
  }

  /** Leaves making it durable for later. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#check();
    this.#isDirty = true;
    const isForNow = bytes.length <= AT_ONCE_BYTES && this.#reserving === undefined;
    if (isForNow && this.#file.appendNow !== undefined) this.#file.appendNow(bytes);
    else await this.#file.append(bytes);
  }

  /** Makes everything durable, and `bytes` with it. */
  async appendDurably(bytes: Uint8Array): Promise<void> {
    this.#check();
    if (this.#isDirty) {
      if (bytes.length > 0) await this.#file.append(bytes);
      await this.#file.sync();
      this.#isDirty = false;
    } else if (bytes.length > 0) {
      await this.#file.appendDurably(bytes);
      this.#plan(bytes);
    }
  }

  /** The same within the call; only while `isForNow`. */
  appendDurablyNow(bytes: Uint8Array): void {
    this.#check();
    this.#file.appendDurablyNow?.(bytes);
    this.#plan(bytes);
  }

  /** The end of the appends: nothing comes behind the frames any more, durably. */
  async finish(): Promise<void> {
    await this.#reserving;
    this.#check();
    await this.#file.release?.();
  }

  async close(): Promise<void> {
    await this.#reserving;
    await this.#file.close();
  }

  /** Makes more space when less than half of a piece is left. */
  #plan(bytes: Uint8Array): void {
    if (bytes.length > SMALL_WRITE_BYTES) return;
    this.#smallWrites++;
    const isDue = this.#reservedTo - this.sizeBytes < this.#nextPieceBytes / 2;
    if (!isDue || this.#reserving !== undefined || this.#smallWrites < MIN_SMALL_WRITES) return;
    this.#reserving = this.#reserve(this.#nextPieceBytes);
  }

  async #reserve(sizeBytes: number): Promise<void> {
    try {
      const from = Math.max(this.#reservedTo, this.sizeBytes);
      const isThere = await this.#file.reserve?.(sizeBytes);
      // Where there is no room, it is not asked for again: the space is for those who need it.
      this.#reservedTo = isThere === true ? from + sizeBytes : Number.POSITIVE_INFINITY;
      this.#nextPieceBytes = Math.min(this.#nextPieceBytes * PIECE_GROWTH, MAX_PIECE_BYTES);
    } catch (cause) {
      // Whoever commits next is told.
      this.#failure = { cause };
    } finally {
      this.#reserving = undefined;
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw new Error(`${this.path} could not be extended`, this.#failure);
  }
}
