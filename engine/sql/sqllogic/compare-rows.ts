import type { ColumnType, Rows } from './database.ts';
import { fitsPattern, isPattern } from './pattern.ts';
import { sameValue } from './same-value.ts';
import type { SortMode } from './script.ts';

export interface ExpectedRows {
  readonly columnCount: number;
  readonly sort: SortMode;
  /** As in the script; see `QueryStep.expected`. */
  readonly lines: readonly string[];
}

/** Why a result is not the expected one; undefined when it is. */
export function compareRows(
  result: Rows,
  expected: ExpectedRows,
  replace: (text: string) => string,
): string | undefined {
  const columnCount = result.columns.length;
  if (columnCount === 0) return `the statement gave no columns, expected ${expected.columnCount}`;
  const rowCount = result.rows.length;
  const actual = sortedValues(result, expected.sort);
  const { lines } = expected;
  // With as many lines as rows, or with tabs throughout, a line is a row; else it is a value.
  const byRow = (columnCount > 1 && lines.length === rowCount) || lines.every((line) => line.includes('\t'));
  if (!byRow && lines.length % columnCount !== 0) {
    return `${lines.length} values are expected, which are no whole rows of the ${columnCount} columns found`;
  }
  const expectedRowCount = byRow ? lines.length : lines.length / columnCount;
  if (expectedRowCount !== rowCount) return `wrong number of rows: expected ${expectedRowCount}, found ${rowCount}`;
  // Several tabs are one: an empty text is written `(empty)`.
  const split = byRow ? lines.map((line) => line.split('\t').filter((value) => value !== '')) : [];
  const uneven = split.find((row) => row.length !== columnCount);
  if (uneven !== undefined) return `wrong number of columns: expected ${uneven.length}, found ${columnCount}`;
  const values = byRow ? split.flat() : lines;
  for (const [index, value] of values.entries()) {
    const found = actual[index] ?? '';
    const column = index % columnCount;
    if (matches(found, value, result.columns[column] ?? { kind: 'other' }, replace)) continue;
    const row = Math.floor(index / columnCount);
    return `wrong value in row ${row + 1}, column ${column + 1}: expected ${clip(value)}, found ${clip(found)}`;
  }
  if (columnCount !== expected.columnCount) {
    return `wrong number of columns: expected ${expected.columnCount}, found ${columnCount}`;
  }
  return undefined;
}

/** Whether a result has the expected rows, but in another order. */
export function isOnlyOrder(
  result: Rows,
  { columnCount, lines }: Omit<ExpectedRows, 'sort'>,
  replace: (text: string) => string,
): boolean {
  const width = result.columns.length;
  const isByRow = (width > 1 && lines.length === result.rows.length) || lines.every((line) => line.includes('\t'));
  if (!isByRow && (width === 0 || lines.length % width !== 0)) return false;
  const rows = isByRow
    ? lines.map((line) => line.split('\t').filter((value) => value !== ''))
    : Array.from({ length: lines.length / width }, (_, at) => lines.slice(at * width, (at + 1) * width));
  const sorted = rows.sort(compareTexts).flat();
  return compareRows(result, { columnCount, sort: 'rowsort', lines: sorted }, replace) === undefined;
}

/** All values of a result as the format writes them, row by row, in the order that a script asks for. */
export function sortedValues(result: Rows, sort: SortMode): string[] {
  const rows = result.rows.map((row) => row.map((value, column) => writtenValue(value, result.columns[column])));
  if (sort === 'rowsort') rows.sort(compareTexts);
  const values = rows.flat();
  return sort === 'valuesort' ? values.sort(compareText) : values;
}

/** Of a result's values: `6 values hashing to …`. `md5` gives hexadecimal digits. */
export function resultHash(values: readonly string[], md5: (text: string) => string): string {
  return `${values.length} values hashing to ${md5(values.map((value) => `${value}\n`).join(''))}`;
}

export function isResultHash(lines: readonly string[]): boolean {
  return lines.length === 1 && /^\d+ values hashing to [0-9a-z]{32}$/.test(lines[0] ?? '');
}

function writtenValue(value: string | null, type: ColumnType | undefined): string {
  if (value === null) return 'NULL';
  if (type?.kind === 'boolean') return value === 'true' ? '1' : '0';
  return value === '' ? '(empty)' : value.replaceAll('\0', '\\0');
}

function matches(actual: string, expected: string, type: ColumnType, replace: (text: string) => string): boolean {
  if (actual === expected || actual === replace(expected)) return true;
  if (isPattern(expected) && fitsPattern(actual, expected)) return true;
  if (actual === 'NULL' || expected === 'NULL') return false;
  return sameValue(actual, expected, type);
}

function compareTexts(left: readonly string[], right: readonly string[]): number {
  for (const [index, text] of left.entries()) {
    const order = compareText(text, right[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/** By code points, which is the order of UTF-8 bytes, where UTF-16 units would differ. */
function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    if (left.charCodeAt(at) !== right.charCodeAt(at)) return (left.codePointAt(at) ?? 0) - (right.codePointAt(at) ?? 0);
  }
  return left.length - right.length;
}

function clip(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
