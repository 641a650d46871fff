import type { KeyRange } from '../../ports/kv-jobs.ts';
import { compareBytes } from '../bytes.ts';
import { DELETE } from '../entry.ts';
import type { EntryCursor, RangeDelete } from '../entry.ts';
import { isExpired } from '../merge/expiry.ts';
import { RangeDeleteSet } from '../merge/range-delete-set.ts';

export const DROP = 0;
export const KEEP = 1;
/** Keep it as a deletion: it has expired, but may hide an older version elsewhere. */
export const KEEP_AS_DELETION = 2;
export type Verdict = typeof DROP | typeof KEEP | typeof KEEP_AS_DELETION;

/**
 * Says which entries of a job anybody can still see. Snapshots cut the seqs into stripes: those up to the oldest snapshot, those after it up to the next, and
 * so on, the last one being open. Readers see the newest version of one stripe or another, so of each stripe only that counts, and only if no range deletion
 * of the same stripe covers it. Entries are to be given in internal order.
 */
export class VersionFilter {
  readonly #snapshots: readonly number[];
  readonly #nowMs: number;
  readonly #rangeDeletes: RangeDeleteSet;
  readonly #older: readonly KeyRange[] | 'everything';
  /** First range of `#older` that does not end before the current key. */
  #olderAt = 0;
  /** Stripe of the version of the current key that was last given, or one past all stripes. */
  #stripe: number;

  /** `older`: ascending ranges of segments with older entries than the job's; `everything` when that is not known. */
  constructor(
    snapshots: readonly number[],
    nowMs: number,
    rangeDeletes: Iterable<RangeDelete>,
    older: readonly KeyRange[] | 'everything',
  ) {
    this.#snapshots = snapshots;
    this.#nowMs = nowMs;
    this.#rangeDeletes = new RangeDeleteSet(rangeDeletes);
    this.#older = older;
    this.#stripe = snapshots.length + 1;
  }

  /** `sameKey`: whether the entry is a version of the key of the entry before it. */
  verdict(entry: EntryCursor, sameKey: boolean): Verdict {
    const snapshots = this.#snapshots;
    const newer = sameKey ? this.#stripe : snapshots.length + 1;
    const stripe = this.#stripeOf(entry.seq, Math.min(newer, snapshots.length));
    this.#stripe = stripe;
    if (stripe === newer || this.#isCovered(entry, stripe)) return DROP;
    const isDeletion = entry.kind === DELETE;
    if (!isDeletion && !isExpired(entry.expiresMs, this.#nowMs)) return KEEP;
    if (stripe === 0 && !this.#mayHaveOlder(entry)) return DROP;
    return isDeletion ? KEEP : KEEP_AS_DELETION;
  }

  /** Whether a range deletion is to be kept for the keys of a range (its own, or a part of it): unless every reader sees it and it hides nothing that is left. */
  keepsRangeDelete({ start, end, seq }: RangeDelete): boolean {
    if (this.#snapshots.length > 0 && seq > (this.#snapshots[0] as number)) return true;
    if (this.#older === 'everything') return true;
    return this.#older.some(
      ({ smallest, largest }) =>
        compareBytes(smallest, 0, smallest.length, end, 0, end.length) < 0 &&
        compareBytes(largest, 0, largest.length, start, 0, start.length) >= 0,
    );
  }

  /** Number of snapshots that are older than `seq`; `from` is known not to be too small. */
  #stripeOf(seq: number, from: number): number {
    let stripe = from;
    while (stripe > 0 && (this.#snapshots[stripe - 1] as number) >= seq) stripe--;
    return stripe;
  }

  #isCovered(entry: EntryCursor, stripe: number): boolean {
    if (this.#rangeDeletes.size === 0) return false;
    const maxSeq = this.#snapshots[stripe] ?? Number.MAX_SAFE_INTEGER;
    return this.#rangeDeletes.coveringSeq(entry.key, entry.keyStart, entry.keyEnd, maxSeq) > entry.seq;
  }

  #mayHaveOlder({ key, keyStart, keyEnd }: EntryCursor): boolean {
    if (this.#older === 'everything') return true;
    for (; this.#olderAt < this.#older.length; this.#olderAt++) {
      const { smallest, largest } = this.#older[this.#olderAt] as KeyRange;
      if (compareBytes(largest, 0, largest.length, key, keyStart, keyEnd) < 0) continue;
      return compareBytes(smallest, 0, smallest.length, key, keyStart, keyEnd) <= 0;
    }
    return false;
  }
}
