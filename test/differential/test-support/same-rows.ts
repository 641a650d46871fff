import { expect } from 'vitest';
import { cellText, sameCell, sortedRows, type Row } from './cell.ts';

/** DOUBLEs may differ by this much, relatively: sums depend on the order of the rows, which no layout promises. */
const TOLERANCE = 1e-12;

/** Compares row by row: in order when the query says a total order, sorted by all columns when it does not. */
export function expectSameRows(actual: readonly Row[], expected: readonly Row[], order: 'total' | 'none'): void {
  const [left, right] = order === 'total' ? [actual, expected] : [sortedRows(actual), sortedRows(expected)];
  expect(left).toHaveLength(right.length);
  for (const [index, row] of right.entries()) {
    const found = left[index] ?? [];
    if (sameCell(found, row, TOLERANCE)) continue;
    expect({ index, row: cellText(found) }).toEqual({ index, row: cellText(row) });
    // They differ beyond the digits that `cellText` shows.
    expect(found).toEqual(row);
  }
}
