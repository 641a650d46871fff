import type { RecordBatch, Schema } from 'apache-arrow';
import type { RowsResult } from '../rows-result.ts';
import type { Output } from '../output.ts';
import { isNumeric, typeName } from '../values/type-name.ts';
import { textReader } from '../values/value-text.ts';
import { displayWidth, shorten } from './display-width.ts';
import { fitColumns, type Layout } from './layout.ts';
import type { Printer } from './printer.ts';
import { visible } from './visible.ts';

export interface TableOptions {
  /** Columns of the terminal; undefined when the output is none, and nothing is shortened. */
  readonly maxWidth: number | undefined;
  /** Rows to show at most, the first and the last ones; undefined for all. */
  readonly maxRows: number | undefined;
  /** Whether the types of the columns stand below their names. */
  readonly types: boolean;
}

/** A box around aligned columns, with the number of rows below. It holds the rows that it shows in memory. */
export function tablePrinter(options: TableOptions): Printer {
  return async (result, output) => {
    const rows = await collect(result, output, options.maxRows);
    for (const line of drawTable(result.schema, rows, options)) {
      output.append(`${line}\n`);
      if (output.full) await output.flush();
    }
    await output.flush();
    return rows.count;
  };
}

interface CollectedRows {
  readonly count: number;
  readonly head: readonly string[][];
  /** The last rows, when some between were left out. */
  readonly tail: readonly string[][];
}

async function collect(result: RowsResult, output: Output, maxRows = Number.POSITIVE_INFINITY): Promise<CollectedRows> {
  const headSize = Math.ceil(maxRows / 2);
  const head: string[][] = [];
  let tail: string[][] = [];
  let count = 0;
  for await (const batch of result.batches) {
    if (output.closed) break;
    const cells = cellReader(batch);
    for (let row = 0; row < batch.numRows; row++) {
      if (head.length < headSize) head.push(cells(row));
      // Rows that more than `maxRows` others of the same batch follow are never shown.
      else if (row >= batch.numRows - maxRows) tail.push(cells(row));
    }
    count += batch.numRows;
    if (tail.length > maxRows) tail = tail.slice(-maxRows);
  }
  if (count <= maxRows) return { count, head: [...head, ...tail], tail: [] };
  const tailSize = maxRows - headSize;
  return { count, head, tail: tailSize === 0 ? [] : tail.slice(-tailSize) };
}

function cellReader(batch: RecordBatch): (row: number) => string[] {
  const readers = batch.data.children.map(textReader);
  return (row) => readers.map((read) => visible(read(row) ?? 'NULL'));
}

function* drawTable(schema: Schema, { count, head, tail }: CollectedRows, options: TableOptions): Iterable<string> {
  const names = schema.fields.map((field) => visible(field.name));
  const types = schema.fields.map((field) => visible(typeName(field.type).toLowerCase()));
  const header = options.types ? [names, types] : [names];
  const natural = names.map((_, column) => {
    let width = 0;
    for (const rows of [header, head, tail]) {
      for (const row of rows) width = Math.max(width, displayWidth(row[column]!));
    }
    return width;
  });
  const layout = fitColumns(natural, options.maxWidth ?? Number.POSITIVE_INFINITY);
  const right = schema.fields.map((field) => isNumeric(field.type));
  const rule = (left: string, cross: string, end: string): string =>
    left + layout.widths.map((width) => '─'.repeat(width + 2)).join(cross) + end;

  yield rule('┌', '┬', '┐');
  for (const row of header) yield drawRow(row, layout, right);
  yield rule('├', '┼', '┤');
  for (const row of head) yield drawRow(row, layout, right);
  if (count > head.length + tail.length)
    yield drawRow(
      names.map(() => '·'),
      layout,
      right,
    );
  for (const row of tail) yield drawRow(row, layout, right);
  yield rule('└', '┴', '┘');
  yield footer(count, head.length + tail.length, layout, natural.length);
}

function drawRow(cells: readonly string[], { columns, widths }: Layout, right: readonly boolean[]): string {
  const parts = columns.map((column, index) => {
    const width = widths[index]!;
    const text = column === undefined ? '…' : shorten(cells[column]!, width);
    const padding = ' '.repeat(width - displayWidth(text));
    return column !== undefined && right[column] === true ? padding + text : text + padding;
  });
  return `│ ${parts.join(' │ ')} │`;
}

function footer(count: number, shownRows: number, { columns }: Layout, columnCount: number): string {
  const parts = [count === 1 ? '1 row' : `${count} rows`];
  if (shownRows < count) parts.push(`${shownRows} shown, \\rows all shows all`);
  const shownColumns = columns.filter((column) => column !== undefined).length;
  if (shownColumns < columnCount) parts.push(`${columnCount} columns, ${shownColumns} shown`);
  return `(${parts.join('; ')})`;
}
