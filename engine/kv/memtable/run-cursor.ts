import { DELETE, PUT } from '../entry.ts';
import type { EntryCursor, EntryKind } from '../entry.ts';
import type { ArenaView } from './arena.ts';
import {
  ENTRY_HEADER_BYTES,
  EXPIRES,
  EXPIRY_BYTES,
  FLAGS,
  FLAG_EXPIRES,
  FLAG_PUT,
  KEY_LENGTH,
  NEWER,
  NEWEST,
  NODE_HEADER_BYTES,
  OLDER,
  SEQ,
  VALUE_LENGTH,
  chunkOf,
  compareNodeWithKey,
  padded,
  unitOf,
} from './layout.ts';

const NOTHING = new Uint8Array(0);

/**
 * Walks the entries of one sorted run up to the seq that was newest when the cursor was made: entries put later are passed over, so that moving forward
 * and back is consistent while the memtable grows.
 */
export class RunCursor implements EntryCursor {
  key: Uint8Array = NOTHING;
  keyStart = 0;
  keyEnd = 0;
  kind: EntryKind = DELETE;
  seq = 0;
  expiresMs = 0;
  value: Uint8Array = NOTHING;
  valueStart = 0;
  valueEnd = 0;

  readonly #arena: ArenaView;
  readonly #run: Int32Array;
  readonly #maxSeq: number;
  /** Index in the run; −1 or its length when the cursor is nowhere. */
  #at = -1;
  #older = 0;
  #newer = 0;

  constructor(arena: ArenaView, run: Int32Array, maxSeq: number) {
    this.#arena = arena;
    this.#run = run;
    this.#maxSeq = maxSeq;
  }

  seekFirst(): boolean {
    return this.#toNewestOf(0);
  }

  seekLast(): boolean {
    return this.#toOldestOf(this.#run.length - 1);
  }

  seek(key: Uint8Array): boolean {
    return this.#toNewestOf(this.#lowerBound(key));
  }

  seekBefore(key: Uint8Array): boolean {
    return this.#toOldestOf(this.#lowerBound(key) - 1);
  }

  next(): boolean {
    if (this.#older !== 0) {
      this.#load(this.#older);
      return true;
    }
    return this.#toNewestOf(Math.min(this.#at + 1, this.#run.length));
  }

  previous(): boolean {
    if (this.#newer !== 0 && this.#seqOf(this.#newer) <= this.#maxSeq) {
      this.#load(this.#newer);
      return true;
    }
    return this.#toOldestOf(Math.max(this.#at - 1, -1));
  }

  #toNewestOf(at: number): boolean {
    if (!this.#toNode(at)) return false;
    const arena = this.#arena;
    const node = this.#run[at] as number;
    let entry = chunkOf(arena, node).words[(unitOf(arena, node) << 1) + NEWEST] as number;
    // The key was in the run when this cursor was made, so one of its entries is old enough.
    while (this.#seqOf(entry) > this.#maxSeq) {
      entry = chunkOf(arena, entry).words[(unitOf(arena, entry) << 1) + OLDER] as number;
    }
    this.#load(entry);
    return true;
  }

  #toOldestOf(at: number): boolean {
    if (!this.#toNode(at)) return false;
    this.#load((this.#run[at] as number) + ((NODE_HEADER_BYTES + padded(this.keyEnd - this.keyStart)) >>> 3));
    return true;
  }

  #toNode(at: number): boolean {
    this.#at = at;
    if (at < 0 || at >= this.#run.length) {
      this.#older = 0;
      this.#newer = 0;
      return false;
    }
    const node = this.#run[at] as number;
    const chunk = chunkOf(this.#arena, node);
    const unit = unitOf(this.#arena, node);
    this.key = chunk.bytes;
    this.keyStart = (unit << 3) + NODE_HEADER_BYTES;
    this.keyEnd = this.keyStart + (chunk.words[(unit << 1) + KEY_LENGTH] as number);
    return true;
  }

  #load(entry: number): void {
    const chunk = chunkOf(this.#arena, entry);
    const unit = unitOf(this.#arena, entry);
    const word = unit << 1;
    const flags = chunk.words[word + FLAGS] as number;
    this.#older = chunk.words[word + OLDER] as number;
    this.#newer = chunk.words[word + NEWER] as number;
    this.kind = (flags & FLAG_PUT) === 0 ? DELETE : PUT;
    this.seq = chunk.doubles[unit + SEQ] as number;
    this.value = chunk.bytes;
    if ((flags & FLAG_EXPIRES) === 0) {
      this.expiresMs = 0;
      this.valueStart = (unit << 3) + ENTRY_HEADER_BYTES;
    } else {
      this.expiresMs = chunk.doubles[unit + EXPIRES] as number;
      this.valueStart = (unit << 3) + ENTRY_HEADER_BYTES + EXPIRY_BYTES;
    }
    this.valueEnd = this.valueStart + (chunk.words[word + VALUE_LENGTH] as number);
  }

  #seqOf(entry: number): number {
    return chunkOf(this.#arena, entry).doubles[unitOf(this.#arena, entry) + SEQ] as number;
  }

  /** Index of the first key that is `key` or greater. */
  #lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.#run.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareNodeWithKey(this.#arena, this.#run[middle] as number, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
