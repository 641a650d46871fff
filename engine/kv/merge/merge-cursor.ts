import { compareBytes } from '../bytes.ts';
import { DELETE } from '../entry.ts';
import type { EntryCursor, EntryKind } from '../entry.ts';

const NOTHING = new Uint8Array(0);

/** A source and where it stands, kept here so that comparing does not ask the source. */
class Head {
  readonly cursor: EntryCursor;
  /** Decides between equal entries: earlier sources come first. */
  readonly rank: number;
  live = false;
  key: Uint8Array = NOTHING;
  keyStart = 0;
  keyEnd = 0;
  seq = 0;

  constructor(cursor: EntryCursor, rank: number) {
    this.cursor = cursor;
    this.rank = rank;
  }

  /** Takes in where the source stands after a move. */
  moved(live: boolean): boolean {
    this.live = live;
    if (live) {
      const cursor = this.cursor;
      this.key = cursor.key;
      this.keyStart = cursor.keyStart;
      this.keyEnd = cursor.keyEnd;
      this.seq = cursor.seq;
    }
    return live;
  }
}

/**
 * One cursor over several, in internal order. The source in front stands apart from a binary heap of the others, so that a run of entries from one source
 * costs one comparison each: with the root of the heap.
 *
 * Invariant while moving forward: every other source stands at its first entry after the current one, or ran off its end; backward, at its last
 * entry before it, or ran off its beginning. Turning round is therefore one step of every other source.
 */
export class MergeCursor implements EntryCursor {
  readonly #heads: readonly Head[];
  readonly #heap: Head[] = [];
  #front: Head;
  #forward = true;

  /** Sources whose entries are newer should come first. */
  constructor(cursors: readonly EntryCursor[]) {
    this.#heads = cursors.map((cursor, rank) => new Head(cursor, rank));
    this.#front = this.#heads[0] ?? new Head(NO_ENTRIES, 0);
  }

  get key(): Uint8Array {
    return this.#front.key;
  }

  get keyStart(): number {
    return this.#front.keyStart;
  }

  get keyEnd(): number {
    return this.#front.keyEnd;
  }

  get seq(): number {
    return this.#front.seq;
  }

  get kind(): EntryKind {
    return this.#front.cursor.kind;
  }

  get expiresMs(): number {
    return this.#front.cursor.expiresMs;
  }

  get value(): Uint8Array {
    return this.#front.cursor.value;
  }

  get valueStart(): number {
    return this.#front.cursor.valueStart;
  }

  get valueEnd(): number {
    return this.#front.cursor.valueEnd;
  }

  seekFirst(): boolean {
    for (const head of this.#heads) head.moved(head.cursor.seekFirst());
    return this.#rebuild(true);
  }

  seekLast(): boolean {
    for (const head of this.#heads) head.moved(head.cursor.seekLast());
    return this.#rebuild(false);
  }

  seek(key: Uint8Array): boolean {
    for (const head of this.#heads) head.moved(head.cursor.seek(key));
    return this.#rebuild(true);
  }

  seekBefore(key: Uint8Array): boolean {
    for (const head of this.#heads) head.moved(head.cursor.seekBefore(key));
    return this.#rebuild(false);
  }

  next(): boolean {
    const front = this.#front;
    if (!front.live) return false;
    if (!this.#forward) {
      for (const head of this.#heads) {
        if (head !== front) head.moved(head.live ? head.cursor.next() : head.cursor.seekFirst());
      }
      front.moved(front.cursor.next());
      return this.#rebuild(true);
    }
    front.moved(front.cursor.next());
    return this.#settle();
  }

  previous(): boolean {
    const front = this.#front;
    if (!front.live) return false;
    if (this.#forward) {
      for (const head of this.#heads) {
        if (head !== front) head.moved(head.live ? head.cursor.previous() : head.cursor.seekLast());
      }
      front.moved(front.cursor.previous());
      return this.#rebuild(false);
    }
    front.moved(front.cursor.previous());
    return this.#settle();
  }

  /** After a move of the front: lets the next in turn take its place if it is due. */
  #settle(): boolean {
    const heap = this.#heap;
    const front = this.#front;
    if (heap.length === 0) return front.live;
    const challenger = heap[0] as Head;
    if (front.live) {
      if (this.#isBefore(front, challenger)) return true;
      heap[0] = front;
    } else {
      const last = heap.pop() as Head;
      if (heap.length > 0) heap[0] = last;
    }
    this.#front = challenger;
    this.#siftDown(0);
    return true;
  }

  #rebuild(forward: boolean): boolean {
    this.#forward = forward;
    const heap = this.#heap;
    heap.length = 0;
    for (const head of this.#heads) if (head.live) heap.push(head);
    if (heap.length === 0) {
      this.#front.live = false;
      return false;
    }
    for (let at = (heap.length >> 1) - 1; at >= 0; at--) this.#siftDown(at);
    this.#front = heap[0] as Head;
    const last = heap.pop() as Head;
    if (heap.length > 0) {
      heap[0] = last;
      this.#siftDown(0);
    }
    return true;
  }

  #siftDown(from: number): void {
    const heap = this.#heap;
    const length = heap.length;
    if (from >= length) return;
    const head = heap[from] as Head;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#isBefore(heap[child + 1] as Head, heap[child] as Head)) child++;
      if (!this.#isBefore(heap[child] as Head, head)) break;
      heap[at] = heap[child] as Head;
      at = child;
    }
    heap[at] = head;
  }

  /** Whether `left` comes earlier in the direction of travel. */
  #isBefore(left: Head, right: Head): boolean {
    const order =
      compareBytes(left.key, left.keyStart, left.keyEnd, right.key, right.keyStart, right.keyEnd) ||
      right.seq - left.seq ||
      left.rank - right.rank;
    return this.#forward ? order < 0 : order > 0;
  }
}

/** The cursor of no source at all. */
const NO_ENTRIES: EntryCursor = {
  key: NOTHING,
  keyStart: 0,
  keyEnd: 0,
  kind: DELETE,
  seq: 0,
  expiresMs: 0,
  value: NOTHING,
  valueStart: 0,
  valueEnd: 0,
  seekFirst: () => false,
  seekLast: () => false,
  seek: () => false,
  seekBefore: () => false,
  next: () => false,
  previous: () => false,
};

/** One cursor over any number. */
export function mergedCursor(cursors: readonly EntryCursor[]): EntryCursor {
  return cursors.length === 1 ? (cursors[0] as EntryCursor) : new MergeCursor(cursors);
}
