import type { Edit } from '../lsm/state.ts';
import { newHistory, periodFiles, type PeriodEnd } from '../lsm/table-history.ts';
import { historyFileName } from '../table/data-file.ts';

/** The edits of a draft as they are committed, and the files that they no longer name, below the data directory. */
export interface CommittedEdits {
  readonly edits: readonly Edit[];
  readonly unused: readonly string[];
}

/**
 * A draft's edits have numbers and times of their own, which nobody has seen: all of it happens with commit `seq`, at `timeMs`. So a table's history has one version for the whole transaction: the
 * period before it ends with its first edit, and those in between are none.
 */
export function committedEdits(drafted: readonly Edit[], seq: number, timeMs: number): CommittedEdits {
  const begun = new Set<number>();
  const unused: string[] = [];
  const ended = (tableId: number, period: PeriodEnd | undefined): { readonly period?: PeriodEnd } => {
    if (period === undefined) return {};
    if (!begun.has(tableId)) {
      begun.add(tableId);
      return { period: { ...period, untilMs: timeMs } };
    }
    unused.push(...periodFiles(period).map(({ fileId }) => historyFileName(tableId, fileId)));
    return { period: { untilMs: timeMs } };
  };
  const edits = drafted.map((edit): Edit => {
    switch (edit.kind) {
      case 'create-table': {
        const { table } = edit;
        begun.add(table.tableId);
        const segments = table.segments.map((segment) => ({ ...segment, seq }));
        const history = table.history === undefined ? {} : { history: newHistory(seq, timeMs) };
        return { ...edit, seq, table: { ...table, segments, ...history } };
      }
      case 'change-files': {
        const addSegments = edit.addSegments.map((segment) => ({ ...segment, seq }));
        return { ...edit, seq, addSegments, ...ended(edit.tableId, edit.period) };
      }
      case 'alter-table':
        return { ...edit, seq, ...ended(edit.tableId, edit.period) };
      case 'drop-table':
      case 'put-definition':
      case 'drop-definitions':
        return { ...edit, seq };
      case 'batch':
      case 'snapshot':
      case 'put-job':
      case 'end-job':
      case 'forget-history':
      case 'reserve-sequence':
      case 'create-keyspace':
      case 'drop-keyspace':
      case 'change-kv-segments':
        return edit;
    }
  });
  return { edits, unused };
}
