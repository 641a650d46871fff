export interface Put {
  readonly type: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What a measure asks of a contestant. Calls are passed through as they are, so that the contestant's own cost is measured. */
export interface Store {
  batch(puts: readonly Put[]): Promise<void>;
  put(key: Uint8Array, value: Uint8Array): Promise<unknown>;
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  getSync(key: Uint8Array): Uint8Array | undefined;
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** All pairs in the order of keys, by the contestant's own async iterable. */
  scan(): AsyncIterable<readonly [Uint8Array, Uint8Array]>;
  /** The same without a promise for each pair: LevelDB by `nextv`, AlopexDB by `nextSync`. */
  drain(): Promise<Drained>;
  /** As `drain`, with keys and values as strings, which LevelDB hands out faster than bytes. */
  drainStrings(): Promise<Drained>;
  /** Resolves when no work is left in the background, and what is read next comes from segments. */
  settle(): Promise<void>;
  /** Bytes that the contestant says it wrote to files, by purpose. */
  bytesWritten(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export interface Drained {
  readonly pairs: number;
  readonly valueLength: number;
}

export interface StoreOptions {
  /** Every commit is on the disk before it is acknowledged; otherwise nothing is ever synced. */
  readonly sync: boolean;
  /** Memory for blocks of segments. */
  readonly blockCacheBytes: number;
  /** Memory for new pairs before they are written to a segment; the contestant's default when absent. */
  readonly memtableBytes?: number;
}

export type StoreName = 'alopex' | 'leveldb';

/** LevelDB's default block cache; both contestants get the same. */
export const BLOCK_CACHE_BYTES = 8 << 20;
