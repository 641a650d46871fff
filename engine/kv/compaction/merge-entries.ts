import { compareBytes } from '../bytes.ts';
import { DELETE } from '../entry.ts';
import type { EntryCursor, RangeDelete } from '../entry.ts';
import { KeyMemory } from '../merge/key-memory.ts';
import { anyReaches, keyAfter, partsWithin } from './range-parts.ts';
import type { EntryWriter, SegmentOutputs } from './segment-outputs.ts';
import { DROP, KEEP } from './version-filter.ts';
import type { VersionFilter } from './version-filter.ts';

/** After so many bytes of entries, what was written is passed on, and others get their turn. */
const PAUSE_BYTES = 256 * 1024;
/** What an entry counts for even if it is dropped, so that there are pauses then, too. */
const ENTRY_BYTES = 16;
const NOTHING = new Uint8Array(0);

export interface EntryMerge {
  readonly cursor: EntryCursor;
  /** Of all inputs. */
  readonly rangeDeletes: readonly RangeDelete[];
  readonly filter: VersionFilter;
  readonly outputs: SegmentOutputs;
  /** Called again and again with the number of bytes written since the last time. */
  readonly pause: (bytesWritten: number) => Promise<void>;
}

/**
 * Writes the entries that the filter keeps, in segments that follow each other. A segment ends between two keys, never between versions of one, and carries the parts of
 * the range deletions from the end of the one before it to its own end; the first and the last have no bound on their outer side.
 */
export async function mergeEntries(merge: EntryMerge): Promise<{ entriesIn: number; entriesOut: number }> {
  const { cursor, rangeDeletes, filter, outputs, pause } = merge;
  const lastKey = new KeyMemory();
  const deletion = new ExpiredEntry();
  let entriesIn = 0;
  let entriesOut = 0;
  let untilPause = PAUSE_BYTES;
  let writer: EntryWriter | undefined;
  let start: Uint8Array | undefined;
  for (let live = cursor.seekFirst(); live; live = cursor.next()) {
    const sameKey = entriesIn > 0 && lastKey.is(cursor);
    if (!sameKey) {
      if (outputs.isFull) {
        const bound = keyAfter(lastKey.copy());
        if (separates(bound, cursor, rangeDeletes)) {
          addRangeDeletes(outputs.writer as EntryWriter, merge, start, bound);
          await pause(await outputs.end());
          writer = undefined;
          start = bound;
        }
      }
      lastKey.keep(cursor);
    }
    entriesIn++;
    untilPause -= ENTRY_BYTES;
    const verdict = filter.verdict(cursor, sameKey);
    if (verdict !== DROP) {
      writer ??= await outputs.begin();
      writer.add(verdict === KEEP ? cursor : deletion.of(cursor));
      entriesOut++;
      untilPause -= cursor.keyEnd - cursor.keyStart + cursor.valueEnd - cursor.valueStart;
    }
    if (untilPause <= 0) {
      untilPause = PAUSE_BYTES;
      await pause(await outputs.drain());
    }
  }
  if (writer === undefined && keptParts(merge, start, undefined).length > 0) writer = await outputs.begin();
  if (writer !== undefined) addRangeDeletes(writer, merge, start, undefined);
  await pause(await outputs.end());
  return { entriesIn, entriesOut };
}

/**
 * Whether two segments may meet at a bound. A part of a range deletion that ends there makes it the largest key of the segment before: then no entry of the segment after
 * may have it as its key, so that whoever looks for a key finds it in the first segment that does not end before it.
 */
function separates(bound: Uint8Array, next: EntryCursor, rangeDeletes: readonly RangeDelete[]): boolean {
  const isNext = compareBytes(bound, 0, bound.length, next.key, next.keyStart, next.keyEnd) === 0;
  return !isNext || !anyReaches(rangeDeletes, bound);
}

function keptParts(
  { rangeDeletes, filter }: EntryMerge,
  start: Uint8Array | undefined,
  end: Uint8Array | undefined,
): RangeDelete[] {
  return partsWithin(rangeDeletes, start, end).filter((part) => filter.keepsRangeDelete(part));
}

function addRangeDeletes(
  writer: EntryWriter,
  merge: EntryMerge,
  start: Uint8Array | undefined,
  end: Uint8Array | undefined,
): void {
  for (const part of keptParts(merge, start, end)) writer.addRangeDelete(part);
}

/** The deletion that an expired entry becomes. It is looked at, never moved. */
class ExpiredEntry implements EntryCursor {
  key: Uint8Array = NOTHING;
  keyStart = 0;
  keyEnd = 0;
  readonly kind = DELETE;
  seq = 0;
  readonly expiresMs = 0;
  readonly value = NOTHING;
  readonly valueStart = 0;
  readonly valueEnd = 0;

  of({ key, keyStart, keyEnd, seq }: EntryCursor): this {
    this.key = key;
    this.keyStart = keyStart;
    this.keyEnd = keyEnd;
    this.seq = seq;
    return this;
  }

  readonly seekFirst = (): boolean => false;
  readonly seekLast = (): boolean => false;
  readonly seek = (): boolean => false;
  readonly seekBefore = (): boolean => false;
  readonly next = (): boolean => false;
  readonly previous = (): boolean => false;
}
