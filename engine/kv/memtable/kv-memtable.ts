import { AlopexError, SqlState } from '../../errors.ts';
import { DELETE, PUT } from '../entry.ts';
import type { EntryCursor, EntrySource, FoundEntry, RangeDelete } from '../entry.ts';
import { hashKey } from '../hash.ts';
import { mergedCursor } from '../merge/merge-cursor.ts';
import { Arena, openSharedArena } from './arena.ts';
import type { ArenaChunk, ArenaView, SharedArena } from './arena.ts';
import { KeyIndex } from './key-index.ts';
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
  padded,
  unitOf,
} from './layout.ts';
import { RunCursor } from './run-cursor.ts';
import { SortedRuns } from './sorted-runs.ts';
import type { SharedRuns } from './sorted-runs.ts';

const DEFAULT_CHUNK_BYTES = 2 * 1024 * 1024;
/** Up to here, copying word by word is cheaper than a call. */
const SHORT_VALUE_BYTES = 256;
/** Up to here, copying byte by byte is. */
const SHORT_KEY_BYTES = 48;
const NOTHING = new DataView(new ArrayBuffer(0));

/** A memtable as plain data that can be posted to a worker; the entries are in shared memory. */
export interface SharedMemtable {
  readonly arena: SharedArena;
  readonly runs: SharedRuns;
  readonly rangeDeletes: readonly RangeDelete[];
  readonly entryCount: number;
  readonly sizeBytes: number;
  readonly minSeq: number;
  readonly maxSeq: number;
}

/**
 * The newest entries, in memory: many versions of a key, appended and never changed. One thread writes; it may read between writes, and any thread may read
 * what was shared once writing has ended. A hash index finds a key's newest entry, which links to the older ones; key order is made when it is asked for.
 */
export class KvMemtable implements EntrySource {
  readonly #arena: Arena;
  readonly #index: KeyIndex;
  readonly #runs: SortedRuns;
  readonly #rangeDeletes: RangeDelete[] = [];
  #rangeDeleteBytes = 0;
  #entryCount = 0;
  #minSeq = Number.MAX_SAFE_INTEGER;
  #maxSeq = 0;

  /** `chunkBytes`: what memory is allocated in; rounded up to a power of two. `expectedKeys`: how many the index has room for at first. */
  constructor(options: { chunkBytes?: number; expectedKeys?: number } = {}) {
    this.#arena = new Arena(options.chunkBytes ?? DEFAULT_CHUNK_BYTES);
    this.#index = new KeyIndex(this.#arena, options.expectedKeys ?? 0);
    this.#runs = new SortedRuns(this.#arena);
  }

  get keyCount(): number {
    return this.#index.count;
  }

  /** Entries, deletions included, range deletions not. */
  get entryCount(): number {
    return this.#entryCount;
  }

  /** Memory in use: entries, index, order and range deletions. */
  get sizeBytes(): number {
    return this.#arena.sizeBytes + this.#index.sizeBytes + this.#runs.sizeBytes + this.#rangeDeleteBytes;
  }

  /** 0 when nothing was written. */
  get minSeq(): number {
    return this.#maxSeq === 0 ? 0 : this.#minSeq;
  }

  get maxSeq(): number {
    return this.#maxSeq;
  }

  /** Grows; an element never changes. */
  get rangeDeletes(): readonly RangeDelete[] {
    return this.#rangeDeletes;
  }

  /** Copies key and value. `hash` is `hashKey(key)`; `seq` is at least as great as that of every earlier write. `expiresMs` is 0 for never. */
  put(seq: number, key: Uint8Array, hash: number, value: Uint8Array, expiresMs: number): void {
    const words = new DataView(value.buffer, value.byteOffset, value.byteLength);
    this.#append(seq, putFlags(expiresMs), key, 0, key.length, hash, words, 0, value.length, expiresMs);
  }

  /** As `put`, with key and value within `bytes`, of which `words` is a view. */
  putFrom(
    seq: number,
    bytes: Uint8Array,
    words: DataView,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    expiresMs: number,
  ): void {
    const hash = hashKey(bytes, keyStart, keyEnd);
    this.#append(seq, putFlags(expiresMs), bytes, keyStart, keyEnd, hash, words, valueStart, valueEnd, expiresMs);
  }

  delete(seq: number, key: Uint8Array, hash: number): void {
    this.#append(seq, 0, key, 0, key.length, hash, NOTHING, 0, 0, 0);
  }

  /** Deletes `start` ≤ key < `end` among all entries with a smaller seq, wherever they are. Copies both. */
  deleteRange(seq: number, start: Uint8Array, end: Uint8Array): void {
    this.#take(seq);
    // Not `slice`: that of a Buffer copies nothing.
    this.#rangeDeletes.push({ start: new Uint8Array(start), end: new Uint8Array(end), seq });
    this.#rangeDeleteBytes += start.length + end.length + ENTRY_HEADER_BYTES;
  }

  get(key: Uint8Array, hash: number, maxSeq: number, into: FoundEntry): boolean {
    const node = this.#index.find(key, hash);
    if (node === 0) return false;
    const arena = this.#arena;
    let entry = chunkOf(arena, node).words[(unitOf(arena, node) << 1) + NEWEST] as number;
    for (;;) {
      const chunk = chunkOf(arena, entry);
      const unit = unitOf(arena, entry);
      const seq = chunk.doubles[unit + SEQ] as number;
      if (seq <= maxSeq) {
        const flags = chunk.words[(unit << 1) + FLAGS] as number;
        const expires = (flags & FLAG_EXPIRES) !== 0;
        into.kind = (flags & FLAG_PUT) === 0 ? DELETE : PUT;
        into.seq = seq;
        into.expiresMs = expires ? (chunk.doubles[unit + EXPIRES] as number) : 0;
        into.value = chunk.bytes;
        into.valueStart = (unit << 3) + ENTRY_HEADER_BYTES + (expires ? EXPIRY_BYTES : 0);
        into.valueEnd = into.valueStart + (chunk.words[(unit << 1) + VALUE_LENGTH] as number);
        return true;
      }
      entry = chunk.words[(unit << 1) + OLDER] as number;
      if (entry === 0) return false;
    }
  }

  /** Newest seq written to a key, deletions included, range deletions not; 0 for none. */
  lastSeq(key: Uint8Array, hash: number): number {
    const node = this.#index.find(key, hash);
    if (node === 0) return 0;
    const newest = chunkOf(this.#arena, node).words[(unitOf(this.#arena, node) << 1) + NEWEST] as number;
    return chunkOf(this.#arena, newest).doubles[unitOf(this.#arena, newest) + SEQ] as number;
  }

  /** Walks the entries up to now; not disturbed by later writes. */
  cursor(): EntryCursor {
    return cursorOver(this.#arena, this.#runs, this.#maxSeq);
  }

  /** To be called when nothing will be written any more. */
  share(): SharedMemtable {
    return {
      arena: this.#arena.share(),
      runs: this.#runs.share(),
      rangeDeletes: this.#rangeDeletes,
      entryCount: this.#entryCount,
      sizeBytes: this.sizeBytes,
      minSeq: this.minSeq,
      maxSeq: this.#maxSeq,
    };
  }

  /** A cursor over a memtable that another thread shared; what is not in order yet is sorted here. */
  static cursorOf(shared: SharedMemtable): EntryCursor {
    const arena = openSharedArena(shared.arena);
    return cursorOver(arena, new SortedRuns(arena, shared.runs), shared.maxSeq);
  }

  #append(
    seq: number,
    flags: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    hash: number,
    value: DataView,
    valueStart: number,
    valueEnd: number,
    expiresMs: number,
  ): void {
    const arena = this.#arena;
    this.#take(seq);
    const headerBytes = (flags & FLAG_EXPIRES) === 0 ? ENTRY_HEADER_BYTES : ENTRY_HEADER_BYTES + EXPIRY_BYTES;
    const entryBytes = headerBytes + padded(valueEnd - valueStart);
    const slot = this.#index.slotOf(key, keyStart, keyEnd, hash);
    const node = this.#index.nodeAt(slot);
    let entry: number;
    if (node === 0) {
      entry = this.#appendNode(slot, key, keyStart, keyEnd, hash, entryBytes);
    } else {
      entry = arena.allocate(entryBytes);
      const words = chunkOf(arena, node).words;
      const newestAt = (unitOf(arena, node) << 1) + NEWEST;
      const older = words[newestAt] as number;
      words[newestAt] = entry;
      chunkOf(arena, older).words[(unitOf(arena, older) << 1) + NEWER] = entry;
      chunkOf(arena, entry).words[(unitOf(arena, entry) << 1) + OLDER] = older;
    }
    const chunk = chunkOf(arena, entry);
    const unit = unitOf(arena, entry);
    chunk.words[(unit << 1) + VALUE_LENGTH] = valueEnd - valueStart;
    chunk.words[(unit << 1) + FLAGS] = flags;
    chunk.doubles[unit + SEQ] = seq;
    if (expiresMs !== 0) chunk.doubles[unit + EXPIRES] = expiresMs;
    copyValue(value, valueStart, valueEnd, chunk, (unit << 3) + headerBytes);
    this.#entryCount++;
  }

  /** Makes the node of a new key with room for its first entry, and returns that entry's place. */
  #appendNode(
    slot: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    hash: number,
    entryBytes: number,
  ): number {
    const arena = this.#arena;
    const keyLength = keyEnd - keyStart;
    const nodeBytes = NODE_HEADER_BYTES + padded(keyLength);
    // The entry's place must be within reach, even in a chunk of its own.
    if (nodeBytes >= 8 * 2 ** arena.placeBits) {
      throw new AlopexError(SqlState.invalidParameter, `a key of ${keyLength} bytes is too long for a memtable`);
    }
    const node = arena.allocate(nodeBytes + entryBytes);
    const entry = node + (nodeBytes >>> 3);
    const chunk = chunkOf(arena, node);
    const unit = unitOf(arena, node);
    chunk.words[(unit << 1) + NEWEST] = entry;
    chunk.words[(unit << 1) + KEY_LENGTH] = keyLength;
    copyKey(key, keyStart, keyEnd, chunk.bytes, (unit << 3) + NODE_HEADER_BYTES);
    this.#index.insert(slot, hash, node);
    this.#runs.add(node);
    return entry;
  }

  #take(seq: number): void {
    if (seq < this.#maxSeq) {
      throw new AlopexError(SqlState.internalError, `write ${seq} came to the memtable after write ${this.#maxSeq}`);
    }
    this.#maxSeq = seq;
    if (seq < this.#minSeq) this.#minSeq = seq;
  }
}

function cursorOver(arena: ArenaView, runs: SortedRuns, maxSeq: number): EntryCursor {
  return mergedCursor(runs.sorted().map((run) => new RunCursor(arena, run, maxSeq)));
}

function putFlags(expiresMs: number): number {
  return expiresMs === 0 ? FLAG_PUT : FLAG_PUT | FLAG_EXPIRES;
}

function copyKey(key: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > SHORT_KEY_BYTES) to.set(key.subarray(start, end), at);
  else for (let from = start, target = at; from < end; from++, target++) to[target] = key[from] as number;
}

function copyValue(value: DataView, start: number, end: number, chunk: ArenaChunk, at: number): void {
  if (end - start > SHORT_VALUE_BYTES) {
    chunk.bytes.set(new Uint8Array(value.buffer, value.byteOffset + start, end - start), at);
    return;
  }
  const to = chunk.view;
  let from = start;
  let target = at;
  for (const wordsEnd = end - 3; from < wordsEnd; from += 4, target += 4) {
    to.setInt32(target, value.getInt32(from, true), true);
  }
  for (; from < end; from++, target++) to.setUint8(target, value.getUint8(from));
}
