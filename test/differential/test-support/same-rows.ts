import { expect } from 'vitest';
import { cellText, type Cell, type Row } from './cell.ts';

/** DOUBLEs may differ by this much, relatively: sums depend on the order of the rows, which no layout promises. */
const TOLERANCE = 1e-12;

/** Compares row by row: in order when the query says a total order, sorted by all columns when it does not. */
export function expectSameRows(actual: readonly Row[], expected: readonly Row[], order: 'total' | 'none'): void {
  const [left, right] = order === 'total' ? [actual, expected] : [sorted(actual), sorted(expected)];
  expect(left).toHaveLength(right.length);
  for (const [index, row] of right.entries()) {
    const found = left[index] ?? [];
    if (sameCell(found, row)) continue;
    expect({ index, row: cellText(found) }).toEqual({ index, row: cellText(row) });
    // They differ beyond the digits that `cellText` shows.
    expect(found).toEqual(row);
  }
}

function sorted(rows: readonly Row[]): Row[] {
  return rows
    .map((row) => ({ row, key: cellText(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ row }) => row);
}

function sameCell(a: Cell, b: Cell): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    const [left, right] = [a as readonly Cell[], b as readonly Cell[]];
    return left.length === right.length && left.every((cell, index) => sameCell(cell, right[index] ?? null));
  }
  if (typeof a === 'number' && typeof b === 'number') {
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Object.is(a, b);
    return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
  }
  return a === b;
}
