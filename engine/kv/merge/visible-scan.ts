import { compareBytes } from '../bytes.ts';
import { DELETE } from '../entry.ts';
import type { EntryCursor } from '../entry.ts';
import { isExpired } from './expiry.ts';
import { KeyMemory } from './key-memory.ts';
import type { RangeDeleteSet } from './range-delete-set.ts';

/** After so many unwanted versions of one key, seeking past the rest is cheaper than walking. */
const MAX_STEPS = 16;
const NOTHING = new Uint8Array(0);

export interface VisibleScanOptions {
  /** All entries of the tree, in internal order. */
  readonly cursor: EntryCursor;
  /** The range deletions of all sources. */
  readonly rangeDeletes: RangeDeleteSet;
  /** What is newer does not exist. */
  readonly snapshotSeq: number;
  /** Entries that expired by then do not exist. */
  readonly nowMs: number;
  /** First key of the range; from the beginning when absent. */
  readonly start?: Uint8Array | undefined;
  /** First key beyond the range; to the end when absent. */
  readonly end?: Uint8Array | undefined;
  /** From the end to the beginning. */
  readonly reverse?: boolean | undefined;
}

/**
 * Walks the keys that one snapshot sees, one live version each: the newest whose seq is at most the snapshot's, unless it is a deletion, has expired or is
 * covered by a range deletion. Synchronous; a call may pass over any number of entries that are not seen.
 */
export class VisibleScan {
  /** The key is `key[keyStart, keyEnd)`, until the next move. */
  key: Uint8Array = NOTHING;
  keyStart = 0;
  keyEnd = 0;
  /** The value is `value[valueStart, valueEnd)`; memory that stays as it is. */
  value: Uint8Array = NOTHING;
  valueStart = 0;
  valueEnd = 0;
  seq = 0;
  expiresMs = 0;

  readonly #options: VisibleScanOptions;
  readonly #cursor: EntryCursor;
  /** Whether the cursor stands at an entry. */
  #live = false;
  #started = false;
  /** The key whose versions are being passed over or gathered, as the cursor's memory may be used again. */
  readonly #kept = new KeyMemory();

  constructor(options: VisibleScanOptions) {
    this.#options = options;
    this.#cursor = options.cursor;
  }

  /** To the next key, the first one to begin with. Returns whether there is one. */
  next(): boolean {
    if (this.#options.reverse === true) return this.#nextDown();
    return this.#nextUp();
  }

  #nextUp(): boolean {
    const cursor = this.#cursor;
    const { snapshotSeq, start, end } = this.#options;
    if (this.#started) {
      if (!this.#live) return false;
      this.#kept.keep(this.#cursor);
      this.#live = cursor.next();
      this.#leaveKeyUp();
    } else {
      this.#started = true;
      this.#live = start === undefined ? cursor.seekFirst() : cursor.seek(start);
    }
    while (this.#live) {
      if (end !== undefined && compareBytes(cursor.key, cursor.keyStart, cursor.keyEnd, end, 0, end.length) >= 0) {
        this.#live = false;
        return false;
      }
      if (cursor.seq > snapshotSeq) {
        this.#kept.keep(this.#cursor);
        if (!this.#passNewer()) continue;
      }
      if (this.#isSeen()) {
        this.key = cursor.key;
        this.keyStart = cursor.keyStart;
        this.keyEnd = cursor.keyEnd;
        this.#takeEntry();
        return true;
      }
      this.#kept.keep(this.#cursor);
      this.#live = cursor.next();
      this.#leaveKeyUp();
    }
    return false;
  }

  /** Moves past versions that are newer than the snapshot; false when the kept key has no older one. */
  #passNewer(): boolean {
    while (this.#live && this.#cursor.seq > this.#options.snapshotSeq) {
      this.#live = this.#cursor.next();
      if (!this.#live || !this.#kept.is(this.#cursor)) return false;
    }
    return this.#live;
  }

  /** Moves past what is left of the kept key. */
  #leaveKeyUp(): void {
    for (let steps = 0; this.#live && this.#kept.is(this.#cursor); steps++) {
      if (steps === MAX_STEPS) {
        // The shortest key that is greater.
        const greater = new Uint8Array(this.#kept.length + 1);
        greater.set(this.#kept.copy());
        this.#live = this.#cursor.seek(greater);
        return;
      }
      this.#live = this.#cursor.next();
    }
  }

  #nextDown(): boolean {
    const cursor = this.#cursor;
    const { snapshotSeq, start, end } = this.#options;
    if (!this.#started) {
      this.#started = true;
      this.#live = end === undefined ? cursor.seekLast() : cursor.seekBefore(end);
    }
    while (this.#live) {
      if (start !== undefined && compareBytes(cursor.key, cursor.keyStart, cursor.keyEnd, start, 0, start.length) < 0) {
        this.#live = false;
        return false;
      }
      // Backward, a key's oldest version comes first; the last one within the snapshot is the one that counts.
      this.#kept.keep(this.#cursor);
      let seen = false;
      for (let steps = 0; this.#live && this.#kept.is(this.#cursor); steps++) {
        if (steps === MAX_STEPS) {
          seen = this.#takeFromNewest();
          break;
        }
        if (cursor.seq <= snapshotSeq) {
          seen = this.#isSeen();
          if (seen) this.#takeEntry();
        }
        this.#live = cursor.previous();
      }
      if (seen) {
        this.key = this.#kept.bytes;
        this.keyStart = 0;
        this.keyEnd = this.#kept.length;
        return true;
      }
    }
    return false;
  }

  /** Comes to the version of the kept key that counts from its newest one, takes it if it is live, and goes on to the key before. */
  #takeFromNewest(): boolean {
    const cursor = this.#cursor;
    const key = this.#kept.copy();
    let live = cursor.seek(key);
    while (live && cursor.seq > this.#options.snapshotSeq && this.#kept.is(this.#cursor)) live = cursor.next();
    const seen = live && this.#kept.is(this.#cursor) && this.#isSeen();
    if (seen) this.#takeEntry();
    this.#live = cursor.seekBefore(key);
    return seen;
  }

  /** Whether the entry at the cursor, the newest of its key within the snapshot, is live. */
  #isSeen(): boolean {
    const cursor = this.#cursor;
    const { rangeDeletes, snapshotSeq, nowMs } = this.#options;
    if (cursor.kind === DELETE || isExpired(cursor.expiresMs, nowMs)) return false;
    if (rangeDeletes.size === 0) return true;
    return rangeDeletes.coveringSeq(cursor.key, cursor.keyStart, cursor.keyEnd, snapshotSeq) <= cursor.seq;
  }

  #takeEntry(): void {
    const cursor = this.#cursor;
    this.value = cursor.value;
    this.valueStart = cursor.valueStart;
    this.valueEnd = cursor.valueEnd;
    this.seq = cursor.seq;
    this.expiresMs = cursor.expiresMs;
  }
}
