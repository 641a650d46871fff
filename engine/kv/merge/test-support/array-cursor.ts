import { compareKeys } from '../../bytes.ts';
import type { EntryCursor, EntryKind } from '../../entry.ts';

/** An entry as an object. */
export interface Entry {
  readonly key: Uint8Array;
  readonly seq: number;
  readonly kind: EntryKind;
  readonly expiresMs: number;
  readonly value: Uint8Array;
}

/** Internal order. */
export function compareEntries(left: Entry, right: Entry): number {
  return compareKeys(left.key, right.key) || right.seq - left.seq;
}

/** The plainest cursor there is, over sorted entries. It uses its key memory again, as a cursor may. */
export class ArrayCursor implements EntryCursor {
  readonly key = new Uint8Array(256);
  keyStart = 0;
  keyEnd = 0;
  kind: EntryKind = 0;
  seq = 0;
  expiresMs = 0;
  value = new Uint8Array(0);
  valueStart = 0;
  valueEnd = 0;
  readonly #entries: readonly Entry[];
  #at = -1;

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  seekFirst(): boolean {
    return this.#to(0);
  }

  seekLast(): boolean {
    return this.#to(this.#entries.length - 1);
  }

  seek(key: Uint8Array): boolean {
    const at = this.#entries.findIndex((entry) => compareKeys(entry.key, key) >= 0);
    return this.#to(at === -1 ? this.#entries.length : at);
  }

  seekBefore(key: Uint8Array): boolean {
    return this.#to(this.#entries.findLastIndex((entry) => compareKeys(entry.key, key) < 0));
  }

  next(): boolean {
    return this.#step(1);
  }

  previous(): boolean {
    return this.#step(-1);
  }

  #step(by: number): boolean {
    if (this.#entries[this.#at] === undefined) throw new Error('a step from nowhere');
    return this.#to(this.#at + by);
  }

  #to(at: number): boolean {
    this.#at = at;
    const entry = this.#entries[at];
    this.key.fill(0xee);
    if (entry === undefined) return false;
    this.keyStart = at % 3;
    this.keyEnd = this.keyStart + entry.key.length;
    this.key.set(entry.key, this.keyStart);
    this.kind = entry.kind;
    this.seq = entry.seq;
    this.expiresMs = entry.expiresMs;
    this.value = Uint8Array.of(0xee, ...entry.value, 0xee);
    this.valueStart = 1;
    this.valueEnd = 1 + entry.value.length;
    return true;
  }
}

/** The entry at a cursor, copied. */
export function entryAt(cursor: EntryCursor): Entry {
  return {
    key: cursor.key.slice(cursor.keyStart, cursor.keyEnd),
    seq: cursor.seq,
    kind: cursor.kind,
    expiresMs: cursor.expiresMs,
    value: cursor.value.slice(cursor.valueStart, cursor.valueEnd),
  };
}

/** All entries of a cursor, forward. */
export function allEntries(cursor: EntryCursor): Entry[] {
  const entries: Entry[] = [];
  for (let live = cursor.seekFirst(); live; live = cursor.next()) entries.push(entryAt(cursor));
  return entries;
}
