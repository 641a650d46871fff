import { Mutex } from '../mutex.ts';

/**
 * Rewriting a table's files takes long and is done past the write lock: a compaction, or a move between tiers. One of them at a time for each table, so that nobody's
 * sources vanish. Whoever holds the write lock must not wait for it: its holder takes the write lock to finish.
 */
export class FileWork {
  readonly #turns = new Map<number, Mutex>();

  /** Whether nobody is at it. */
  isFree(tableId: number): boolean {
    return this.#turns.get(tableId)?.isFree ?? true;
  }

  async run<T>(tableId: number, work: () => Promise<T>): Promise<T> {
    const turns = this.#turns.get(tableId) ?? new Mutex();
    this.#turns.set(tableId, turns);
    try {
      return await turns.run(work);
    } finally {
      if (turns.isFree) this.#turns.delete(tableId);
    }
  }
}
