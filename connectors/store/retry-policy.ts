import type { Clock } from '../../engine/ports/clock.ts';
import type { Random } from '../../engine/ports/random.ts';
import { isRetryable } from './store-error.ts';

export interface RetryOptions {
  /** Attempts of one request, the first one included. */
  readonly attempts: number;
  /** Bound of the first pause; that of each later one is twice as long. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** No attempt begins later than this after the first one. */
  readonly maxElapsedMs: number;
  /** Retries that may be outstanding or lost, over all requests: beyond it a store that is down gets each request once. */
  readonly budget: number;
}

export const DEFAULT_RETRIES: RetryOptions = {
  attempts: 8,
  firstDelayMs: 100,
  maxDelayMs: 10_000,
  maxElapsedMs: 90_000,
  budget: 200,
};

/** What a success gives back beyond the retries that it took. */
const REFUND = 0.1;

/**
 * Repeats what may go better later. Pauses are random between 0 and a bound that doubles, so that clients that failed together do not come back together. Retries are paid from a
 * budget that all requests share: one that succeeds in the end gives back what it took, one that fails does not.
 */
export class RetryPolicy {
  readonly #options: RetryOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #budget: number;

  constructor(ports: { readonly clock: Clock; readonly random: Random }, options: Partial<RetryOptions> = {}) {
    this.#options = { ...DEFAULT_RETRIES, ...options };
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#budget = this.#options.budget;
  }

  async run<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const startedMs = this.#clock.monotonicMs();
    let paid = 0;
    for (let failures = 1; ; failures++) {
      signal?.throwIfAborted();
      try {
        const result = await attempt();
        this.#budget = Math.min(this.#options.budget, this.#budget + paid + REFUND);
        return result;
      } catch (error) {
        signal?.throwIfAborted();
        if (!isRetryable(error) || failures >= this.#options.attempts || this.#budget < 1) throw error;
        const delayMs = this.#delayMs(failures, error.retryAfterMs);
        if (this.#clock.monotonicMs() + delayMs - startedMs > this.#options.maxElapsedMs) throw error;
        this.#budget--;
        paid++;
        await this.#clock.sleep(delayMs, signal);
      }
    }
  }

  #delayMs(failures: number, retryAfterMs = 0): number {
    const { firstDelayMs, maxDelayMs } = this.#options;
    const boundMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (failures - 1));
    return retryAfterMs + boundMs * this.#fraction();
  }

  /** At least 0, below 1. */
  #fraction(): number {
    return new DataView(this.#random.bytes(4).buffer).getUint32(0) / 2 ** 32;
  }
}
