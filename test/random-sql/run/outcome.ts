import { AlopexError } from '../../../engine/errors.ts';
import { cellText, sameCell, sortedRows, type Row } from '../../differential/test-support/cell.ts';

/** What a statement gave. */
export type Outcome =
  | { readonly kind: 'rows'; readonly columns: readonly string[]; readonly rows: readonly Row[] }
  /** `count` is absent where there is nothing to count. */
  | { readonly kind: 'done'; readonly count: number | undefined }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };

export async function outcomeOf(running: Promise<Outcome>): Promise<Outcome> {
  try {
    return await running;
  } catch (error) {
    if (error instanceof AlopexError) return { kind: 'error', code: error.code, message: error.message };
    throw error;
  }
}

/** How two outcomes differ, in a few words that stay the same while a script shrinks; `undefined` when they agree. */
export function difference(ours: Outcome, plain: Outcome, ordered: boolean): string | undefined {
  if (ours.kind === 'error' || plain.kind === 'error') {
    if (ours.kind !== 'error') return `fails in DuckDB alone: ${errorText(plain)}`;
    if (plain.kind !== 'error') return `fails in AlopexDB alone: ${errorText(ours)}`;
    // In a transaction that has failed DuckDB still tells names that it does not know.
    if (ours.code === '25P02') return undefined;
    // Which of several values that are wrong is told may depend on the order of the rows: the class has to be the same.
    return classOf(ours.code) === classOf(plain.code) ? undefined : `fails with ${ours.code} instead of ${plain.code}`;
  }
  if (ours.kind === 'done' || plain.kind === 'done') {
    const agree = ours.kind === 'done' && plain.kind === 'done';
    if (!agree) return 'one gives rows';
    return ours.count === plain.count ? undefined : 'other number of changed rows';
  }
  if (String(ours.columns) !== String(plain.columns)) return 'other names of columns';
  if (ours.rows.length !== plain.rows.length) return 'other number of rows';
  const [left, right] = ordered ? [ours.rows, plain.rows] : [sortedRows(ours.rows), sortedRows(plain.rows)];
  return left.every((row, index) => sameCell(row, right[index] ?? [])) ? undefined : 'other rows';
}

/** The class of an SQLSTATE; a value that its type or a constraint refuses is one class. */
function classOf(code: string): string {
  const first = code.slice(0, 2);
  return first === '23' ? '22' : first;
}

const SHOWN_ROWS = 12;

export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'error':
      return `error ${errorText(outcome)}`;
    case 'done':
      return outcome.count === undefined ? 'done' : `${outcome.count} rows changed`;
    case 'rows': {
      const rows = sortedRows(outcome.rows).slice(0, SHOWN_ROWS).map(cellText);
      return [`${outcome.rows.length} rows of ${outcome.columns.join(', ')}`, ...rows].join('\n    ');
    }
  }
}

function errorText(outcome: Outcome): string {
  return outcome.kind === 'error' ? `${outcome.code} ${outcome.message.split('\n')[0] ?? ''}` : '';
}
