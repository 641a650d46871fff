import { AlopexError, type AlopexDB, type IsolationLevel, type TransactionHandle } from '../../../index.ts';
import { Chance } from './chance.ts';
import type { Operation, TransactionRecord } from './history.ts';
import { placeOf } from './list-places.ts';

export interface HistorySettings {
  readonly isolation: IsolationLevel;
  readonly seed: number;
  /** Lists; the part of a name before the hyphen says where one is kept. */
  readonly keys: readonly [string, ...string[]];
  readonly workers: number;
  /** For each worker, attempts that fail included. */
  readonly transactions: number;
  /** What goes on meanwhile: flushes, moves between the tiers. */
  readonly upkeep: readonly (() => Promise<unknown>)[];
}

/** What a transaction throws to be rolled back. */
class ChangeOfMind extends Error {}

/** Random transactions of several workers at the same time, and at the end one that reads all. */
export async function runHistory(db: AlopexDB, settings: HistorySettings): Promise<TransactionRecord[]> {
  const run = new HistoryRun(db, settings);
  await db.transaction(async (tx) => {
    for (const key of settings.keys) await placeOf(key).create?.(tx, key);
  });
  const working = new AbortController();
  const upkeep = settings.upkeep.map(async (step, index) => {
    const chance = new Chance(settings.seed * 977 + index);
    while (!working.signal.aborted) {
      await step();
      const turns = chance.below(40);
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const workers = Array.from({ length: settings.workers }, (_, worker) =>
    run.work(new Chance(settings.seed * 131 + worker)),
  );
  try {
    await Promise.all(workers);
  } finally {
    working.abort();
    await Promise.all(upkeep);
  }
  await run.readAll();
  return run.history;
}

class HistoryRun {
  readonly history: TransactionRecord[] = [];
  readonly #db: AlopexDB;
  readonly #settings: HistorySettings;
  #nextId = 1;
  #nextValue = 1;
  #ticks = 0;

  constructor(db: AlopexDB, settings: HistorySettings) {
    this.#db = db;
    this.#settings = settings;
  }

  async work(chance: Chance): Promise<void> {
    for (let count = 0; count < this.#settings.transactions; count++) {
      await this.#attempt((tx, operations) => this.#body(tx, operations, chance));
      await chance.pause();
    }
  }

  async readAll(): Promise<void> {
    const chance = new Chance(this.#settings.seed);
    await this.#attempt(async (tx, operations) => {
      for (const key of this.#settings.keys) await this.#read(tx, key, operations, chance);
    });
  }

  async #attempt(body: (tx: TransactionHandle, operations: Operation[]) => Promise<void>): Promise<void> {
    const { isolation } = this.#settings;
    const operations: Operation[] = [];
    const began = ++this.#ticks;
    let outcome: 'committed' | 'aborted' = 'aborted';
    try {
      await this.#db.transaction((tx) => body(tx, operations), { isolation, maxAttempts: 1 });
      outcome = 'committed';
    } catch (error) {
      const isConflict = error instanceof AlopexError && error.code === '40001';
      if (!isConflict && !(error instanceof ChangeOfMind)) throw error;
    }
    this.history.push({ id: this.#nextId++, operations, outcome, began, ended: ++this.#ticks });
  }

  async #body(tx: TransactionHandle, operations: Operation[], chance: Chance): Promise<void> {
    const count = 1 + chance.below(5);
    for (let done = 0; done < count; done++) {
      const key = chance.pick(this.#settings.keys);
      const way = chance.below(10);
      if (way < 4) await this.#read(tx, key, operations, chance);
      else if (way < 9) await this.#append(tx, key, operations, chance);
      else await this.#undone(tx, operations, chance);
      await chance.pause();
    }
    if (chance.happens(0.05)) throw new ChangeOfMind();
  }

  async #read(tx: TransactionHandle, key: string, operations: Operation[], chance: Chance): Promise<void> {
    operations.push({ kind: 'read', key, list: await placeOf(key).read(tx, key, chance) });
  }

  async #append(tx: TransactionHandle, key: string, operations: Operation[], chance: Chance): Promise<void> {
    const list = await placeOf(key).read(tx, key, chance);
    const value = this.#nextValue++;
    operations.push({ kind: 'append', key, value });
    await placeOf(key).write(tx, key, [...list, value], chance);
  }

  /** Additions that a savepoint takes back: as if another transaction had made them and aborted. */
  async #undone(tx: TransactionHandle, operations: Operation[], chance: Chance): Promise<void> {
    const savepoint = tx.savepoint();
    const undone: Operation[] = [];
    const seen: Operation[] = [];
    for (let count = 1 + chance.below(2); count > 0; count--) {
      await this.#append(tx, chance.pick(this.#settings.keys), undone, chance);
    }
    await savepoint.rollBack();
    const ticks = ++this.#ticks;
    this.history.push({ id: this.#nextId++, operations: undone, outcome: 'aborted', began: ticks, ended: ticks });
    const [first] = undone;
    if (first !== undefined) await this.#read(tx, first.key, seen, chance);
    operations.push(...seen);
  }
}
