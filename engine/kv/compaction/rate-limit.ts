import type { Clock } from '../../ports/clock.ts';

/** How much may be written at once after a pause, in seconds of the rate. */
const BURST_SECONDS = 0.1;

/** A token bucket over bytes. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  readonly #burstBytes: number;
  #tokens: number;
  #lastMs: number;

  /** `bytesPerSecond` 0 is no limit. */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#burstBytes = bytesPerSecond * BURST_SECONDS;
    this.#tokens = this.#burstBytes;
    this.#lastMs = clock.monotonicMs();
  }

  /** Counts bytes that were written, and waits as long as they were too many. */
  async spend(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#bytesPerMs === 0) return;
    const nowMs = this.#clock.monotonicMs();
    this.#tokens = Math.min(this.#burstBytes, this.#tokens + (nowMs - this.#lastMs) * this.#bytesPerMs) - bytes;
    this.#lastMs = nowMs;
    if (this.#tokens < 0) await this.#clock.sleep(-this.#tokens / this.#bytesPerMs, signal);
  }
}
