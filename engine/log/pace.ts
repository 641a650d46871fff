/** So much is made durable within a call: a longer write holds everything else up for too long. */
const MAX_BYTES = 64 * 1024;
/** A disk that takes longer than this is left to another thread: the trip there and back is cheap beside it. */
const MAX_WRITE_MS = 0.5;
/** Where others take longer for their turns than this on average, there is more to do: it should go on during writes. */
const MAX_TURN_MS = 0.1;
/** A turn counts for no more than this: one alone, such as a collection of garbage, says nothing yet. */
const LONGEST_TURN_MS = 0.4;
/** What the newest turn counts for in the moving average. */
const TURN_WEIGHT = 1 / 4;
/** For so long there are commits within the call before others have a turn again. */
const BETWEEN_TURNS_MS = 1;
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
  #turnMs = 0;
  #lastTurnMs = Number.NEGATIVE_INFINITY;
  #isAlone = false;

  /** Whether a write for one commit is to be made within the call. */
  isForNow(sizeBytes: number): boolean {
    if (!this.#isAlone || sizeBytes > MAX_BYTES || this.#turnMs > MAX_TURN_MS) return false;
    return this.#writeMs <= MAX_WRITE_MS || this.#slowWrites >= SLOW_WRITES;
  }

  /** Whether others were given their turn a while ago: another is due before the next write. */
  isTurnDue(nowMs: number): boolean {
    return nowMs - this.#lastTurnMs >= BETWEEN_TURNS_MS;
  }

  /** Tells how long others had their turn until now. */
  turned(durationMs: number, nowMs: number): void {
    this.#turnMs += (Math.min(durationMs, LONGEST_TURN_MS) - this.#turnMs) * TURN_WEIGHT;
    this.#lastTurnMs = nowMs;
  }

  /** Tells of a commit that came while another was under way: they are to share a write. */
  met(): void {
    this.#isAlone = false;
  }

  /** Tells how long a durable write for so many commits has taken, and whether it was made within the call. */
  wrote(commitCount: number, sizeBytes: number, durationMs: number, wasNow: boolean): void {
    this.#isAlone = commitCount === 1;
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
