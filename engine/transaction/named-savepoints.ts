import { AlopexError } from '../errors.ts';
import type { SavepointStatement } from '../sql/parse/statement.ts';
import type { Savepoint } from './transaction.ts';

/** Savepoints by name, as SQL has them: a later one hides an earlier one of the same name. */
export class NamedSavepoints {
  readonly #mark: () => Savepoint;
  #stack: { readonly name: string; readonly savepoint: Savepoint }[] = [];

  constructor(mark: () => Savepoint) {
    this.#mark = mark;
  }

  /** Throws `3B001` when there is no such savepoint. */
  async run({ kind, name }: SavepointStatement): Promise<void> {
    if (kind === 'savepoint') {
      this.#stack.push({ name, savepoint: this.#mark() });
      return;
    }
    const at = this.#stack.findLastIndex((entry) => entry.name === name);
    const entry = this.#stack[at];
    if (entry === undefined) throw new AlopexError('3B001', `savepoint "${name}" does not exist`);
    if (kind === 'rollback-to') await entry.savepoint.rollBack();
    // One that was gone back to stays, and can be gone back to again.
    this.#stack = this.#stack.slice(0, kind === 'release' ? at : at + 1);
  }
}
