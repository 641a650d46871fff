import type { Clock } from '../ports/clock.ts';

/** When commits of tables that keep their history were made, as far as no file says so yet. Times never go back, whatever the clock does. */
export class CommitTimes {
  readonly #clock: Clock;
  readonly #byTable = new Map<number, { seqs: number[]; times: number[] }>();
  #lastMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The time of a commit or an edit that is made now. */
  nowMs(): number {
    this.#lastMs = Math.max(this.#lastMs, Math.floor(this.#clock.nowMs()));
    return this.#lastMs;
  }

  /** What was before: later times are not earlier. */
  begin(timeMs: number): void {
    this.#lastMs = Math.max(this.#lastMs, timeMs);
  }

  /** In the order of commits. */
  note(tableId: number, seq: number, timeMs: number): void {
    this.begin(timeMs);
    let known = this.#byTable.get(tableId);
    if (known === undefined) {
      known = { seqs: [], times: [] };
      this.#byTable.set(tableId, known);
    }
    known.seqs.push(seq);
    known.times.push(timeMs);
  }

  /** Commits `from` and later, but before `until`, with their times. */
  between(tableId: number, from: number, until: number): { readonly seqs: number[]; readonly times: number[] } {
    const { seqs, times } = this.#byTable.get(tableId) ?? { seqs: [], times: [] };
    const start = firstAtLeast(seqs, from);
    const end = firstAtLeast(seqs, until);
    return { seqs: seqs.slice(start, end), times: times.slice(start, end) };
  }

  /** The last commit of a table, `from` or later, that was made at `timeMs` or before. */
  lastUpTo(tableId: number, from: number, timeMs: number): number | undefined {
    const { seqs, times } = this.#byTable.get(tableId) ?? { seqs: [], times: [] };
    const seq = seqs[firstAtLeast(times, timeMs + 1) - 1];
    return seq === undefined || seq < from ? undefined : seq;
  }

  /** Forgets the commits of a table before `seq`. */
  forget(tableId: number, seq: number): void {
    const known = this.#byTable.get(tableId);
    if (known === undefined) return;
    const count = firstAtLeast(known.seqs, seq);
    known.seqs.splice(0, count);
    known.times.splice(0, count);
    if (known.seqs.length === 0) this.#byTable.delete(tableId);
  }
}

/** Index of the first of ascending numbers that is not below a value. */
function firstAtLeast(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
