import { DAYS, type Operation } from './operation.ts';
import type { Seeded } from './seeded.ts';

/** Small, so that flushes and large statements happen all the time. */
export const LIMITS = { memtableBytes: 12_000, largeRows: 60 };

export type Kind = Operation['kind'];

/** How often each kind is drawn, in parts of the sum. */
const WEIGHTS: readonly (readonly [Kind, number])[] = [
  ['insert', 20],
  ['insert-large', 8],
  ['update', 15],
  ['update-day', 5],
  ['delete', 12],
  ['upsert', 16],
  ['flush', 8],
  ['tier-cold', 9],
  ['tier-hot', 7],
];

/** Draws operations. New rows never take an id that an earlier insert may have used; upserts take any. */
export class Workload {
  readonly #random: Seeded;
  readonly #focus: Kind | undefined;
  #nextId: number;
  #tag: number;

  /** `focus` is drawn more often than its weight says. */
  constructor(random: Seeded, nextId: number, focus: Kind | undefined) {
    this.#random = random;
    this.#focus = focus;
    this.#nextId = nextId;
    this.#tag = nextId * 1000;
  }

  next(): Operation {
    return this.#make(this.#draw(WEIGHTS));
  }

  /** An operation that changes rows. */
  change(): Operation {
    return this.#make(this.#draw(WEIGHTS.filter(([kind]) => kind !== 'flush' && !kind.startsWith('tier'))));
  }

  inserts(count: number): Operation[] {
    return Array.from({ length: count }, () => this.#make('insert'));
  }

  #draw(weights: readonly (readonly [Kind, number])[]): Kind {
    const isDrawable = weights.some(([kind]) => kind === this.#focus);
    if (this.#focus !== undefined && isDrawable && this.#random.next() < 0.25) return this.#focus;
    const sum = weights.reduce((total, [, weight]) => total + weight, 0);
    let left = this.#random.next() * sum;
    for (const [kind, weight] of weights) if ((left -= weight) < 0) return kind;
    return 'insert';
  }

  #make(kind: Kind): Operation {
    const random = this.#random;
    switch (kind) {
      case 'insert':
        return { kind, ...this.#newRows(random.between(1, 5)) };
      case 'insert-large':
        return { kind, ...this.#newRows(random.between(61, 200)) };
      case 'update':
        return { kind, ...this.#slice([5, 23, 101]), amount: random.between(1, 99) };
      case 'update-day':
        return { kind, ...this.#slice([31, 101]), days: random.between(-20, 20) };
      case 'delete':
        return { kind, ...this.#slice([5, 13, 61, 211]) };
      case 'upsert':
        return this.#upsert();
      case 'flush':
        return { kind };
      case 'tier-cold':
      case 'tier-hot': {
        // Now and then everything moves: without compaction, nothing else keeps the number of files small.
        if (random.next() < 0.25) return { kind, fromDay: -1000, toDay: 1000 };
        const fromDay = random.between(0, DAYS);
        return { kind, fromDay, toDay: fromDay + random.between(5, 60) };
      }
    }
  }

  #upsert(): Operation {
    const conflict = (['add', 'replace', 'nothing'] as const)[this.#random.between(0, 2)] ?? 'add';
    const count = this.#random.next() < 0.3 ? this.#random.between(61, 120) : this.#random.between(1, 8);
    const firstId = this.#random.between(1, this.#nextId);
    this.#nextId = Math.max(this.#nextId, firstId + count);
    return { kind: 'upsert', conflict, firstId, count, tag: this.#tag++ };
  }

  #newRows(count: number): { firstId: number; count: number; tag: number } {
    const firstId = this.#nextId;
    this.#nextId += count;
    return { firstId, count, tag: this.#tag++ };
  }

  #slice(moduli: readonly number[]): { modulus: number; remainder: number } {
    const modulus = moduli[this.#random.between(0, moduli.length - 1)] ?? 101;
    return { modulus, remainder: this.#random.between(0, modulus - 1) };
  }
}
