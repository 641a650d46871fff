import type { FoundEntry } from '../entry.ts';
import type { KvBatch } from '../batch.ts';
import type { VisibleScan } from '../merge/visible-scan.ts';
import type { Bounds } from './key-range.ts';

/** Keys as one reader sees them. Keys carry their keyspace; everything is synchronous. */
export interface KvReader {
  /** Fills `into` with the live value of a key, good until the next look-up. `key` is memory that the caller may use again: what is to last is copied. */
  find(key: Uint8Array, into: FoundEntry): boolean;
  /** Walks live keys in order. `sequential`: a long walk, which is not to fill the block cache. To be closed. */
  scan(bounds: Bounds, options: { reverse: boolean; sequential: boolean }): OpenScan;
}

export interface OpenScan {
  readonly scan: VisibleScan;
  /** Throws when what it reads is not there any more: the database was closed, or the transaction has ended. Asked before every step. */
  checkOpen(): void;
  close(): void;
}

/** Where a keyspace reads and writes: the store itself, or a transaction. */
export interface KvTree {
  /** The newest state: of the store, what was acknowledged; of a transaction, its snapshot with its own changes. */
  readonly reader: KvReader;
  readonly limits: { readonly keyBytes: number; readonly valueBytes: number };
  /** Milliseconds since 1970, for times to live. Never goes back. */
  nowMs(): number;
  /** `undefined` when nothing was ever put into the keyspace. Throws when nothing can be read any more. */
  keyspaceId(name: string): number | undefined;
  createKeyspace(name: string): Promise<number>;
  /** Makes the operations of a batch take effect together; resolves when they may be acknowledged. With `condition`, only when it is true of the state that they build on; returns whether they did. */
  write(batch: KvBatch, condition?: (reader: KvReader) => boolean): Promise<boolean>;
}
