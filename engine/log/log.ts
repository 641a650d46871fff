import { AlopexError, SqlState } from '../errors.ts';
import type { AppendFile, FileSystem } from '../ports/file-system.ts';
import { encodeFrame } from './frame.ts';
import { readFramedFile } from './framed-file.ts';

/** A log that commits go to before they are acknowledged. A port of its own, so that a replicated log can take its place. */
export interface CommitLog {
  /**
   * Appends one commit; resolves when it is durable. Calls made while an fsync is under way share the next one (group commit), and
   * resolve in the order of the calls. After a failure every call fails: what is durable is then unknown until the log is read again.
   */
  append(seq: number, parts: readonly Uint8Array[]): Promise<void>;
  /** Starts a new file, so that the ones before can be trimmed. */
  seal(): Promise<void>;
  /** Removes sealed files that hold no commit at or above `seq`. */
  trim(seq: number): Promise<void>;
  close(): Promise<void>;
}

interface SealedFile {
  readonly path: string;
  readonly lastSeq: number;
}

interface PendingAppend {
  readonly frame: Uint8Array;
  resolve(): void;
  reject(error: unknown): void;
}

const LOG_NAME = /^(\d{10})\.log$/;

function logPath(folder: string, number: number): string {
  return `${folder}/${String(number).padStart(10, '0')}.log`;
}

/** The log as files in one folder, numbered upwards; only the last one grows. */
export class FileLog implements CommitLog {
  readonly #fileSystem: FileSystem;
  readonly #folder: string;
  readonly #sealed: SealedFile[];
  #number: number;
  #file: AppendFile;
  #lastSeq: number;
  #queue: PendingAppend[] = [];
  #writing: Promise<void> | undefined;
  #failure: unknown;

  private constructor(fileSystem: FileSystem, folder: string, sealed: SealedFile[], number: number, file: AppendFile) {
    this.#fileSystem = fileSystem;
    this.#folder = folder;
    this.#sealed = sealed;
    this.#number = number;
    this.#file = file;
    this.#lastSeq = 0;
  }

  /** Reads every commit in order (`replay` returns its number), then opens the log for more. */
  static async open(fileSystem: FileSystem, folder: string, replay: (payload: Uint8Array) => number): Promise<FileLog> {
    await fileSystem.makeFolder(folder);
    const numbers = (await fileSystem.list(folder)).flatMap((name) => {
      const match = LOG_NAME.exec(name);
      return match === null ? [] : [Number(match[1])];
    });
    const sealed: SealedFile[] = [];
    for (const [index, number] of numbers.entries()) {
      const path = logPath(folder, number);
      const payloads = await readFramedFile(fileSystem, path, index === numbers.length - 1);
      if (payloads.length === 0) {
        await fileSystem.remove(path);
        continue;
      }
      let lastSeq = 0;
      for (const payload of payloads) lastSeq = replay(payload);
      sealed.push({ path, lastSeq });
    }
    // Appending goes to a new file: what was read is sealed, so that one rule covers trimming.
    const number = (numbers.at(-1) ?? 0) + 1;
    const file = await fileSystem.openAppend(logPath(folder, number));
    await fileSystem.syncFolder(folder);
    return new FileLog(fileSystem, folder, sealed, number, file);
  }

  append(seq: number, parts: readonly Uint8Array[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#stopped());
    this.#lastSeq = seq;
    const frame = encodeFrame(parts);
    const durable = new Promise<void>((resolve, reject) => this.#queue.push({ frame, resolve, reject }));
    this.#writing ??= this.#drain();
    return durable;
  }

  async seal(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#stopped();
    if (this.#file.sizeBytes === 0) return;
    const next = await this.#fileSystem.openAppend(logPath(this.#folder, this.#number + 1));
    await this.#fileSystem.syncFolder(this.#folder);
    await this.#file.close();
    this.#sealed.push({ path: logPath(this.#folder, this.#number), lastSeq: this.#lastSeq });
    this.#file = next;
    this.#number++;
  }

  async trim(seq: number): Promise<void> {
    while (this.#sealed[0] !== undefined && this.#sealed[0].lastSeq < seq) {
      await this.#fileSystem.remove(this.#sealed[0].path);
      this.#sealed.shift();
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  /** Writes what is queued, one fsync for all of it, until nothing is left. */
  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#file.append(batch.length === 1 && batch[0] !== undefined ? batch[0].frame : concat(batch));
        await this.#file.sync();
      } catch (error) {
        this.#failure = error;
        for (const append of [...batch, ...this.#queue]) append.reject(this.#stopped());
        this.#queue = [];
        break;
      }
      for (const append of batch) append.resolve();
    }
    this.#writing = undefined;
  }

  #stopped(): AlopexError {
    return new AlopexError(SqlState.ioError, `the log ${logPath(this.#folder, this.#number)} could not be written`, {
      hint: 'Free disk space or repair the disk, then open the database again; acknowledged commits are safe.',
      cause: this.#failure,
    });
  }
}

function concat(batch: readonly PendingAppend[]): Uint8Array {
  const bytes = new Uint8Array(batch.reduce((sum, append) => sum + append.frame.length, 0));
  let at = 0;
  for (const append of batch) {
    bytes.set(append.frame, at);
    at += append.frame.length;
  }
  return bytes;
}
