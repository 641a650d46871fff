import type { EntryCursor, EntryKind } from '../kv/entry.ts';

/** A cursor without the entries that are newer than a commit: what others wrote since then does not exist. */
export class BoundedCursor implements EntryCursor {
  readonly #cursor: EntryCursor;
  readonly #maxSeq: number;

  constructor(cursor: EntryCursor, maxSeq: number) {
    this.#cursor = cursor;
    this.#maxSeq = maxSeq;
  }

  get key(): Uint8Array {
    return this.#cursor.key;
  }
  get keyStart(): number {
    return this.#cursor.keyStart;
  }
  get keyEnd(): number {
    return this.#cursor.keyEnd;
  }
  get kind(): EntryKind {
    return this.#cursor.kind;
  }
  get seq(): number {
    return this.#cursor.seq;
  }
  get expiresMs(): number {
    return this.#cursor.expiresMs;
  }
  get value(): Uint8Array {
    return this.#cursor.value;
  }
  get valueStart(): number {
    return this.#cursor.valueStart;
  }
  get valueEnd(): number {
    return this.#cursor.valueEnd;
  }

  seekFirst(): boolean {
    return this.#skipForward(this.#cursor.seekFirst());
  }

  seekLast(): boolean {
    return this.#skipBackward(this.#cursor.seekLast());
  }

  seek(key: Uint8Array): boolean {
    return this.#skipForward(this.#cursor.seek(key));
  }

  seekBefore(key: Uint8Array): boolean {
    return this.#skipBackward(this.#cursor.seekBefore(key));
  }

  next(): boolean {
    return this.#skipForward(this.#cursor.next());
  }

  previous(): boolean {
    return this.#skipBackward(this.#cursor.previous());
  }

  #skipForward(live: boolean): boolean {
    let found = live;
    while (found && this.#cursor.seq > this.#maxSeq) found = this.#cursor.next();
    return found;
  }

  #skipBackward(live: boolean): boolean {
    let found = live;
    while (found && this.#cursor.seq > this.#maxSeq) found = this.#cursor.previous();
    return found;
  }
}
