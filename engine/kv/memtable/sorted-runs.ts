import type { ArenaView } from './arena.ts';
import { mergeRuns, sortNodes } from './sort-nodes.ts';

/** A run this many times larger than the next one is left alone. */
const SIZE_RATIO = 4;
const FIRST_PENDING = 256;

/** Plain data that can be posted to a worker. */
export interface SharedRuns {
  readonly sorted: readonly Int32Array[];
  readonly pending: Int32Array;
}

/**
 * The nodes of a memtable in key order, made when somebody asks: nodes added since the last time become a run of their own, and runs of
 * similar size are merged, so that turns of one put and one scan cost O(log n) per key. A run never changes once it is made.
 */
export class SortedRuns {
  readonly #arena: ArenaView;
  /** From the oldest and largest on. */
  #runs: readonly Int32Array[];
  #pending: Int32Array;
  #pendingCount: number;
  #sortedCount = 0;

  constructor(arena: ArenaView, shared?: SharedRuns) {
    this.#arena = arena;
    this.#runs = shared?.sorted ?? [];
    this.#pending = shared?.pending ?? sharedWords(FIRST_PENDING);
    this.#pendingCount = shared?.pending.length ?? 0;
    for (const run of this.#runs) this.#sortedCount += run.length;
  }

  get sizeBytes(): number {
    return 4 * this.#sortedCount + this.#pending.byteLength;
  }

  add(node: number): void {
    if (this.#pendingCount === this.#pending.length) {
      const larger = sharedWords(2 * this.#pendingCount);
      larger.set(this.#pending);
      this.#pending = larger;
    }
    this.#pending[this.#pendingCount++] = node;
  }

  /** Runs that together hold every node once, each in key order. */
  sorted(): readonly Int32Array[] {
    if (this.#pendingCount === 0) return this.#runs;
    const run = sharedWords(this.#pendingCount);
    run.set(this.#pending.subarray(0, this.#pendingCount));
    sortNodes(this.#arena, run);
    this.#sortedCount += run.length;
    this.#pendingCount = 0;
    if (this.#pending.length > 4 * FIRST_PENDING) this.#pending = sharedWords(FIRST_PENDING);
    this.#runs = this.#tidied([...this.#runs, run]);
    return this.#runs;
  }

  share(): SharedRuns {
    return { sorted: this.#runs, pending: this.#pending.subarray(0, this.#pendingCount) };
  }

  #tidied(runs: Int32Array[]): Int32Array[] {
    while (runs.length > 1) {
      const last = runs.at(-1) as Int32Array;
      const before = runs.at(-2) as Int32Array;
      if (before.length >= SIZE_RATIO * last.length) break;
      const merged = sharedWords(before.length + last.length);
      mergeRuns(this.#arena, before, last, merged);
      runs.splice(-2, 2, merged);
    }
    return runs;
  }
}

function sharedWords(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}
