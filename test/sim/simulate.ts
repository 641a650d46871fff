import { FaultCounters, isInjected } from '../../engine/sim/fault.ts';
import type { SeededRandom } from '../../engine/sim/random.ts';
import { SeededFaults } from '../../engine/sim/seeded-faults.ts';
import type { AlopexDB } from '../../index.ts';
import { checkFlippedBit } from './bit-flip.ts';
import { defaultMix, type Mix } from './mix.ts';
import type { Kernels } from './kernels.ts';
import { Model, Violation, type Change } from './model.ts';
import { LIMITS } from './limits.ts';
import { drawWeather, type Weather } from './weather.ts';
import type { Turn, Workload } from './workload.ts';
import { World, type PlantedBug } from './world.ts';

export interface SimulationOptions {
  readonly kernels: Kernels;
  readonly operations: number;
  /** What is done, and how often; by default, what the database can do. */
  readonly mix?: Mix;
  readonly tasks?: number;
  readonly weather?: Partial<Weather>;
  readonly bug?: PlantedBug;
  readonly keepTrace?: boolean;
  readonly counters?: FaultCounters;
}

export interface SimulationResult {
  readonly seed: number;
  /** Equal for two runs of a seed. */
  readonly fingerprint: string;
  readonly processes: number;
  readonly operations: number;
  /** The promise that was broken, if one was. */
  readonly violation: Error | undefined;
  readonly trace: readonly string[] | undefined;
}

/** Runs one seed: a database that lives, dies and comes back until the operations are done. */
export async function simulate(seed: number, options: SimulationOptions): Promise<SimulationResult> {
  const simulation = new Simulation(seed, options);
  let violation: Error | undefined;
  try {
    await simulation.run();
  } catch (error) {
    violation = error instanceof Error ? error : new Error(String(error));
  } finally {
    simulation.world.dispose();
  }
  const { world, processes, operations } = simulation;
  const { fingerprint, lines } = world.trace;
  return { seed, fingerprint, processes, operations, violation, trace: lines };
}

const TASKS = 3;
const MAX_OPEN_ATTEMPTS = 3;
const DAY_MS = 86_400_000;

class Simulation {
  readonly world: World;
  processes = 0;
  operations = 0;
  readonly #options: SimulationOptions;
  readonly #random: SeededRandom;
  readonly #weather: Weather;
  readonly #faults: SeededFaults;
  readonly #counters: FaultCounters;
  readonly #workloads: readonly (readonly [Workload, number])[];
  readonly #tasks: number;
  readonly #model = new Model();
  /** Short reads before the process that lives now. */
  #shortReadsBefore = 0;

  constructor(seed: number, options: SimulationOptions) {
    this.#options = options;
    this.#counters = options.counters ?? new FaultCounters();
    this.world = new World({
      seed,
      kernels: options.kernels,
      counters: this.#counters,
      keepTrace: options.keepTrace ?? false,
      database: { limits: LIMITS, threads: 1 },
      ...(options.bug === undefined ? {} : { bug: options.bug }),
    });
    this.#random = this.world.random.fork();
    this.#weather = { ...drawWeather(this.#random), ...options.weather };
    this.#faults = new SeededFaults(this.world.random.fork(), this.#weather.rates, this.#counters);
    this.#tasks = options.tasks ?? TASKS;
    this.#workloads = (options.mix ?? defaultMix)(this.#tasks, this.world.time);
  }

  async run(): Promise<void> {
    while (this.operations < this.#options.operations) {
      const db = await this.#open();
      const limit = this.operations + 1 + this.#random.below(this.#weather.operationsPerProcess * 2);
      if (await this.#work(db, Math.min(limit, this.#options.operations))) await this.#close(db);
      if (this.#random.chance(this.#weather.bitFlip)) await this.#flipBit();
    }
    const db = await this.#open();
    await this.#quietly(() => db.close());
  }

  /** Opens the database, with trouble at first and without it in the end, and checks what is there. */
  async #open(): Promise<AlopexDB> {
    for (let attempt = 1; ; attempt++) {
      this.#faults.isActive = attempt <= MAX_OPEN_ATTEMPTS && this.operations < this.#options.operations;
      this.processes++;
      this.#shortReadsBefore = this.#shortReads;
      const open = await this.world.startProcess(this.#faults);
      const outcome = await this.world.drive(async () => {
        const db = await open();
        for (const [workload] of this.#workloads) await workload.prepare(db);
        return db;
      });
      if (outcome.kind === 'done') {
        this.#faults.isActive = false;
        await this.#quietly(async () => this.#model.recover(await this.#readAll(outcome.value), true));
        return outcome.value;
      }
      if (outcome.kind === 'failed') this.#tolerate(outcome.error, 'open');
      this.#die();
    }
  }

  /** Lets the tasks work. Returns whether the process still lives. */
  async #work(db: AlopexDB, limit: number): Promise<boolean> {
    const tasks = Array.from({ length: this.#tasks }, (_, task) => task);
    this.#faults.isActive = true;
    const outcome = await this.world.drive(() => Promise.all(tasks.map((task) => this.#task(db, task, limit))));
    if (outcome.kind === 'failed') throw outcome.error;
    if (outcome.kind === 'done') return true;
    this.#die();
    return false;
  }

  async #task(db: AlopexDB, task: number, limit: number): Promise<void> {
    const turn: Turn = { db, model: this.#model, random: this.#random, time: this.world.time, task };
    while (this.operations < limit) {
      this.operations++;
      this.#jumpClock();
      const workload = this.#random.weighted(this.#workloads);
      try {
        await workload.step(turn);
      } catch (error) {
        this.#tolerate(error, workload.name);
        if (!(await this.#livesOn(turn, workload))) return;
      }
    }
  }

  /** After an error: whether the database goes on, in which case nothing of the operation may have happened. */
  async #livesOn(turn: Turn, workload: Workload): Promise<boolean> {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        await workload.checkOwn(turn);
        return true;
      } catch (error) {
        this.#tolerate(error, 'read');
      }
    }
    return false;
  }

  async #close(db: AlopexDB): Promise<void> {
    const outcome = await this.world.drive(() => db.close());
    if (outcome.kind === 'failed') this.#tolerate(outcome.error, 'close');
    this.#die();
  }

  /** Whatever was under way is over; with the power, what was not safe goes too. */
  #die(): void {
    if (this.#random.chance(this.#weather.powerCut)) this.world.powerCut();
    else this.#counters.count('process killed');
  }

  async #flipBit(): Promise<void> {
    this.#faults.isActive = false;
    this.world.powerCut();
    await checkFlippedBit(this.world, this.#faults, this.#random, async (db) => {
      this.#model.recover(await this.#readAll(db), false);
    });
  }

  async #readAll(db: AlopexDB): Promise<Change> {
    const found: Change[] = [];
    for (const [workload] of this.#workloads) found.push(await workload.readAll(db));
    return new Map(found.flatMap((change) => [...change]));
  }

  async #quietly(life: () => Promise<void>): Promise<void> {
    const outcome = await this.world.drive(life);
    if (outcome.kind === 'crashed') throw new Error('a process died without a cause');
    if (outcome.kind === 'done') return;
    const { error } = outcome;
    throw error instanceof Violation
      ? error
      : new Violation(`failed without trouble: ${errorText(error)}`, { cause: error });
  }

  #jumpClock(): void {
    if (!this.#random.chance(this.#weather.clockJump)) return;
    const forwards = this.#random.chance(0.5);
    this.#counters.count(forwards ? 'clock set forwards a day' : 'clock set back a day');
    this.world.time.jump(forwards ? DAY_MS : -DAY_MS);
  }

  /** A file that gives fewer bytes than it has cannot be told from one that is damaged; what cannot read it stops until the database is opened again. */
  #isOfShortRead(error: unknown): boolean {
    return codeOf(error) === 'XX001' && this.#shortReads > this.#shortReadsBefore;
  }

  get #shortReads(): number {
    return this.#counters.counts.get('short read') ?? 0;
  }

  /** Errors are the consequence of trouble, and of nothing else. */
  #tolerate(error: unknown, action: string): void {
    if (error instanceof Violation) throw error;
    if (isInjected(error) || TOLERATED.has(codeOf(error)) || this.#isOfShortRead(error)) return;
    throw new Violation(`${action} failed without trouble: ${errorText(error)}`, { cause: error });
  }
}

/** An unsettled move stands in the way (55006). */
const TOLERATED: ReadonlySet<string> = new Set(['55006']);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function errorText(error: unknown): string {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) lines.push(`${codeOf(cause)} ${cause.message}`);
  return lines.join(' <- ');
}
