import type { Clock } from '../../../engine/ports/clock.ts';
import type { Random } from '../../../engine/ports/random.ts';

/** A clock on which sleeping takes no time of anybody's but its own. */
export class SteppingClock implements Clock {
  elapsedMs = 0;
  /** How long each sleep was. */
  readonly sleepsMs: number[] = [];

  nowMs(): number {
    return 1_750_000_000_000 + this.elapsedMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  pause(): Promise<void> {
    return new Promise((resolve) => void setImmediate(resolve));
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleepsMs.push(durationMs);
    this.elapsedMs += durationMs;
    await this.pause();
  }
}

/** Repeats itself for a seed. */
export class RepeatingRandom implements Random {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(seed) * 2n + 1n;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => {
      this.#state = BigInt.asUintN(64, this.#state * 6364136223846793005n + 1442695040888963407n);
      return Number(this.#state >> 56n);
    });
  }

  uuid(): string {
    const hex = Buffer.from(this.bytes(16)).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  positiveInt64(): bigint {
    return BigInt.asUintN(63, Buffer.from(this.bytes(8)).readBigUInt64BE()) | 1n;
  }
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
