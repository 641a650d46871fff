import { expect, test } from 'vitest';
import {
  forgettable,
  historyAfter,
  historyBytes,
  historyWithout,
  newHistory,
  segmentsAt,
  type TableHistory,
} from './table-history.ts';
import type { SegmentState, TableState } from './state.ts';

function segment(fileId: number, seq: number): SegmentState {
  return { fileId, seq, schemaId: 0, rowCount: 1, sizeBytes: 100, crc32: 0, stats: [], createdMs: 0 };
}

const TABLE: TableState = {
  tableId: 1,
  schemaName: 'main',
  name: 't',
  schemas: [{ schemaId: 0, columns: [], primaryKey: [], checks: [] } as unknown as TableState['schemas'][number]],
  options: { sortBy: [], partitionBy: [], historyRetention: { interval: '1 day', durationMs: 86_400_000 } },
  coldPrefix: 'main/t-1',
  flushedSeq: 0,
  segments: [segment(1, 5), segment(2, 9)],
  deleteFiles: [],
  cold: undefined,
};

/** Three periods: commits 5 to 8, 9 to 11 (at whose end segments 1 and 2 became 3), 12 to 19. */
function threePeriods(): TableState {
  const file = { fileId: 10, rowCount: 1, sizeBytes: 10, crc32: 0 };
  const edits = [
    { seq: 9, end: { untilMs: 900, rows: file }, removeSegments: [] },
    { seq: 12, end: { untilMs: 1200, deletes: { ...file, fileId: 11 } }, removeSegments: [1, 2] },
    { seq: 20, end: { untilMs: 2000 }, removeSegments: [] },
  ];
  let history: TableHistory | undefined = newHistory(5, 500);
  for (const edit of edits)
    history = historyAfter({ ...TABLE, history }, { ...edit, isKept: true }) ?? newHistory(0, 0);
  return { ...TABLE, segments: [segment(3, 12)], history };
}

test('periods follow each other without gaps, and know their segments', () => {
  const table = threePeriods();
  expect(table.history?.periods.map(({ fromSeq, untilSeq }) => [fromSeq, untilSeq])).toEqual([
    [5, 9],
    [9, 12],
    [12, 20],
  ]);
  expect(table.history).toMatchObject({ fromSeq: 20, fromMs: 2000 });
  const at = (seq: number): number[] => segmentsAt(table, seq).map(({ fileId }) => fileId);
  expect([at(5), at(8), at(9), at(11), at(12), at(25)]).toEqual([[1], [1], [1, 2], [1, 2], [3], [3]]);
});

test('the oldest goes first, by age and by size', () => {
  const { history } = threePeriods();
  if (history === undefined) throw new Error('there is a history');
  expect(historyBytes(history)).toBe(220);
  expect(forgettable(history, 0, 220)).toBeUndefined();
  expect(forgettable(history, 900, 220)).toBeUndefined();
  expect(forgettable(history, 901, 220)).toBe(9);
  expect(forgettable(history, 0, 219)).toBe(9);
  expect(forgettable(history, 0, 209)).toBe(12);
  expect(forgettable(history, 5000, 220)).toBe(20);
  expect(historyWithout(history, 9).retired).toHaveLength(2);
  expect(historyWithout(history, 12)).toMatchObject({ retired: [], fromSeq: 20, periods: [{ fromSeq: 12 }] });
});

test('an edit that says nothing of the past ends the history', () => {
  const table = threePeriods();
  const edit = { seq: 21, removeSegments: [3] };
  expect(historyAfter(table, { ...edit, isKept: true, end: undefined })).toBeUndefined();
  expect(historyAfter(table, { ...edit, isKept: false, end: { untilMs: 2100 } })).toBeUndefined();
  expect(historyAfter({ ...TABLE }, { ...edit, isKept: true, end: { untilMs: 2100 } })).toEqual(newHistory(21, 2100));
});
