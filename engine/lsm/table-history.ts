import type { SegmentState, TableState } from './state.ts';

/**
 * What the manifest keeps of a table's past, so that versions of it can be read that are no longer current. Pure.
 *
 * A period is the time between two edits of a table's files or columns: within it, versions differ only by rows and deletes that carry the number of their commit. When a period ends, these are
 * written to files of its own; its segments stay on disk when a later edit takes them out of the table.
 */
export interface TableHistory {
  /** The commit with which the present period began, and when that was. */
  readonly fromSeq: number;
  readonly fromMs: number;
  /** Periods that have ended, oldest first, without gaps. */
  readonly periods: readonly HistoryPeriod[];
  /** Segments that are no longer the table's, and that a period still needs. */
  readonly retired: readonly RetiredSegment[];
}

export interface HistoryPeriod extends PeriodEnd {
  /** The commit with which it began, and when that was. */
  readonly fromSeq: number;
  readonly fromMs: number;
  /** The commit that ended it: the first that is not in it. */
  readonly untilSeq: number;
  readonly schemaId: number;
}

/** What has to be kept of a period that ends. */
export interface PeriodEnd {
  readonly untilMs: number;
  /** The Iceberg snapshot that was read; absent where there was none. */
  readonly coldSnapshotId?: string;
  /** Rows of the memtable, with `__seq` and `__rid`. Absent, as the next two, where there was none. */
  readonly rows?: HistoryFile;
  /** Deleted positions of the period's files and its memtable: `file`, `pos`, `seq`. */
  readonly deletes?: HistoryFile;
  /** When the commits of the period were made: `seq`, `ms`. */
  readonly commits?: HistoryFile;
}

/** A Parquet file below `history/`. */
export interface HistoryFile {
  readonly fileId: number;
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly crc32: number;
}

export interface RetiredSegment {
  readonly segment: SegmentState;
  /** The first commit without it. */
  readonly untilSeq: number;
}

/** What an edit makes of a table's history. */
export interface HistoryEdit {
  readonly seq: number;
  /** Whether the table keeps its history from now on. */
  readonly isKept: boolean;
  /** Absent in edits that did not see to it, as those of a repair: what is known of the past is then no longer true. */
  readonly end: PeriodEnd | undefined;
  readonly removeSegments: readonly number[];
}

/** One that begins with a commit. */
export function newHistory(fromSeq: number, fromMs: number): TableHistory {
  return { fromSeq, fromMs, periods: [], retired: [] };
}

/** The history after an edit of files or columns. */
export function historyAfter(table: TableState, edit: HistoryEdit): TableHistory | undefined {
  const { seq, isKept, end, removeSegments } = edit;
  if (!isKept || end === undefined) return undefined;
  const { history } = table;
  const begun = newHistory(seq, end.untilMs);
  if (history === undefined) return begun;
  const schemaId = table.schemas.at(-1)?.schemaId ?? 0;
  const { fromSeq, fromMs } = history;
  // Several edits of one commit: there was nothing in between.
  if (fromSeq === seq) return { ...history, fromMs: end.untilMs };
  const removed = new Set(removeSegments);
  return {
    ...begun,
    periods: [...history.periods, { fromSeq, fromMs, untilSeq: seq, schemaId, ...end }],
    retired: [
      ...history.retired,
      ...table.segments.filter((segment) => removed.has(segment.fileId)).map((segment) => ({ segment, untilSeq: seq })),
    ],
  };
}

/** The history without the periods that ended with commit `untilSeq` or before. */
export function historyWithout(history: TableHistory, untilSeq: number): TableHistory {
  return {
    ...history,
    periods: history.periods.filter((period) => period.untilSeq > untilSeq),
    retired: history.retired.filter((segment) => segment.untilSeq > untilSeq),
  };
}

/** The segments of a table at a commit of its history. */
export function segmentsAt({ segments, history }: TableState, seq: number): SegmentState[] {
  const retired = (history?.retired ?? []).filter(({ untilSeq }) => untilSeq > seq);
  return [...retired.map(({ segment }) => segment), ...segments]
    .filter((segment) => segment.seq <= seq)
    .sort((a, b) => a.fileId - b.fileId);
}

/** The files that were written for a period. */
export function periodFiles({ rows, deletes, commits }: PeriodEnd): HistoryFile[] {
  return [rows, deletes, commits].filter((file) => file !== undefined);
}

/** Bytes on local disk that a table has for its history alone. */
export function historyBytes({ periods, retired }: TableHistory): number {
  const files = [...periods.flatMap(periodFiles), ...retired.map(({ segment }) => segment)];
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/**
 * Up to which commit a history is to be forgotten: periods that ended before `oldestMs`, and the oldest beyond `maxBytes`. `undefined` when all of it stays.
 */
export function forgettable(history: TableHistory, oldestMs: number, maxBytes: number): number | undefined {
  let untilSeq: number | undefined;
  for (const period of history.periods) {
    const left = untilSeq === undefined ? history : historyWithout(history, untilSeq);
    if (period.untilMs >= oldestMs && historyBytes(left) <= maxBytes) break;
    untilSeq = period.untilSeq;
  }
  return untilSeq;
}
