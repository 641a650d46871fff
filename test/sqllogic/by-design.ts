import type { Difference } from '../../engine/sql/sqllogic/run-script.ts';

/** An error that AlopexDB gives on purpose where DuckDB does something. */
interface Refusal {
  readonly code: string;
  readonly message: RegExp;
  readonly reason: string;
  /** What comes after it in a script builds on it. */
  readonly endsScript?: boolean;
}

const REFUSALS: readonly Refusal[] = [
  {
    code: '21000',
    message: /would change the row .* twice/,
    reason: 'a key that one statement gives twice to DO UPDATE: refused, as PostgreSQL does',
    endsScript: true,
  },
  {
    code: '42703',
    message: /\b(column|named) "?rowid"?/i,
    reason: 'rowid: rows move from file to file and have no number',
  },
];

/** Where AlopexDB is meant to differ from DuckDB; docs/sql.md says so of each. */
export function differenceByDesign(
  sql: string,
  difference: Difference,
): { readonly reason: string; readonly endsScript?: boolean } | undefined {
  if (difference.kind === 'order') {
    if (/\border\s+by\b/i.test(sql)) return undefined;
    return { reason: 'the same rows in another order, where none is asked for: a row that was changed counts as new' };
  }
  const refusal = REFUSALS.find(({ code, message }) => code === difference.code && message.test(difference.message));
  // What is not made here is missing later.
  return refusal !== undefined && /^\s*create\b/i.test(sql) ? { ...refusal, endsScript: true } : refusal;
}
