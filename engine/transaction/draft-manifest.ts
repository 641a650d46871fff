import type { ManifestEdits } from '../lsm/manifest.ts';
import { applyEdit, type Edit, type ManifestState } from '../lsm/state.ts';

/** The manifest as a transaction is going to make it: its edits on top of what is durable. Others go on changing that (keys, sequences, moves), but no table. */
export class DraftManifest implements ManifestEdits {
  readonly #durable: ManifestEdits;
  #edits: Edit[] = [];
  #state: ManifestState;
  /** The durable state that `#state` builds on. */
  #of: ManifestState;

  constructor(durable: ManifestEdits) {
    this.#durable = durable;
    this.#of = durable.state;
    this.#state = durable.state;
  }

  get state(): ManifestState {
    const { state } = this.#durable;
    if (state !== this.#of) {
      this.#of = state;
      this.#state = this.#edits.reduce((next, edit) => applyEdit(next, edit), state);
    }
    return this.#state;
  }

  get failure(): unknown {
    return this.#durable.failure;
  }

  get edits(): readonly Edit[] {
    return this.#edits;
  }

  /** Nothing is written. */
  commit(edit: Edit): Promise<ManifestState> {
    this.#state = applyEdit(this.state, edit);
    this.#edits.push(edit);
    return Promise.resolve(this.#state);
  }

  /** Takes back all edits but the first so many, and returns them. */
  rollBackTo(count: number): Edit[] {
    const undone = this.#edits.splice(count);
    this.#state = this.#edits.reduce((next, edit) => applyEdit(next, edit), this.#durable.state);
    this.#of = this.#durable.state;
    return undone;
  }
}
