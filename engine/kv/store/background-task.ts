import { AlopexError, SqlState } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';

/** After a failure: the disk may have room again by then. */
const REST_MS = 1000;

export interface BackgroundTaskParts {
  /** Does a part of the work; false when there is none left. */
  readonly step: () => Promise<boolean>;
  /** What is said when a step fails. */
  readonly complaint: string;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  /** Called after every step, and when the task comes to its end. */
  readonly onProgress: () => void;
  readonly onFailure: (failure: AlopexError) => void;
}

/** Work that is repeated while there is any. After a failure it rests, and is tried again when it is started again. */
export class BackgroundTask {
  readonly #parts: BackgroundTaskParts;
  #run: Promise<void> | undefined;
  #failure: AlopexError | undefined;

  constructor(parts: BackgroundTaskParts) {
    this.#parts = parts;
  }

  /** It works or rests: it cannot be started. */
  get isBusy(): boolean {
    return this.#run !== undefined;
  }

  /** Why the last attempt failed; `undefined` while there is another one. */
  get failure(): AlopexError | undefined {
    return this.#failure;
  }

  /** Resolves when it is idle. */
  get ended(): Promise<void> | undefined {
    return this.#run;
  }

  start(): void {
    if (this.#run !== undefined) return;
    this.#failure = undefined;
    this.#run = this.#work().finally(() => {
      this.#run = undefined;
      this.#parts.onProgress();
    });
  }

  /** There is nothing to do any more, so that there was a failure does not matter. */
  forgive(): void {
    if (this.#run === undefined) this.#failure = undefined;
  }

  async #work(): Promise<void> {
    const { step, complaint, clock, stop, onProgress, onFailure } = this.#parts;
    try {
      while (!stop.aborted && (await step())) onProgress();
    } catch (error) {
      if (stop.aborted) return;
      this.#failure = failed(complaint, error);
      onFailure(this.#failure);
      onProgress();
      // Cut short when the database is closed.
      await clock.sleep(REST_MS, stop).catch(() => undefined);
    }
  }
}

function failed(complaint: string, cause: unknown): AlopexError {
  const { code: name } = cause as { readonly code?: unknown };
  const isFull = name === 'ENOSPC' || name === 'EDQUOT';
  const code = cause instanceof AlopexError ? cause.code : isFull ? SqlState.diskFull : SqlState.ioError;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const known = cause instanceof AlopexError ? cause.hint : undefined;
  return new AlopexError(code, `${complaint}: ${reason}`, {
    hint: known ?? 'Free disk space or repair the disk; acknowledged commits are safe, and it is tried again.',
    cause,
  });
}
