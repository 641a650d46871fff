import type { ObjectStore } from '../engine/ports/object-store.ts';
import { AlopexError, SqlState } from '../engine/errors.ts';
import { damaged } from './damage.ts';

/** What became of a commit to several tables. Final once it is there. */
export type Decision = 'committed' | 'aborted';

/** The catalog's own objects. No folder of a table is named so: a hyphen is in none of their first parts. */
export const CATALOG_FOLDER = 'alopex-catalog';

/**
 * The commit point of changes of several pointers: one object for each transaction, which is only ever created. Pointer versions that
 * name a transaction count from the moment in which it says `committed`, all of them at once, and never when it says `aborted`.
 */
export class TransactionDecisions {
  readonly #store: ObjectStore;
  readonly #known = new Map<string, Decision>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  key(transaction: string): string {
    return `${CATALOG_FOLDER}/transactions/${transaction}`;
  }

  /** `undefined` while it is undecided. */
  async find(transaction: string): Promise<Decision | undefined> {
    const known = this.#known.get(transaction);
    if (known !== undefined) return known;
    const key = this.key(transaction);
    const bytes = await this.#store.get(key);
    if (bytes === undefined) return undefined;
    const text = Buffer.from(bytes).toString('utf8');
    if (text !== 'committed' && text !== 'aborted') throw damaged(key, 'it is no decision');
    this.#known.set(transaction, text);
    return text;
  }

  /** Decides, unless somebody has: returns what is decided. Throws when that is not known, which leaves it open. */
  async decide(transaction: string, decision: Decision): Promise<Decision> {
    let failure: unknown = new AlopexError(SqlState.ioError, `${this.key(transaction)} exists but is absent`);
    try {
      const outcome = await this.#store.create(this.key(transaction), Buffer.from(decision));
      if (outcome === 'created') return decision;
    } catch (error) {
      failure = error;
    }
    // Somebody was first, or the answer was lost: the object itself tells.
    const decided = await this.find(transaction);
    if (decided !== undefined) return decided;
    throw toError(failure);
  }
}

function toError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error(String(failure));
}
