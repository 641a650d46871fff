import type { Work } from './key-operation.ts';
import { DAYS, type Operation } from './operation.ts';
import type { Seeded } from './seeded.ts';

/** Small, so that flushes, large statements and compactions in the background happen all the time, and compactions make several segments. */
export const LIMITS = {
  memtableBytes: 12_000,
  largeRows: 60,
  segmentBytes: 16_000,
  mergeSegments: 2,
  kvMemtableBytes: 64_000,
  blockCacheBytes: 32_000,
  openFiles: 4,
};

export type Kind = Work['kind'];

/** How often each kind is drawn, in parts of the sum. */
const WEIGHTS: readonly (readonly [Kind, number])[] = [
  ['insert', 20],
  ['insert-large', 8],
  ['update', 15],
  ['update-day', 5],
  ['delete', 12],
  ['upsert', 16],
  ['flush', 8],
  ['vacuum', 4],
  ['tier-cold', 9],
  ['tier-hot', 7],
  ['key-put', 12],
  ['key-batch', 14],
  ['key-range', 5],
  ['transaction', 10],
];

/** Keys of the workload are numbers below it. */
const KEYS = 3000;

/** Kinds that change no row. */
const UNCHANGING: ReadonlySet<Kind> = new Set<Kind>(['flush', 'vacuum', 'tier-cold', 'tier-hot']);

/** Draws operations. New rows never take an id that an earlier insert may have used; upserts take any. */
export class Workload {
  readonly #random: Seeded;
  readonly #focus: Kind | undefined;
  #nextId: number;
  #tag: number;
  #keyTag: number;

  /** `focus` is drawn more often than its weight says. */
  constructor(random: Seeded, nextId: number, focus: Kind | undefined) {
    this.#random = random;
    this.#focus = focus;
    this.#nextId = nextId;
    this.#tag = nextId * 1000;
    this.#keyTag = random.between(0, 2 ** 31);
  }

  next(): Work {
    return this.#make(this.#draw(WEIGHTS));
  }

  /** An operation that changes rows. */
  change(): Work {
    return this.#make(this.#draw(WEIGHTS.filter(([kind]) => !UNCHANGING.has(kind))));
  }

  /** Changes of keys that are all different from each other and from `key`. */
  keyPuts(key: number, count: number): Work[] {
    return Array.from({ length: count }, (_, index) => ({
      kind: 'key-put',
      key: (key + index + 1) % KEYS,
      tag: this.#keyTag++,
    }));
  }

  inserts(count: number): Work[] {
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

  #make(kind: Kind): Work {
    const random = this.#random;
    switch (kind) {
      case 'insert':
        return { kind, ...this.#newRows(random.between(1, 5)) };
      case 'insert-large':
        return { kind, ...this.#newRows(random.between(61, 200)) };
      case 'update':
        return this.#update([5, 23, 101]);
      case 'update-day':
        return { kind, ...this.#slice([31, 101]), days: random.between(-20, 20) };
      case 'delete':
        return { kind, ...this.#slice([5, 13, 61, 211]) };
      case 'upsert':
        return this.#upsert();
      case 'flush':
      case 'vacuum':
        return { kind };
      case 'tier-cold':
      case 'tier-hot': {
        // Now and then everything moves: nothing else keeps the number of cold files small.
        if (random.next() < 0.25) return { kind, fromDay: -1000, toDay: 1000 };
        const fromDay = random.between(0, DAYS);
        return { kind, fromDay, toDay: fromDay + random.between(5, 60) };
      }
      case 'key-put':
        return { kind, key: random.between(0, KEYS - 1), tag: this.#keyTag++ };
      case 'key-batch':
        return { kind, firstKey: random.between(0, KEYS - 1), count: random.between(30, 120), tag: this.#keyTag++ };
      case 'key-range':
        return { kind, firstKey: random.between(0, KEYS - 1), count: random.between(1, 400) };
      case 'transaction':
        return { kind, rows: this.#update([23, 101]), key: random.between(0, KEYS - 1), tag: this.#keyTag++ };
    }
  }

  #update(moduli: readonly number[]): Operation & { kind: 'update' } {
    return { kind: 'update', ...this.#slice(moduli), amount: this.#random.between(1, 99) };
  }

  #upsert(): Work {
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
