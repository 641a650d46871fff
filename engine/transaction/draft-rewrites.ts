import type { Rewrite, Rewrites } from '../table/moved-rows.ts';

interface Noted {
  readonly tableId: number;
  readonly rewrite: Rewrite;
  forget?: () => Promise<void>;
}

/** Where a draft puts rows into other files. Transactions with older snapshots hear of it when it is committed. */
export class DraftRewrites implements Rewrites {
  readonly #committed: Rewrites;
  #noted: Noted[] = [];

  constructor(committed: Rewrites) {
    this.#committed = committed;
  }

  add(tableId: number, rewrite: Rewrite): () => Promise<void> {
    const noted: Noted = { tableId, rewrite };
    this.#noted.push(noted);
    return async () => noted.forget?.();
  }

  since(tableId: number, seq: number): readonly Rewrite[] {
    return this.#committed.since(tableId, seq);
  }

  /** Number of rewrites so far. */
  get count(): number {
    return this.#noted.length;
  }

  rollBackTo(count: number): void {
    this.#noted.splice(count);
  }

  publish(): void {
    for (const noted of this.#noted) noted.forget = this.#committed.add(noted.tableId, noted.rewrite);
  }
}
