/** What became of a script. A statement or query of a script is one record, however often loops ran it. */
export interface ScriptResult {
  readonly records: readonly RecordResult[];
  /** Why the script, or the rest of it, was not run: it requires what is not there. */
  readonly skipped: string | undefined;
}

export interface RecordResult {
  readonly line: number;
  /** As it was run, in the turn that failed if one did. */
  readonly sql: string;
  readonly outcome: RecordOutcome;
}

export type RecordOutcome =
  /** `byKind`: the error that was expected came, with another text. */
  | { readonly kind: 'passed'; readonly byKind: boolean }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'skipped'; readonly reason: string };

/** Collects outcomes turn by turn: a record has passed when all its turns have. */
export class OutcomeLog<K> {
  readonly #outcomes = new Map<K, RecordResult>();

  add(key: K, result: RecordResult): void {
    const before = this.#outcomes.get(key)?.outcome;
    if (before?.kind === 'failed') return;
    const next = result.outcome;
    if (before?.kind === 'passed' && (next.kind === 'skipped' || (next.kind === 'passed' && before.byKind))) return;
    this.#outcomes.set(key, result);
  }

  get(key: K): RecordResult | undefined {
    return this.#outcomes.get(key);
  }
}
