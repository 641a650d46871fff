/**
 * Fits columns into the width of a terminal.
 */

/** What a column costs beside its text: a space on either side and one line; the table has one line more. */
const CELL_FRAME = 3;
/** A column that is shortened keeps at least this: three characters and `…`. */
const MIN_SHORTENED = 4;

export interface Layout {
  /** The columns to show; undefined stands for those left out in the middle. */
  readonly columns: readonly (number | undefined)[];
  /** The text's width of each of them. */
  readonly widths: readonly number[];
}

/**
 * Which columns to show, and how wide, so that the table is at most `maxWidth` wide.
 *
 * The widest columns give way first, all to one common width. When even narrow columns are too many, those in the
 * middle are left out. At least the first column stays.
 *
 * @param natural the width of each column's longest text
 */
export function fitColumns(natural: readonly number[], maxWidth: number): Layout {
  const all = natural.map((_, index) => index);
  if (tableWidth(natural) <= maxWidth) return { columns: all, widths: natural };
  const least = natural.map((width) => Math.min(width, MIN_SHORTENED));
  if (tableWidth(least) <= maxWidth) return { columns: all, widths: shrink(natural, maxWidth) };

  const head: number[] = [];
  const tail: number[] = [];
  let used = tableWidth([1]); // the column of dots
  for (let taken = 0; taken < natural.length; taken++) {
    const fromHead = head.length <= tail.length;
    const column = fromHead ? head.length : natural.length - 1 - tail.length;
    used += least[column]! + CELL_FRAME;
    if (used > maxWidth && taken > 0) break;
    if (fromHead) head.push(column);
    else tail.unshift(column);
  }
  const columns = [...head, undefined, ...tail];
  const widths = columns.map((column) => (column === undefined ? 1 : natural[column]!));
  return { columns, widths: shrink(widths, maxWidth) };
}

function tableWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + CELL_FRAME, 1);
}

/** Lowers the greatest widths to the largest common limit with which the table fits, but not below the least. */
function shrink(natural: readonly number[], maxWidth: number): number[] {
  const limited = (limit: number): number[] => natural.map((width) => Math.min(width, limit));
  let low = MIN_SHORTENED;
  let high = Math.max(low, ...natural);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (tableWidth(limited(middle)) <= maxWidth) low = middle;
    else high = middle - 1;
  }
  return limited(low);
}
