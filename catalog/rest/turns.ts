import { Mutex } from '../../engine/mutex.ts';

/**
 * Commits of this process to one table take turns: they would only take each other's pointer versions. Others are kept out by the
 * pointers alone, so nothing depends on it for being right.
 */
export class Turns {
  readonly #byKey = new Map<string, Mutex>();

  async run<T>(keys: Iterable<string>, work: () => Promise<T>): Promise<T> {
    // Always in the same order: two commits to the same tables never wait for each other.
    const [first, ...others] = [...new Set(keys)].sort();
    if (first === undefined) return await work();
    const mutex = this.#byKey.get(first) ?? new Mutex();
    this.#byKey.set(first, mutex);
    try {
      return await mutex.run(() => this.run(others, work));
    } finally {
      if (mutex.isFree) this.#byKey.delete(first);
    }
  }
}
