/** So much is made durable within a call: a longer write holds everything else up for too long. */
const MAX_BYTES = 64 * 1024;
/** A disk that takes longer than this is left to another thread: the trip there and back is cheap beside it. */
const MAX_WRITE_MS = 0.5;
/** Whoever has had a longer turn before the write has more to do: it should go on meanwhile. */
const MAX_TURN_MS = 0.1;
/** What the newest measurement counts for in the moving average. */
const WEIGHT = 1 / 8;
/** After so many writes that took long by way of another thread, one is tried within the call: it may be the threads that are busy, and not the disk. */
const SLOW_WRITES = 32;

/**
 * Decides which durable writes are made within the call. That saves a trip to another thread and back, which is half of the cost of a small write to a fast disk, but nothing else
 * goes on meanwhile, nor can another commit join. So it is for one writer alone, in a process that has nothing else to do, while the disk is quick.
 */
export class Pace {
  #writeMs = Number.POSITIVE_INFINITY;
  #slowWrites = 0;
  #wasAlone = false;

  /** `turnMs`: for how long others had their turn, after this batch had begun to wait. */
  isForNow(commitCount: number, sizeBytes: number, turnMs: number): boolean {
    const wasAlone = this.#wasAlone;
    this.#wasAlone = commitCount === 1;
    if (commitCount !== 1 || !wasAlone) return false;
    if (sizeBytes > MAX_BYTES || turnMs > MAX_TURN_MS) return false;
    return this.#writeMs <= MAX_WRITE_MS || this.#slowWrites >= SLOW_WRITES;
  }

  /** Tells how long a durable write has taken, and whether it was made within the call. */
  measured(sizeBytes: number, durationMs: number, wasNow: boolean): void {
    if (sizeBytes > MAX_BYTES) return;
    if (!wasNow && durationMs > MAX_WRITE_MS) {
      this.#slowWrites++;
      return;
    }
    // What was known before says nothing any more once one has been tried again.
    const isFirst = !Number.isFinite(this.#writeMs) || this.#slowWrites >= SLOW_WRITES;
    this.#writeMs = isFirst ? durationMs : this.#writeMs + (durationMs - this.#writeMs) * WEIGHT;
    this.#slowWrites = 0;
  }
}
