import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';
import type { JournalEntry } from './journal.ts';
import { apply, CREATE_TABLE, type Model, type Operation } from './operation.ts';
import { Seeded } from './seeded.ts';
import { checkFigures, differences, readColdTable, readModel } from './verify.ts';
import { LIMITS } from './workload.ts';
import { WorkerProcess } from './worker-process.ts';

const SEED = 20_241_122;
const KILLS = 32;
/** A kill that comes after the statement has returned does not count for its kind: then more rounds follow, up to this many. */
const MAX_KILLS = 90;
const HITS_OF_EACH_KIND = 3;

/** Kinds of moments that a kill can hit. */
type Moment = 'open' | 'insert' | 'insert-large' | 'update' | 'delete' | 'upsert' | 'flush' | 'tier-cold' | 'tier-hot';
const MOMENTS: readonly Moment[] = [
  'insert',
  'tier-cold',
  'update',
  'flush',
  'insert-large',
  'tier-hot',
  'delete',
  'upsert',
  'open',
];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-crash-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test(
  'every acknowledged row survives SIGKILL exactly once, and no statement is half done',
  { timeout: 400_000 },
  async () => {
    const random = new Seeded(SEED);
    const first = await AlopexDB.open(folder, { limits: LIMITS });
    await first.execute(CREATE_TABLE);
    await first.close();

    const hits = new Map<Moment, number>(MOMENTS.map((moment) => [moment, 0]));
    /** How long a statement of a kind takes, so that kills are spread over its whole length. */
    const durationsMs = new Map<Moment, number>();
    const isCovered = (): boolean => MOMENTS.every((moment) => (hits.get(moment) ?? 0) >= HITS_OF_EACH_KIND);
    let model: Model = new Map();
    let nextId = 1;
    let acknowledged = 0;
    let kills = 0;
    let ready = new WorkerProcess();
    try {
      while (kills < KILLS || (!isCovered() && kills < MAX_KILLS)) {
        const worker = ready;
        ready = new WorkerProcess();
        const lacking = MOMENTS.filter((moment) => (hits.get(moment) ?? 0) < HITS_OF_EACH_KIND);
        const target =
          (kills < KILLS ? MOMENTS : lacking)[kills % (kills < KILLS ? MOMENTS : lacking).length] ?? 'insert';
        const round = new Round(worker, target, random, durationsMs);
        await worker.work(
          { folder, seed: random.between(0, 2 ** 31), nextId, focus: target === 'open' ? undefined : target },
          (entry) => round.hear(entry),
        );
        expect(round.failure ?? worker.stderr, `round ${kills}`).toBe('');
        expect(worker.wasKilled).toBe(true);
        kills++;
        for (const moment of round.momentsAtDeath()) hits.set(moment, (hits.get(moment) ?? 0) + 1);
        for (const operation of round.acknowledged) model = apply(model, operation);
        acknowledged += round.acknowledged.length;
        nextId = Math.max(nextId, round.lastId + 1);

        const db = await AlopexDB.open(folder, { limits: LIMITS, threads: 2 });
        try {
          const rows = await readModel(db);
          const difference = closest(model, round.inFlight(), rows);
          expect(
            difference.slice(0, 10),
            `round ${kills}, killed in ${target}: ${JSON.stringify(round.inFlight())}`,
          ).toEqual([]);
          model = rows;
          await checkFigures(db, folder, rows);
        } finally {
          await db.close();
        }
      }
    } finally {
      await ready.discard();
    }

    const summary = JSON.stringify(Object.fromEntries(hits));
    expect(isCovered(), `statements under way when a kill came: ${summary}`).toBe(true);
    expect(acknowledged).toBeGreaterThan(kills);
    expect(model.size).toBeGreaterThan(500);

    // With everything cold and no delete pending, the Iceberg table alone is the table.
    const last = await AlopexDB.open(folder, { limits: LIMITS });
    await last.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    expect(differences(model, await readModel(last))).toEqual([]);
    await checkFigures(last, folder, model);
    await last.close();
    expect(differences(model, await readColdTable(folder))).toEqual([]);
  },
);

/**
 * How the rows differ from the model with the statements that were under way: each of them wholly there or wholly absent. Only one of them depends on the rows
 * before it (the others are inserts of new rows), so their order does not matter.
 */
function closest(model: Model, inFlight: readonly Operation[], rows: Model): string[] {
  let best: string[] | undefined;
  for (let subset = 0; subset < 2 ** inFlight.length; subset++) {
    const done = inFlight.filter((_, index) => (subset & (1 << index)) !== 0);
    const found = differences(done.reduce(apply, model), rows);
    if (best === undefined || found.length < best.length) best = found;
  }
  return best ?? [];
}

/** One life of a worker: listens to its journal and kills it at a random moment of the kind that is its target. */
class Round {
  readonly acknowledged: Operation[] = [];
  /** The highest id that an insert may have used. */
  lastId = 0;
  failure: string | undefined;
  readonly #pending = new Map<number, { operation: Operation; startedMs: number }>();
  readonly #worker: WorkerProcess;
  readonly #target: Moment;
  readonly #durationsMs: Map<Moment, number>;
  readonly #fraction: number;
  #toSkip: number;
  #openingSinceMs: number | undefined;

  constructor(worker: WorkerProcess, target: Moment, random: Seeded, durationsMs: Map<Moment, number>) {
    this.#worker = worker;
    this.#target = target;
    this.#durationsMs = durationsMs;
    this.#fraction = random.next();
    this.#toSkip = random.between(0, 2);
  }

  hear(entry: JournalEntry): void {
    const nowMs = performance.now();
    switch (entry.entry) {
      case 'opening':
        this.#openingSinceMs = nowMs;
        if (this.#target === 'open') this.#killSoon();
        return;
      case 'opened':
        this.#learn('open', nowMs - (this.#openingSinceMs ?? nowMs));
        this.#openingSinceMs = undefined;
        return;
      case 'intent': {
        const { number, operation } = entry;
        this.#pending.set(number, { operation, startedMs: nowMs });
        if ('firstId' in operation) this.lastId = Math.max(this.lastId, operation.firstId + operation.count - 1);
        if (momentOf(operation) === this.#target && this.#toSkip-- === 0) this.#killSoon();
        return;
      }
      case 'acknowledged': {
        const done = this.#pending.get(entry.number);
        if (done === undefined) throw new Error(`statement ${entry.number} was acknowledged before it began`);
        this.#pending.delete(entry.number);
        this.acknowledged.push(done.operation);
        this.#learn(momentOf(done.operation), nowMs - done.startedMs);
        return;
      }
      case 'failed':
        this.failure = entry.message;
    }
  }

  /** What was under way when the process died. */
  momentsAtDeath(): Set<Moment> {
    if (this.#openingSinceMs !== undefined) return new Set(['open']);
    return new Set(Array.from(this.#pending.values(), ({ operation }) => momentOf(operation)));
  }

  /** Statements that were neither acknowledged nor refused. */
  inFlight(): Operation[] {
    return Array.from(this.#pending.values(), ({ operation }) => operation);
  }

  #killSoon(): void {
    const delayMs = this.#fraction * (this.#durationsMs.get(this.#target) ?? 10);
    if (delayMs < 1) setImmediate(() => this.#worker.kill());
    else setTimeout(() => this.#worker.kill(), delayMs);
  }

  #learn(moment: Moment, durationMs: number): void {
    const known = this.#durationsMs.get(moment);
    this.#durationsMs.set(moment, known === undefined ? durationMs : 0.7 * known + 0.3 * durationMs);
  }
}

function momentOf(operation: Operation): Moment {
  return operation.kind === 'update-day' ? 'update' : operation.kind;
}
