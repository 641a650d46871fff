import { AlopexError, SqlState } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LockWait } from '../../write-lock.ts';

/** How long the statements of a connection may take, and wait for the write lock of tables; and what stops one before that. */
export class StatementLimits {
  /** 0 is for ever. */
  timeoutMs = 0;
  /** As the limits of the database say when it is not set. */
  lockTimeoutMs: number | undefined;
  readonly #clock: Clock;
  #timer: AbortController | undefined;
  #wait = new AbortController();
  #hasTimedOut = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get areStandard(): boolean {
    return this.timeoutMs === 0 && this.lockTimeoutMs === undefined;
  }

  reset(): void {
    this.timeoutMs = 0;
    this.lockTimeoutMs = undefined;
  }

  /** For the next statement; `interrupt` is called when its time is up. */
  start(interrupt: () => void): void {
    this.renew();
    this.#hasTimedOut = false;
    if (this.timeoutMs === 0) return;
    const timer = new AbortController();
    this.#timer = timer;
    const wait = async (): Promise<void> => {
      await this.#clock.sleep(this.timeoutMs, timer.signal).catch(() => undefined);
      if (timer.signal.aborted) return;
      this.#hasTimedOut = true;
      interrupt();
    };
    void wait();
  }

  end(): void {
    this.#timer?.abort();
    this.#timer = undefined;
  }

  /** For a statement without a limit of time: what was interrupted was an earlier one. */
  renew(): void {
    this.#wait = new AbortController();
  }

  lockWait(standard: LockWait): LockWait {
    return { timeoutMs: this.lockTimeoutMs ?? standard.timeoutMs, signal: this.#wait.signal };
  }

  /** Ends the wait for the lock. */
  interrupt(): void {
    const message = 'the statement was interrupted while it waited for the write lock of tables';
    this.#wait.abort(new AlopexError(SqlState.queryCanceled, message));
  }

  /** The error of a statement, or that its time was up. */
  explain(error: AlopexError): AlopexError {
    const hasTimedOut = this.#hasTimedOut && error.code === SqlState.queryCanceled;
    this.#hasTimedOut = false;
    if (!hasTimedOut) return error;
    return new AlopexError(SqlState.queryCanceled, `the statement took longer than ${this.timeoutMs} ms`, {
      hint: 'The setting statement_timeout says how long one may take.',
      cause: error,
    });
  }
}
