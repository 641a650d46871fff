/** Lets one holder in at a time, in the order of asking. */
export class Mutex {
  #held = false;
  /** In the order of asking. */
  readonly #waiting = new Set<() => void>();

  /** Nobody is in: what runs now without a pause needs no turn. */
  get isFree(): boolean {
    return !this.#held;
  }

  async run<T>(critical: () => Promise<T>): Promise<T> {
    if (this.#held) await this.#turn();
    else this.#held = true;
    try {
      return await critical();
    } finally {
      this.#next();
    }
  }

  /** Lets its caller in, who calls what it returns when done. Once `signal` is aborted it waits no longer, and rejects with the signal's reason. */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    if (this.#held) await this.#turn(signal);
    else this.#held = true;
    let isIn = true;
    return () => {
      if (isIn) this.#next();
      isIn = false;
    };
  }

  #turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(enter);
        reject(signal?.reason as Error);
      };
      if (signal?.aborted === true) {
        leave();
        return;
      }
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.add(enter);
    });
  }

  #next(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#held = false;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
