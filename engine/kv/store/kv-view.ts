import { compareBytes } from '../bytes.ts';
import { PUT, type EntryCursor, type EntrySource, type FoundEntry, type RangeDelete } from '../entry.ts';
import type { KvMemtable } from '../memtable/kv-memtable.ts';
import { isExpired } from '../merge/expiry.ts';
import { LevelCursor, segmentAt } from './level-cursor.ts';
import { FOUND, UNKNOWN, type RowCache } from './row-cache.ts';
import type { Segment, SegmentFiles } from './segment-files.ts';

/** Cursors over all sources of a view. To be closed. */
export interface ViewCursors {
  readonly cursors: readonly EntryCursor[];
  readonly close: () => void;
}

/**
 * Which memtables and segments make up the tree. Immutable, but for entries that come into the newest memtable: a reader tells those by their `seq`. A view that is
 * `retain`ed keeps the files of its segments.
 */
export class KvView {
  /** Newest first. */
  readonly memtables: readonly KvMemtable[];
  /** By level; level 0 newest first, the others in key order. */
  readonly levels: readonly (readonly Segment[])[];
  readonly #files: SegmentFiles;
  /** Whether any segment holds range deletions. */
  readonly #rangesInSegments: boolean;
  readonly #newestInSegments: number;
  readonly #rows: RowCache;
  readonly #rowGeneration: number;
  #references = 1;

  constructor(files: SegmentFiles, memtables: readonly KvMemtable[], levels: readonly (readonly Segment[])[]) {
    this.#files = files;
    this.#rows = files.rows;
    this.#rowGeneration = files.rows.generation;
    this.memtables = memtables;
    this.levels = levels;
    this.#rangesInSegments = levels.some((level) => level.some((segment) => segment.state.rangeDeleteCount > 0));
    let newest = 0;
    for (const level of levels) {
      for (const segment of level) {
        segment.references++;
        newest = Math.max(newest, segment.state.maxSeq);
      }
    }
    this.#newestInSegments = newest;
  }

  retain(): void {
    this.#references++;
  }

  release(): void {
    if (--this.#references > 0) return;
    for (const level of this.levels) {
      for (const segment of level) if (--segment.references === 0) this.#files.remove(segment);
    }
  }

  /**
   * Fills `into` with the newest entry of a key with `seq` ≤ `maxSeq` (a deletion too), and returns whether there is one. An entry that a range deletion covers becomes
   * a deletion.
   */
  find(key: Uint8Array, hash: number, maxSeq: number, into: FoundEntry): boolean {
    const found = this.#newest(key, hash, maxSeq, into);
    const covered = this.#coveredBy(key, maxSeq);
    if (covered === 0 || (found && into.seq >= covered)) return found;
    into.kind = 0;
    into.seq = covered;
    into.valueEnd = into.valueStart;
    return true;
  }

  /** The live value of a key, as `find` with the time taken into account. */
  get(key: Uint8Array, hash: number, maxSeq: number, nowMs: () => number, into: FoundEntry): boolean {
    if (!this.find(key, hash, maxSeq, into) || into.kind !== PUT) return false;
    // Asking for the time costs as much as a good part of a look-up.
    return into.expiresMs === 0 || !isExpired(into.expiresMs, nowMs());
  }

  /** Whether segments hold range deletions: a compaction may drop some together with what they cover. */
  get hasRangesInSegments(): boolean {
    return this.#rangesInSegments;
  }

  #newest(key: Uint8Array, hash: number, maxSeq: number, into: FoundEntry): boolean {
    for (const memtable of this.memtables) if (memtable.get(key, hash, maxSeq, into)) return true;
    // A view of a transaction's own writes has no segments, and nothing to say about them.
    if (this.levels.length === 0) return false;
    const rows = this.#rows;
    if (maxSeq < this.#newestInSegments || rows.generation !== this.#rowGeneration) {
      return this.#newestInLevels(key, hash, maxSeq, into);
    }
    const known = rows.get(key, hash, into);
    if (known !== UNKNOWN) return known === FOUND;
    const found = this.#newestInLevels(key, hash, maxSeq, into);
    rows.put(key, hash, found ? into : undefined);
    return found;
  }

  #newestInLevels(key: Uint8Array, hash: number, maxSeq: number, into: FoundEntry): boolean {
    for (let number = 0; number < this.levels.length; number++) {
      const level = this.levels[number] as readonly Segment[];
      // Level 0 is searched through; of any other, one segment can have the key, or the next one where that ends with a range deletion up to the key.
      const first = number === 0 ? 0 : segmentAt(level, key, 0, key.length);
      for (let at = first; at < level.length; at++) {
        const segment = level[at] as Segment;
        if (!covers(segment, key)) {
          if (number === 0) continue;
          break;
        }
        if (this.#files.reader(segment).get(key, hash, maxSeq, into)) return true;
      }
    }
    return false;
  }

  /** The newest range deletion over a key up to `maxSeq`, or 0. */
  #coveredBy(key: Uint8Array, maxSeq: number): number {
    let newest = 0;
    for (const memtable of this.memtables) newest = Math.max(newest, coveringSeq(memtable, key, maxSeq));
    if (!this.#rangesInSegments) return newest;
    for (const level of this.levels) {
      for (const segment of level) {
        if (segment.state.rangeDeleteCount === 0 || !covers(segment, key)) continue;
        newest = Math.max(newest, coveringSeq(this.#files.reader(segment), key, maxSeq));
      }
    }
    return newest;
  }

  /** The number of the newest commit that wrote anything. */
  get newestSeq(): number {
    return this.memtables.reduce((newest, memtable) => Math.max(newest, memtable.maxSeq), this.#newestInSegments);
  }

  /**
   * Cursors over every source that can have keys with `start` ≤ key < `end`; `undefined` is no bound. `sequential`: for long walks, which do not fill the block cache.
   * Sources with nothing newer than `sinceSeq` may be left out.
   */
  open(start: Uint8Array | undefined, end: Uint8Array | undefined, sequential: boolean, sinceSeq = 0): ViewCursors {
    const segmentCursors = this.#segmentsWithin(start, end)
      .map((segments) => segments.filter((segment) => segment.state.maxSeq > sinceSeq))
      .filter((segments) => segments.length > 0)
      .map((segments) => new LevelCursor(this.#files, segments, sequential));
    const memtables = this.memtables.filter((memtable) => memtable.maxSeq > sinceSeq);
    return {
      cursors: [...memtables.map((memtable) => memtable.cursor()), ...segmentCursors],
      close: () => {
        for (const cursor of segmentCursors) cursor.close();
      },
    };
  }

  /** Range deletions that can concern keys with `start` ≤ key < `end`, up to `maxSeq`. */
  rangeDeletes(start: Uint8Array | undefined, end: Uint8Array | undefined, maxSeq: number): RangeDelete[] {
    const ranges: RangeDelete[] = this.memtables.flatMap((memtable) => [...memtable.rangeDeletes]);
    if (this.#rangesInSegments) {
      for (const segments of this.#segmentsWithin(start, end)) {
        for (const segment of segments) {
          if (segment.state.rangeDeleteCount > 0) ranges.push(...this.#files.reader(segment).rangeDeletes);
        }
      }
    }
    return ranges.filter((range) => range.seq <= maxSeq);
  }

  /** Groups of segments that do not overlap within a group. */
  #segmentsWithin(start: Uint8Array | undefined, end: Uint8Array | undefined): Segment[][] {
    const groups: Segment[][] = [];
    for (const [number, level] of this.levels.entries()) {
      const within = level.filter((segment) => overlaps(segment, start, end));
      if (number === 0) groups.push(...within.map((segment) => [segment]));
      else if (within.length > 0) groups.push(within);
    }
    return groups;
  }
}

function covers({ state: { smallest, largest } }: Segment, key: Uint8Array): boolean {
  return (
    compareBytes(smallest, 0, smallest.length, key, 0, key.length) <= 0 &&
    compareBytes(largest, 0, largest.length, key, 0, key.length) >= 0
  );
}

function overlaps({ state }: Segment, start: Uint8Array | undefined, end: Uint8Array | undefined): boolean {
  const { smallest, largest } = state;
  return (
    (start === undefined || compareBytes(largest, 0, largest.length, start, 0, start.length) >= 0) &&
    (end === undefined || compareBytes(smallest, 0, smallest.length, end, 0, end.length) < 0)
  );
}

function coveringSeq(source: EntrySource, key: Uint8Array, maxSeq: number): number {
  let newest = 0;
  for (const { start, end, seq } of source.rangeDeletes) {
    if (seq <= newest || seq > maxSeq) continue;
    const inside =
      compareBytes(start, 0, start.length, key, 0, key.length) <= 0 &&
      compareBytes(key, 0, key.length, end, 0, end.length) < 0;
    if (inside) newest = seq;
  }
  return newest;
}
