import { AlopexError, SqlState } from '../errors.ts';
import type { DatabaseVersion } from '../table/version.ts';

/** A version held by a reader: nothing that it can name goes away before `release`. */
export interface Pin {
  readonly version: DatabaseVersion;
  release(): void;
}

interface Garbage {
  /** First commit whose version no longer names it. */
  readonly unreachableFrom: number;
  readonly collect: () => Promise<void>;
}

/** Readers by version, and what waits for them before it can be removed (invariant 6). */
export class Pins {
  readonly #readers = new Map<number, number>();
  #garbage: Garbage[] = [];
  #collecting: Promise<void> = Promise.resolve();
  readonly #onError: (error: unknown) => void;

  /** `onError` hears of garbage that could not be removed; it stays on disk until the next open. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  pin(version: DatabaseVersion): Pin {
    this.#readers.set(version.seq, (this.#readers.get(version.seq) ?? 0) + 1);
    let held = true;
    return {
      version,
      release: () => {
        if (!held) return;
        held = false;
        const readers = (this.#readers.get(version.seq) ?? 1) - 1;
        if (readers > 0) this.#readers.set(version.seq, readers);
        else this.#readers.delete(version.seq);
        this.collect();
      },
    };
  }

  /** Numbers of the versions that are held, ascending. */
  get pinnedSeqs(): number[] {
    return [...this.#readers.keys()].sort((a, b) => a - b);
  }

  /** `collect` runs once no reader holds a version before `unreachableFrom`. */
  discard(unreachableFrom: number, collect: () => Promise<void>): void {
    this.#garbage.push({ unreachableFrom, collect });
  }

  /** Starts removing what nobody can name any more. */
  collect(): void {
    const oldest = Math.min(...this.#readers.keys());
    const ready = this.#garbage.filter((garbage) => garbage.unreachableFrom <= oldest);
    if (ready.length === 0) return;
    this.#garbage = this.#garbage.filter((garbage) => garbage.unreachableFrom > oldest);
    this.#collecting = this.#remove(this.#collecting, ready);
  }

  async #remove(before: Promise<void>, ready: readonly Garbage[]): Promise<void> {
    await before;
    for (const garbage of ready) await garbage.collect().catch(this.#onError);
  }

  /** Waits for removals under way. */
  async settled(): Promise<void> {
    await this.#collecting;
  }

  /** Waits for removals under way and begins no more. What readers that outlive the database still hold stays on disk until the next open. */
  async close(): Promise<void> {
    this.#garbage = [];
    await this.#collecting;
  }
}

/** The warning for garbage that stays on disk until the next open. */
export function notRemoved(cause: unknown): AlopexError {
  return new AlopexError(SqlState.ioError, 'a file that is no longer needed could not be removed', { cause });
}
