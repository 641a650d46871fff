import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';
import type { JournalEntry } from './journal.ts';
import { applyWork, keyDifferences, readKeys, type Contents, type Work } from './key-operation.ts';
import { CREATE_TABLE } from './operation.ts';
import { Seeded } from './seeded.ts';
import { checkFigures, differences, readColdTable, readModel } from './verify.ts';
import { LIMITS, type Kind } from './workload.ts';
import { WorkerProcess } from './worker-process.ts';

const SEED = 20_241_122;
const KILLS = Number(process.env['ALOPEX_KILLS'] ?? 32);
/** A kill that comes after the statement has returned does not count for its kind: then more rounds follow, up to this many. */
const MAX_KILLS = KILLS + 60;
/** Much more than a round takes on a machine with other things to do. */
const MAX_ROUND_MS = 8_000;
const HITS_OF_EACH_KIND = 3;

/** Kinds of moments that a kill can hit. */
type Moment = 'open' | 'keys' | Exclude<Kind, 'update-day' | 'key-put' | 'key-batch' | 'key-range'>;
const MOMENTS: readonly Moment[] = [
  'insert',
  'keys',
  'tier-cold',
  'update',
  'flush',
  'transaction',
  'insert-large',
  'vacuum',
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
  'every acknowledged row and key survives SIGKILL exactly once, and nothing is half done',
  { timeout: MAX_KILLS * MAX_ROUND_MS },
  async () => {
    const random = new Seeded(SEED);
    const first = await AlopexDB.open(folder, { limits: LIMITS });
    await first.execute(CREATE_TABLE);
    await first.close();

    const hits = new Map<Moment, number>(MOMENTS.map((moment) => [moment, 0]));
    /** How long a statement of a kind takes, so that kills are spread over its whole length. */
    const durationsMs = new Map<Moment, number>();
    const isCovered = (): boolean => MOMENTS.every((moment) => (hits.get(moment) ?? 0) >= HITS_OF_EACH_KIND);
    let model: Contents = { rows: new Map(), keys: new Map() };
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
        await worker.work({ folder, seed: random.between(0, 2 ** 31), nextId, focus: focusOf(target) }, (entry) =>
          round.hear(entry),
        );
        expect(round.failure ?? worker.stderr, `round ${kills}`).toBe('');
        expect(worker.wasKilled).toBe(true);
        kills++;
        for (const moment of round.momentsAtDeath()) hits.set(moment, (hits.get(moment) ?? 0) + 1);
        for (const operation of round.acknowledged) model = applyWork(model, operation);
        acknowledged += round.acknowledged.length;
        nextId = Math.max(nextId, round.lastId + 1);

        const db = await AlopexDB.open(folder, { limits: LIMITS, threads: 2 });
        try {
          const found = { rows: await readModel(db), keys: await readKeys(db) };
          const difference = closest(model, round.inFlight(), found);
          expect(
            difference.slice(0, 10),
            `round ${kills}, killed in ${target}: ${JSON.stringify(round.inFlight())}`,
          ).toEqual([]);
          model = found;
          await checkFigures(db, folder, found.rows);
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
    expect(model.rows.size).toBeGreaterThan(500);
    expect(model.keys.size).toBeGreaterThan(500);

    // With everything cold and no delete pending, the Iceberg table alone is the table.
    const last = await AlopexDB.open(folder, { limits: LIMITS });
    await last.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    expect(differences(model.rows, await readModel(last))).toEqual([]);
    expect(keyDifferences(model.keys, await readKeys(last))).toEqual([]);
    await checkFigures(last, folder, model.rows);
    await last.kv.settled();
    expect(last.kv.metrics().levels.at(-1)?.segmentCount, 'segments that compactions have made').toBeGreaterThan(0);
    await last.close();
    expect(differences(model.rows, await readColdTable(folder))).toEqual([]);
  },
);

/**
 * How what is there differs from the model with the work that was under way: each piece of it wholly there or wholly absent, rows and keys together. Only one of them
 * depends on what was there before it (the others are inserts of new rows, or puts of different keys), so their order does not matter.
 */
function closest(model: Contents, inFlight: readonly Work[], found: Contents): string[] {
  let best: string[] | undefined;
  for (let subset = 0; subset < 2 ** inFlight.length; subset++) {
    const expected = inFlight.filter((_, index) => (subset & (1 << index)) !== 0).reduce(applyWork, model);
    const lines = [...differences(expected.rows, found.rows), ...keyDifferences(expected.keys, found.keys)];
    if (best === undefined || lines.length < best.length) best = lines;
  }
  return best ?? [];
}

/** One life of a worker: listens to its journal and kills it at a random moment of the kind that is its target. */
class Round {
  readonly acknowledged: Work[] = [];
  /** The highest id that an insert may have used. */
  lastId = 0;
  failure: string | undefined;
  readonly #pending = new Map<number, { operation: Work; startedMs: number }>();
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
  inFlight(): Work[] {
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

function momentOf({ kind }: Work): Moment {
  if (kind === 'update-day') return 'update';
  return kind === 'key-put' || kind === 'key-batch' || kind === 'key-range' ? 'keys' : kind;
}

function focusOf(target: Moment): Kind | undefined {
  if (target === 'open') return undefined;
  return target === 'keys' ? 'key-batch' : target;
}
