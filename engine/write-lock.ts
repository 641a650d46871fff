import { AlopexError, SqlState } from './errors.ts';
import { Mutex } from './mutex.ts';
import type { Clock } from './ports/clock.ts';

/** How long somebody waits for the lock. */
export interface LockWait {
  /** 0 is for ever. */
  readonly timeoutMs: number;
  /** Ends the wait, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The write lock of tables: a statement has it for a moment, a transaction that defines something until it ends. So statements wait for it only so long, and what runs in the
 * background as long as it takes.
 */
export class WriteLock {
  readonly #clock: Clock;
  readonly #turns = new Mutex();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nobody has it: what runs now without a pause need not take it. */
  get isFree(): boolean {
    return this.#turns.isFree;
  }

  /** Without `wait` it waits for ever. Throws `55P03`. */
  async run<T>(critical: () => Promise<T>, wait?: LockWait): Promise<T> {
    if (wait === undefined || this.isFree) return this.#turns.run(critical);
    const release = await this.acquire(wait);
    try {
      return await critical();
    } finally {
      release();
    }
  }

  /** Takes it, for its caller to give back by what is returned. Throws `55P03`. */
  async acquire({ timeoutMs, signal }: LockWait): Promise<() => void> {
    if (this.isFree) return this.#turns.acquire();
    const end = new AbortController();
    const timer = new AbortController();
    const cancel = (): void => end.abort(signal?.reason);
    if (signal?.aborted === true) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    const giveUp = async (): Promise<void> => {
      await this.#clock.sleep(timeoutMs, timer.signal).catch(() => undefined); // It is cut short when the wait ends.
      if (!timer.signal.aborted) end.abort(notAvailable(timeoutMs));
    };
    if (timeoutMs > 0) void giveUp();
    try {
      return await this.#turns.acquire(end.signal);
    } finally {
      timer.abort();
      signal?.removeEventListener('abort', cancel);
    }
  }
}

function notAvailable(timeoutMs: number): AlopexError {
  return new AlopexError(
    SqlState.lockNotAvailable,
    `the write lock of tables was not to be had within ${timeoutMs} ms: a transaction that defines tables has it`,
    {
      hint: 'COMMIT or ROLLBACK that transaction. The setting lock_timeout, and the limit lockTimeoutMs, say how long to wait.',
    },
  );
}
