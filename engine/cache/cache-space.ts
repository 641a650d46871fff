import { AlopexError, SqlState } from '../errors.ts';
import type { CachedFile } from './cached-file.ts';
import { EvictionQueues } from './eviction-queues.ts';

/** A statement that reads files of the cache: what it has asked for stays until it ends. */
export interface CacheUse {
  end(): void;
}

interface RunningUse extends CacheUse {
  readonly began: number;
  readonly files: Set<CachedFile>;
}

/** The room of the cache: never more than its limit is taken, and no file goes that a running statement has asked for. */
export class CacheSpace {
  readonly #limitBytes: number;
  readonly #remove: (file: CachedFile) => Promise<void>;
  readonly #queues = new EvictionQueues<CachedFile>();
  readonly #uses = new Map<CacheUse, RunningUse>();
  readonly #waiting: (() => void)[] = [];
  #now = 0;
  #usedBytes = 0;

  /** `remove` takes away a file that has to go. */
  constructor(limitBytes: number, remove: (file: CachedFile) => Promise<void>) {
    this.#limitBytes = limitBytes;
    this.#remove = remove;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  begin(): CacheUse {
    const use: RunningUse = {
      began: ++this.#now,
      files: new Set(),
      end: () => {
        if (!this.#uses.delete(use)) return;
        for (const file of use.files) file.users--;
        for (const resolve of this.#waiting.splice(0)) resolve();
      },
    };
    this.#uses.set(use, use);
    return use;
  }

  /** A file that an earlier process has left, or a new one. */
  add(file: CachedFile): void {
    this.#usedBytes += file.heldBytes;
    this.#queues.add(file);
  }

  /** A running statement asks for a file. Without the statement, the file stays as long as any statement that runs now. */
  use(file: CachedFile, by?: CacheUse): void {
    const use = by === undefined ? undefined : this.#uses.get(by);
    // Once for a statement, however often it asks.
    const isFirst = use === undefined ? file.lastUse !== this.#now : !use.files.has(file);
    if (isFirst && file.heldBytes > 0) this.#queues.touch(file.path);
    if (use === undefined) {
      file.lastUse = this.#now;
    } else if (isFirst) {
      use.files.add(file);
      file.users++;
    }
  }

  /** A file is gone without being evicted. */
  forget(file: CachedFile): void {
    this.#usedBytes -= file.heldBytes;
    this.#queues.remove(file.path);
  }

  /** Takes room; waits for other statements to end when their files leave too little. Throws `53400` when that cannot help. */
  async take(bytes: number): Promise<void> {
    for (;;) {
      const excess = this.#usedBytes + bytes - this.#limitBytes;
      if (excess <= 0) break;
      const evicted = bytes > this.#limitBytes ? [] : this.#evict(excess);
      if (evicted.length === 0) await this.#waitForOthers(bytes);
      else await Promise.all(evicted.map((file) => this.#remove(file)));
    }
    this.#usedBytes += bytes;
  }

  /** Gives back room that was taken and not used. */
  giveBack(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  #evict(bytes: number): CachedFile[] {
    // Without a statement, whoever asked last is at work.
    const inUseFrom = this.#uses.size === 0 ? this.#now : Math.min(...this.#uses.values().map(({ began }) => began));
    const evicted = this.#queues.evict(
      bytes,
      this.#limitBytes,
      (file) => file.users === 0 && file.lastUse < inUseFrom && !file.isFetching && file.heldBytes > 0,
    );
    for (const file of evicted) this.#usedBytes -= file.heldBytes;
    return evicted;
  }

  async #waitForOthers(bytes: number): Promise<void> {
    // When all wait, nobody ends.
    if (bytes > this.#limitBytes || this.#waiting.length + 1 >= this.#uses.size) {
      throw new AlopexError(
        SqlState.configurationLimitExceeded,
        `the remote files of this statement do not fit into the read cache of ${this.#limitBytes} bytes`,
        { hint: 'Raise the limit readCacheBytes, or read fewer columns or a smaller range.' },
      );
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
