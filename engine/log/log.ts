import { AlopexError, SqlState } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { encodeFrame } from './frame.ts';
import { readFramedFile } from './framed-file.ts';
import { LogFile } from './log-file.ts';
import { Pace } from './pace.ts';

/**
 * When a commit is acknowledged. A killed process loses nothing at any level; a power cut or a crash of the operating system can lose
 * - `full`: nothing;
 * - `interval`: the commits of the last `syncIntervalMs`, the newest ones, never one from the middle;
 * - `none`: whatever the operating system had not written by itself; again the newest ones.
 */
export type Durability = 'full' | 'interval' | 'none';

export interface LogOptions {
  readonly durability: Durability;
  /** Between two fsyncs at level `interval`. */
  readonly syncIntervalMs: number;
}

/** A log that commits go to before they are acknowledged. A port of its own, so that a replicated log can take its place. */
export interface CommitLog {
  /** Why nothing more can be committed, if so. */
  readonly failure: unknown;
  /** Bytes in all files. */
  readonly sizeBytes: number;
  /**
   * Appends one commit; resolves when it may be acknowledged (see {@link Durability}). Calls made while a write is under way share the next one (group commit), and
   * resolve in the order of the calls. After a failure every call fails: what is durable is then unknown until the log is read again.
   */
  append(seq: number, parts: readonly Uint8Array[]): Promise<void>;
  /** Makes everything appended so far durable, at any level. */
  sync(): Promise<void>;
  /** Starts a new file, so that the ones before can be trimmed; all in those is durable then. */
  seal(): Promise<void>;
  /** Removes sealed files that hold no commit at or above `seq`. */
  trim(seq: number): Promise<void>;
  close(): Promise<void>;
}

interface SealedFile {
  readonly path: string;
  readonly lastSeq: number;
  readonly sizeBytes: number;
}

/** A commit to write, or something to do between two writes. */
interface Pending {
  readonly frame?: Uint8Array;
  /** What becomes of the file once everything before is written: another one takes its place, or it is the last. */
  readonly end?: 'seal' | 'finish';
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
  readonly #clock: Clock;
  readonly #options: LogOptions;
  readonly #folder: string;
  readonly #sealed: SealedFile[];
  #number: number;
  readonly #pace = new Pace();
  #file: LogFile;
  #lastSeq = 0;
  #queue: Pending[] = [];
  #writing: Promise<void> | undefined;
  /** Whoever waits for the last commit that was written within its call can have heard of it. */
  #isAnswered = true;
  #failure: unknown;
  #timer: { readonly done: Promise<void>; readonly stop: AbortController } | undefined;

  private constructor(
    ports: { fileSystem: FileSystem; clock: Clock },
    options: LogOptions,
    folder: string,
    sealed: SealedFile[],
    number: number,
    file: LogFile,
  ) {
    this.#fileSystem = ports.fileSystem;
    this.#clock = ports.clock;
    this.#options = options;
    this.#folder = folder;
    this.#sealed = sealed;
    this.#number = number;
    this.#file = file;
  }

  /** Reads every commit in order (`replay` returns its number), then opens the log for more. */
  static async open(
    ports: { fileSystem: FileSystem; clock: Clock },
    folder: string,
    options: LogOptions,
    replay: (payload: Uint8Array) => number,
  ): Promise<FileLog> {
    const { fileSystem } = ports;
    await fileSystem.makeFolder(folder);
    const numbers = (await fileSystem.list(folder)).flatMap((name) => {
      const match = LOG_NAME.exec(name);
      return match === null ? [] : [Number(match[1])];
    });
    const sealed: SealedFile[] = [];
    for (const [index, number] of numbers.entries()) {
      const path = logPath(folder, number);
      const { payloads, validBytes } = await readFramedFile(fileSystem, path, index === numbers.length - 1);
      if (payloads.length === 0) {
        await fileSystem.remove(path);
        continue;
      }
      let lastSeq = 0;
      for (const payload of payloads) lastSeq = replay(payload);
      sealed.push({ path, lastSeq, sizeBytes: validBytes });
    }
    // Appending goes to a new file: what was read is sealed, so that one rule covers trimming.
    const number = (numbers.at(-1) ?? 0) + 1;
    const file = await LogFile.open(fileSystem, logPath(folder, number));
    await fileSystem.syncFolder(folder);
    return new FileLog(ports, options, folder, sealed, number, file);
  }

  get failure(): unknown {
    return this.#failure;
  }

  get sizeBytes(): number {
    return this.#sealed.reduce((sum, file) => sum + file.sizeBytes, this.#file.sizeBytes);
  }

  append(seq: number, parts: readonly Uint8Array[]): Promise<void> {
    const frame = encodeFrame(parts);
    return this.#isForNow(frame) ? this.#writeNow(seq, frame) : this.#enqueue({ frame }, seq);
  }

  async sync(): Promise<void> {
    await this.#enqueue({});
  }

  async seal(): Promise<void> {
    await this.#enqueue({ end: 'seal' });
  }

  async trim(seq: number): Promise<void> {
    while (this.#sealed[0] !== undefined && this.#sealed[0].lastSeq < seq) {
      const [{ path }] = this.#sealed.splice(0, 1) as [SealedFile];
      await this.#fileSystem.remove(path);
    }
  }

  async close(): Promise<void> {
    this.#timer?.stop.abort();
    await this.#timer?.done;
    try {
      if (this.#failure === undefined) await this.#enqueue({ end: 'finish' });
    } finally {
      await this.#writing;
      await this.#file.close();
    }
  }

  /** Whether a commit can be written before its call returns: nobody else is at it, and others had their turn lately. */
  #isForNow(frame: Uint8Array): boolean {
    if (this.#options.durability !== 'full' || this.#failure !== undefined || this.#writing !== undefined) return false;
    if (!this.#isAnswered) this.#pace.met();
    return this.#pace.isForNow(frame.length) && this.#file.isForNow && !this.#pace.isTurnDue(this.#clock.monotonicMs());
  }

  #writeNow(seq: number, frame: Uint8Array): Promise<void> {
    this.#lastSeq = seq;
    try {
      this.#appendNow(frame);
    } catch (error) {
      this.#failure = error;
      return Promise.reject(this.#stopped());
    }
    // Who commits before whoever waits for this one can have heard of it is another, and shares writes from now on.
    this.#isAnswered = false;
    return this.#answer();
  }

  async #answer(): Promise<void> {
    await Promise.resolve();
    this.#isAnswered = true;
  }

  #appendNow(bytes: Uint8Array): void {
    const startMs = this.#clock.monotonicMs();
    this.#file.appendDurablyNow(bytes);
    this.#pace.wrote(1, bytes.length, this.#clock.monotonicMs() - startMs, true);
  }

  #enqueue(pending: Pick<Pending, 'frame' | 'end'>, seq?: number): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#stopped());
    if (seq !== undefined) this.#lastSeq = seq;
    const done = new Promise<void>((resolve, reject) => this.#queue.push({ ...pending, resolve, reject }));
    this.#writing ??= this.#drain();
    return done;
  }

  /** Writes what is queued, one write and at most one fsync for all of it, until nothing is left. */
  async #drain(): Promise<void> {
    // Where a write does not wait for a disk, it is only for those that are made in one go: they would be written one by one otherwise.
    if (this.#options.durability === 'full') await this.#turnOfOthers();
    else await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      const lastSeq = this.#lastSeq;
      try {
        await this.#write(batch);
        if (batch.some(({ end }) => end === 'seal')) await this.#startFile(lastSeq);
        if (batch.some(({ end }) => end === 'finish')) await this.#file.finish();
      } catch (error) {
        this.#failure = error;
        for (const pending of [...batch, ...this.#queue]) pending.reject(this.#stopped());
        this.#queue = [];
        break;
      }
      for (const pending of batch) pending.resolve();
      // Whoever was waiting for these may have the next commit ready at once: it is to share the next write with those that came in meanwhile.
      if (this.#queue.length > 0) await this.#turnOfOthers();
      if (this.#file.isDirty && this.#options.durability === 'interval') this.#timer ??= this.#syncLater();
    }
    this.#writing = undefined;
  }

  /**
   * Lets everything else in the process run. Their commits are to share the next write, and writes within the call, one after the other, must not keep the process from
   * all else.
   */
  async #turnOfOthers(): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    await this.#clock.pause();
    const nowMs = this.#clock.monotonicMs();
    this.#pace.turned(nowMs - startMs, nowMs);
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    const frames = batch.flatMap(({ frame }) => frame ?? []);
    const [only] = frames;
    const bytes = frames.length === 1 && only !== undefined ? only : concat(frames);
    if (this.#options.durability !== 'full' && frames.length === batch.length) {
      await this.#file.append(bytes);
      return;
    }
    const isOne = batch.length === 1 && bytes.length > 0;
    if (isOne && this.#pace.isForNow(bytes.length) && this.#file.isForNow) {
      this.#appendNow(bytes);
      return;
    }
    const startMs = this.#clock.monotonicMs();
    await this.#file.appendDurably(bytes);
    if (bytes.length > 0) this.#pace.wrote(batch.length, bytes.length, this.#clock.monotonicMs() - startMs, false);
  }

  /** What is sealed ends with its last frame before there is a file behind it: only the newest one may end in unused space. */
  async #startFile(lastSeq: number): Promise<void> {
    const { path, sizeBytes } = this.#file;
    if (sizeBytes === 0) return;
    await this.#file.finish();
    const next = await LogFile.open(this.#fileSystem, logPath(this.#folder, this.#number + 1));
    await this.#fileSystem.syncFolder(this.#folder);
    await this.#file.close();
    this.#sealed.push({ path, lastSeq, sizeBytes });
    this.#file = next;
    this.#number++;
  }

  #syncLater(): { done: Promise<void>; stop: AbortController } {
    const stop = new AbortController();
    const wait = async (): Promise<void> => {
      await this.#clock.sleep(this.#options.syncIntervalMs, stop.signal).catch(() => undefined);
      this.#timer = undefined;
      // A failure is kept, and told to whoever commits next.
      if (this.#file.isDirty && this.#failure === undefined && !stop.signal.aborted)
        await this.sync().catch(() => undefined);
    };
    return { done: wait(), stop };
  }

  #stopped(): AlopexError {
    return new AlopexError(SqlState.ioError, `the log ${this.#file.path} could not be written`, {
      hint: 'Free disk space or repair the disk, then open the database again; acknowledged commits are safe.',
      cause: this.#failure,
    });
  }
}

function concat(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}
