import { compareBytes } from '../bytes.ts';
import type { EntryCursor, EntryKind } from '../entry.ts';
import type { Segment, SegmentFiles } from './segment-files.ts';

const NOTHING = new Uint8Array(0);

/** Number of the first of some segments (in key order, not overlapping) that ends at `key` or after it. */
export function segmentAt(segments: readonly Segment[], key: Uint8Array, keyStart: number, keyEnd: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { largest } = (segments[middle] as Segment).state;
    if (compareBytes(largest, 0, largest.length, key, keyStart, keyEnd) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One cursor over the segments of a level, which do not overlap: each is opened when the walk comes to it. To be closed. */
export class LevelCursor implements EntryCursor {
  readonly #files: SegmentFiles;
  readonly #segments: readonly Segment[];
  readonly #sequential: boolean;
  #at = -1;
  #current: EntryCursor | undefined;

  constructor(files: SegmentFiles, segments: readonly Segment[], sequential: boolean) {
    this.#files = files;
    this.#segments = segments;
    this.#sequential = sequential;
  }

  get key(): Uint8Array {
    return this.#current?.key ?? NOTHING;
  }
  get keyStart(): number {
    return this.#current?.keyStart ?? 0;
  }
  get keyEnd(): number {
    return this.#current?.keyEnd ?? 0;
  }
  get kind(): EntryKind {
    return this.#current?.kind ?? 0;
  }
  get seq(): number {
    return this.#current?.seq ?? 0;
  }
  get expiresMs(): number {
    return this.#current?.expiresMs ?? 0;
  }
  get value(): Uint8Array {
    return this.#current?.value ?? NOTHING;
  }
  get valueStart(): number {
    return this.#current?.valueStart ?? 0;
  }
  get valueEnd(): number {
    return this.#current?.valueEnd ?? 0;
  }

  seekFirst(): boolean {
    return this.#forward(this.#enter(0), (cursor) => cursor.seekFirst());
  }

  seekLast(): boolean {
    return this.#backward(this.#enter(this.#segments.length - 1), (cursor) => cursor.seekLast());
  }

  seek(key: Uint8Array): boolean {
    return this.#forward(this.#enter(segmentAt(this.#segments, key, 0, key.length)), (cursor) => cursor.seek(key));
  }

  seekBefore(key: Uint8Array): boolean {
    const at = Math.min(segmentAt(this.#segments, key, 0, key.length), this.#segments.length - 1);
    return this.#backward(this.#enter(at), (cursor) => cursor.seekBefore(key));
  }

  next(): boolean {
    return this.#forward(this.#current, (cursor) => cursor.next());
  }

  previous(): boolean {
    return this.#backward(this.#current, (cursor) => cursor.previous());
  }

  #forward(from: EntryCursor | undefined, move: (cursor: EntryCursor) => boolean): boolean {
    if (from === undefined) return false;
    if (move(from)) return true;
    for (let cursor = this.#enter(this.#at + 1); cursor !== undefined; cursor = this.#enter(this.#at + 1)) {
      if (cursor.seekFirst()) return true;
    }
    return false;
  }

  #backward(from: EntryCursor | undefined, move: (cursor: EntryCursor) => boolean): boolean {
    if (from === undefined) return false;
    if (move(from)) return true;
    for (let cursor = this.#enter(this.#at - 1); cursor !== undefined; cursor = this.#enter(this.#at - 1)) {
      if (cursor.seekLast()) return true;
    }
    return false;
  }

  /** Lets go of the segment that is being read. */
  close(): void {
    const segment = this.#segments[this.#at];
    if (segment !== undefined) segment.cursors--;
    this.#at = -1;
    this.#current = undefined;
  }

  #enter(at: number): EntryCursor | undefined {
    const segment = this.#segments[at];
    if (segment === undefined) return undefined;
    this.close();
    this.#at = at;
    segment.cursors++;
    const reader = this.#files.reader(segment);
    this.#current = this.#sequential ? reader.sequentialCursor() : reader.cursor();
    return this.#current;
  }
}
