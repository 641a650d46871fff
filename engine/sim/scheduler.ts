import type { SimTime } from './clock.ts';
import type { SeededRandom } from './random.ts';

/** How a piece of simulated life ended. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The simulated process died on the way; what it was doing will never be answered. */
  | { readonly kind: 'crashed' };

interface Waiting {
  readonly process: SimProcess;
  /** Monotonic time before which it does not go on. */
  readonly notBeforeMs: number;
  /** Does the operation and answers its caller. */
  run(): Promise<void> | undefined;
}

/** More operations than this for one piece of life mean that it will not end. */
const MAX_STEPS = 5_000_000;

/**
 * Decides, by seed, which waiting operation goes on next. One operation runs at a time, to its end, and the next is drawn only when all code that it
 * woke has come to rest: so the order of everything is the seed's and nobody else's.
 */
export class SimScheduler {
  readonly #random: SeededRandom;
  readonly #time: SimTime;
  readonly #atRest: () => Promise<void>;
  #waiting: Waiting[] = [];
  #process: SimProcess | undefined;

  /** `atRest` resolves when no more code can run without an answer from outside: in Node, a turn of the event loop later. */
  constructor(random: SeededRandom, time: SimTime, atRest: () => Promise<void>) {
    this.#random = random;
    this.#time = time;
    this.#atRest = atRest;
  }

  /** A new process in the place of the one before, which is dead from now on. */
  startProcess(): SimProcess {
    this.#process?.die();
    this.#waiting = [];
    this.#process = new SimProcess(this.#time, (waiting) => this.#waiting.push(waiting));
    return this.#process;
  }

  /** Runs a piece of life to its end, or to the death of the process. */
  async drive<T>(life: () => Promise<T>): Promise<Outcome<T>> {
    const process = this.#process;
    if (process === undefined) throw new Error('no process was started');
    let outcome: Outcome<T> | undefined;
    const watch = async (): Promise<void> => {
      try {
        outcome = { kind: 'done', value: await life() };
      } catch (error) {
        outcome = { kind: 'failed', error };
      }
    };
    void watch();
    for (let step = 0; step < MAX_STEPS; step++) {
      await this.#atRest();
      if (!process.isAlive) return { kind: 'crashed' };
      if (outcome !== undefined) return outcome;
      await this.#step();
    }
    throw new Error(`the simulation does not come to an end: ${MAX_STEPS} operations were made`);
  }

  async #step(): Promise<void> {
    if (this.#waiting.length === 0) throw new Error('deadlock: nothing is waiting for an answer, and nothing goes on');
    const now = this.#time.monotonicMs;
    let ready = this.#waiting.filter((waiting) => waiting.notBeforeMs <= now);
    if (ready.length === 0) {
      const earliest = Math.min(...this.#waiting.map((waiting) => waiting.notBeforeMs));
      this.#time.pass(earliest - now);
      ready = this.#waiting.filter((waiting) => waiting.notBeforeMs <= earliest);
    }
    const next = this.#random.pick(ready);
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#time.pass(this.#random.next());
    await next.run();
  }
}

/** A process of the simulated machine, from its start to its death. */
export class SimProcess {
  readonly #time: SimTime;
  readonly #wait: (waiting: Waiting) => void;
  #isAlive = true;

  constructor(time: SimTime, wait: (waiting: Waiting) => void) {
    this.#time = time;
    this.#wait = wait;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  die(): void {
    this.#isAlive = false;
  }

  /** Does `work` when its turn comes. A dead process never hears of it. */
  perform<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#enqueue(0, work);
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const slept = this.#enqueue(this.#time.monotonicMs + durationMs, () => undefined);
    if (signal === undefined) return slept;
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      slept.then(resolve, reject);
    });
  }

  #enqueue<T>(notBeforeMs: number, work: () => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.#isAlive) return;
      const fail = (error: unknown): void => {
        if (this.#isAlive) reject(error);
      };
      const answer = (value: T): void => {
        if (this.#isAlive) resolve(value);
      };
      const run = (): Promise<void> | undefined => {
        try {
          const result = work();
          if (result instanceof Promise) return result.then(answer, fail);
          answer(result);
        } catch (error) {
          fail(error);
        }
        return undefined;
      };
      this.#wait({ process: this, notBeforeMs, run });
    });
  }
}
