/** Thrown by everything that a dead process would have done. */
export class SimulatedDeath extends Error {}

/**
 * Passes every change that goes out to files and store, in order, and can end it all: from the `dieAt`-th change on (counted from 0) nothing
 * is done any more, as if the process had been killed.
 */
export class Fuse {
  /** What has been done so far. */
  readonly passed: string[] = [];
  dieAt = Number.POSITIVE_INFINITY;
  /** Called before a change is done; changes that it makes itself are passed without another call. */
  before: (label: string) => Promise<void> = () => Promise.resolve();
  #death: string | undefined;
  #isInHook = false;

  /** The change that was not made any more, if it has come to that. */
  get death(): string | undefined {
    return this.#death;
  }

  /** `half` is done instead of `whole` by a process that dies in the middle of it. */
  async pass<T>(
    label: string,
    whole: () => Promise<T>,
    half: () => Promise<void> = () => Promise.resolve(),
  ): Promise<T> {
    this.check();
    if (!this.#isInHook) {
      this.#isInHook = true;
      try {
        await this.before(label);
      } finally {
        this.#isInHook = false;
      }
      this.check();
    }
    if (this.passed.length >= this.dieAt) {
      this.#death = label;
      await half();
      throw new SimulatedDeath(`died at ${label}`);
    }
    this.passed.push(label);
    return whole();
  }

  check(): void {
    if (this.#death !== undefined) throw new SimulatedDeath('the process is dead');
  }
}
