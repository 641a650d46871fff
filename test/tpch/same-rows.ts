import { cellText, sameCell, sortedRows, type Row } from '../differential/test-support/cell.ts';

/** DOUBLEs may differ by this much, relatively: sums depend on the order of the rows, which no layout promises. */
const TOLERANCE = 1e-11;

/** What is different, or nothing. Rows are compared in order, or as a set where the query leaves the order open. */
export function difference(
  actual: readonly Row[],
  expected: readonly Row[],
  order: 'total' | 'none',
): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} rows instead of ${expected.length}`;
  const [left, right] = order === 'total' ? [actual, expected] : [sortedRows(actual), sortedRows(expected)];
  for (const [index, row] of right.entries()) {
    const found = left[index] ?? [];
    if (!sameCell(found, row, TOLERANCE)) return `row ${index} is ${cellText(found)} instead of ${cellText(row)}`;
  }
  return undefined;
}

/**
 * What is different from a published answer, or nothing. `rows` hold each value as text. Published decimals lack zeros at their end,
 * and published averages have the digits of another machine.
 */
export function differenceFromPublished(rows: readonly (readonly string[])[], published: string): string | undefined {
  const expected = published
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => line.split('|'));
  if (rows.length !== expected.length) return `${rows.length} rows instead of ${expected.length}`;
  for (const [index, row] of expected.entries()) {
    const found = rows[index] ?? [];
    if (found.length !== row.length || !row.every((value, column) => sameText(found[column] ?? '', value)))
      return `row ${index} is ${found.join('|')} instead of ${row.join('|')}`;
  }
  return undefined;
}

function sameText(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [Number(a), Number(b)];
  return a !== '' && b !== '' && Math.abs(left - right) <= TOLERANCE * Math.max(Math.abs(left), Math.abs(right));
}
