/**
 * What the key-value tree holds: entries, each a version of a key. Keys are bytes that begin with the number of their keyspace
 * (4 bytes, big-endian), so that one tree holds all keyspaces.
 */
export const DELETE = 0;
export const PUT = 1;
export type EntryKind = typeof DELETE | typeof PUT;

/** A deletion of every older entry with `start` ≤ key < `end`. */
export interface RangeDelete {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly seq: number;
}

/** The result of a look-up; one object is filled again and again, so that a look-up allocates nothing. The value is a view of memory that others own, good until the next look-up. */
export interface FoundEntry {
  kind: EntryKind;
  seq: number;
  /** Milliseconds since 1970 after which the entry counts as deleted; 0 for never. */
  expiresMs: number;
  value: Uint8Array;
  valueStart: number;
  valueEnd: number;
}

/**
 * Walks the entries of a source in internal order: keys ascending by unsigned bytes, and of one key the newest (highest `seq`) first. A new cursor is
 * nowhere. A move returns whether there is an entry; the fields describe it until the next move. Everything is synchronous.
 */
export interface EntryCursor {
  /** The key is `key[keyStart, keyEnd)`; a view of memory that the cursor may use again. */
  readonly key: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly kind: EntryKind;
  readonly seq: number;
  /** 0 for never. */
  readonly expiresMs: number;
  /** The value is `value[valueStart, valueEnd)`; empty for a deletion. Memory that stays as it is. */
  readonly value: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** To the first entry. */
  seekFirst(): boolean;
  /** To the last entry. */
  seekLast(): boolean;
  /** To the first entry whose key is `key` or greater. */
  seek(key: Uint8Array): boolean;
  /** To the last entry whose key is less than `key`. */
  seekBefore(key: Uint8Array): boolean;
  next(): boolean;
  previous(): boolean;
}

/** A memtable or a segment. */
export interface EntrySource {
  /** Finds the newest entry of a key with `seq` ≤ `maxSeq`, and fills `into`. `hash` is `hashKey(key)`. */
  get(key: Uint8Array, hash: number, maxSeq: number, into: FoundEntry): boolean;
  cursor(): EntryCursor;
  /** Few, mostly none. */
  readonly rangeDeletes: readonly RangeDelete[];
}
