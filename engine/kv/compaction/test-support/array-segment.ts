import { compareKeys } from '../../bytes.ts';
import type { EntryCursor, RangeDelete } from '../../entry.ts';
import { compareEntries, entryAt } from '../../merge/test-support/array-cursor.ts';
import type { Entry } from '../../merge/test-support/array-cursor.ts';
import type { KvSegmentState } from '../../segment-state.ts';
import type { EntryWriter } from '../segment-outputs.ts';

/** A segment in memory. */
export interface ArraySegment {
  readonly entries: readonly Entry[];
  readonly rangeDeletes: readonly RangeDelete[];
}

/** Counts ten bytes for each entry and range deletion. */
export const BYTES_EACH = 10;

export class ArrayWriter implements EntryWriter {
  readonly entries: Entry[] = [];
  readonly rangeDeletes: RangeDelete[] = [];
  readonly #finished: (segment: ArraySegment) => void;

  constructor(finished: (segment: ArraySegment) => void) {
    this.#finished = finished;
  }

  get sizeBytes(): number {
    return BYTES_EACH * (this.entries.length + this.rangeDeletes.length);
  }

  add(cursor: EntryCursor): void {
    const entry = entryAt(cursor);
    const last = this.entries.at(-1);
    if (last !== undefined && compareEntries(last, entry) >= 0) throw new Error('entries out of order');
    this.entries.push(entry);
  }

  addRangeDelete(range: RangeDelete): void {
    if (compareKeys(range.start, range.end) >= 0) throw new Error('an empty range deletion');
    this.rangeDeletes.push(range);
  }

  drain(): Promise<number> {
    return Promise.resolve(0);
  }

  finish(): Promise<Omit<KvSegmentState, 'fileId' | 'level'>> {
    if (this.sizeBytes === 0) throw new Error('an empty segment');
    this.#finished(this);
    return Promise.resolve(stateOf(this));
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }
}

export function stateOf({ entries, rangeDeletes }: ArraySegment): Omit<KvSegmentState, 'fileId' | 'level'> {
  const keys = [...entries.map(({ key }) => key), ...rangeDeletes.flatMap(({ start, end }) => [start, end])].sort(
    compareKeys,
  );
  const seqs = [...entries, ...rangeDeletes].map(({ seq }) => seq);
  return {
    sizeBytes: BYTES_EACH * seqs.length,
    entryCount: entries.length,
    smallest: keys[0] as Uint8Array,
    largest: keys.at(-1) as Uint8Array,
    minSeq: Math.min(...seqs),
    maxSeq: Math.max(...seqs),
    rangeDeleteCount: rangeDeletes.length,
    footerCrc32: 0,
  };
}
