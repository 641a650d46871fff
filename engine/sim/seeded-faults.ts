import type { Extent, Fault, FaultCounters, FaultPolicy, IoCall, IoKind } from './fault.ts';
import type { SeededRandom } from './random.ts';

/** How likely each kind of trouble is, for one call that it can befall. */
export interface FaultRates {
  /** EIO on reading, listing and looking up. */
  readonly readError: number;
  /** EIO on changes: creating, writing, cutting off, removing. */
  readonly writeError: number;
  /** A sync that fails, and loses what it was to make safe. */
  readonly syncError: number;
  /** The disk gets full, for a while. */
  readonly diskFull: number;
  /** Calls after which there is space again. */
  readonly diskFullCalls: number;
  /** Fewer bytes than asked for. */
  readonly shortRead: number;
  /** The store does not answer, and has or has not done what was asked. */
  readonly storeError: number;
  /** The process dies at a call; at one of the kernel, where nothing is at stake, it does so rarely. */
  readonly crash: number;
}

export const QUIET: FaultRates = {
  readError: 0,
  writeError: 0,
  syncError: 0,
  diskFull: 0,
  diskFullCalls: 0,
  shortRead: 0,
  storeError: 0,
  crash: 0,
};

const READS: ReadonlySet<IoKind> = new Set(['read', 'list', 'size', 'read-at']);
const CHANGES: ReadonlySet<IoKind> = new Set([
  'open',
  'append',
  'reserve',
  'write',
  'truncate',
  'make-folder',
  'remove',
  'remove-folder',
  'kernel-write',
]);
const SYNCS: ReadonlySet<IoKind> = new Set(['sync', 'sync-file', 'sync-folder']);
/** What needs space. */
const GROWING: ReadonlySet<IoKind> = new Set(['open', 'append', 'reserve', 'write', 'make-folder', 'kernel-write']);
const KERNEL_CRASH = 0.05;
const EXTENTS: readonly Extent[] = ['nothing', 'part', 'all'];

/** Faults by seed. */
export class SeededFaults implements FaultPolicy {
  /** While false, nothing goes wrong. */
  isActive = true;
  readonly #random: SeededRandom;
  readonly #rates: FaultRates;
  readonly #counters: FaultCounters;
  #fullForCalls = 0;

  constructor(random: SeededRandom, rates: FaultRates, counters: FaultCounters) {
    this.#random = random;
    this.#rates = rates;
    this.#counters = counters;
  }

  decide(call: IoCall): Fault | undefined {
    if (!this.isActive) return undefined;
    const { kind } = call;
    const random = this.#random;
    const rates = this.#rates;
    if (kind === 'read-at') {
      if (random.chance(rates.shortRead)) return { kind: 'short' };
    } else if (random.chance(kind === 'kernel' ? rates.crash * KERNEL_CRASH : rates.crash)) {
      return { kind: 'crash', done: random.pick(EXTENTS) };
    }
    if (GROWING.has(kind) && this.#isFull()) return { kind: 'error', code: 'ENOSPC', done: this.#partOf(kind) };
    if (READS.has(kind) && random.chance(rates.readError)) return { kind: 'error', code: 'EIO', done: 'nothing' };
    if (CHANGES.has(kind) && random.chance(rates.writeError)) {
      return { kind: 'error', code: 'EIO', done: kind === 'append' ? random.pick(EXTENTS) : this.#partOf(kind) };
    }
    if (SYNCS.has(kind) && random.chance(rates.syncError)) return { kind: 'error', code: 'EIO', done: 'dropped' };
    if (kind === 'store-read' && random.chance(rates.storeError))
      return { kind: 'error', code: 'EIO', done: 'nothing' };
    if (kind === 'store-write' && random.chance(rates.storeError)) {
      return { kind: 'error', code: 'EIO', done: random.chance(0.5) ? 'nothing' : 'all' };
    }
    return undefined;
  }

  #isFull(): boolean {
    if (this.#fullForCalls > 0) {
      this.#fullForCalls--;
      if (this.#fullForCalls === 0) this.#counters.count('space on the disk again');
      return true;
    }
    if (!this.#random.chance(this.#rates.diskFull)) return false;
    this.#fullForCalls = 1 + this.#random.below(this.#rates.diskFullCalls * 2);
    return true;
  }

  /** Creating and removing happen or not; writing can stop in the middle. */
  #partOf(kind: IoKind): Extent {
    return (kind === 'append' || kind === 'reserve' || kind === 'write' || kind === 'kernel-write') &&
      this.#random.chance(0.5)
      ? 'part'
      : 'nothing';
  }
}
