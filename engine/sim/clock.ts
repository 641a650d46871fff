import type { Clock } from '../ports/clock.ts';
import type { SimProcess } from './scheduler.ts';

const START_MS = 1_750_000_000_000;

/** Time that passes only because the scheduler says so. The wall clock can jump; durations are not touched by that. */
export class SimTime {
  #elapsedMs = 0;
  #offsetMs = START_MS;
  #latestMs = START_MS;

  get monotonicMs(): number {
    return this.#elapsedMs;
  }

  get nowMs(): number {
    return Math.floor(this.#offsetMs + this.#elapsedMs);
  }

  /** The latest that the wall clock has ever shown. */
  get latestMs(): number {
    return Math.max(this.#latestMs, this.nowMs);
  }

  pass(durationMs: number): void {
    this.#elapsedMs += durationMs;
  }

  /** Sets the wall clock forwards, or back when negative. */
  jump(durationMs: number): void {
    this.#latestMs = this.latestMs;
    this.#offsetMs += durationMs;
  }
}

/** The `Clock` port of one simulated process. */
export class SimClock implements Clock {
  readonly #time: SimTime;
  readonly #process: SimProcess;

  constructor(time: SimTime, process: SimProcess) {
    this.#time = time;
    this.#process = process;
  }

  nowMs(): number {
    return this.#time.nowMs;
  }

  monotonicMs(): number {
    return this.#time.monotonicMs;
  }

  /** The scheduler decides about turns; there is nothing to give way to. */
  pause(): Promise<void> {
    return Promise.resolve();
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return this.#process.sleep(durationMs, signal);
  }
}
