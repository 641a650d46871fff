import type { FetchTuning } from './fetch-plan.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Weight of the newest request. */
const ALPHA = 0.1;

/** A request for less is all latency; one for more shows the bandwidth. */
const SMALL_BYTES = 64 * KIB;
const LARGE_BYTES = 512 * KIB;

/** What the requests so far say of latency and bandwidth, and how to cut the next ones. */
export class TransferTuning {
  #latencyMs = 30;
  #bytesPerMs = 50 * KIB;

  note(sizeBytes: number, durationMs: number): void {
    if (sizeBytes <= SMALL_BYTES) this.#latencyMs += ALPHA * (durationMs - this.#latencyMs);
    if (sizeBytes < LARGE_BYTES) return;
    const bytesPerMs = sizeBytes / Math.max(0.1, durationMs - this.#latencyMs);
    this.#bytesPerMs += ALPHA * (bytesPerMs - this.#bytesPerMs);
  }

  /** A gap may cost as long as a trip; a piece takes some trips' time, so that latency is a small part of it. */
  get tuning(): FetchTuning {
    const tripBytes = this.#latencyMs * this.#bytesPerMs;
    return { gapBytes: clamp(tripBytes, 16 * KIB, MIB), pieceBytes: clamp(4 * tripBytes, MIB, 16 * MIB) };
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}
