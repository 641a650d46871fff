import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../engine/ports/clock.ts';

/** The longest delay that a Node timer can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  pause(): Promise<void> {
    return new Promise((resolve) => void setImmediate(resolve));
  }

  /** Rejects with the signal's reason when it is aborted first. */
  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    let remainingMs = durationMs;
    do {
      const stepMs = Math.min(remainingMs, MAX_TIMER_MS);
      try {
        await delay(stepMs, undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
      remainingMs -= stepMs;
    } while (remainingMs > 0);
  }
}
