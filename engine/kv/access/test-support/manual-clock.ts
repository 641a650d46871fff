import type { Clock } from '../../../ports/clock.ts';

/** A clock that the test sets. Sleeping takes no time: it ends on the next turn of the event loop, or when `wake` is called if `holds` is set. */
export class ManualClock implements Clock {
  timeMs = 1_700_000_000_000;
  /** Sleepers stay asleep until `wake`. */
  holds = false;
  #slept = 0;
  #sleepers: (() => void)[] = [];

  nowMs(): number {
    return this.timeMs;
  }

  monotonicMs(): number {
    return this.#slept;
  }

  get sleeperCount(): number {
    return this.#sleepers.length;
  }

  pause(): Promise<void> {
    return Promise.resolve();
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    this.#slept += durationMs;
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      if (this.holds) this.#sleepers.push(resolve);
      else setImmediate(resolve);
    });
  }

  wake(): void {
    for (const resolve of this.#sleepers.splice(0)) resolve();
  }
}
