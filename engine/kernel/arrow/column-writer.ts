import type { Data, DataType } from 'apache-arrow';
import type { VectorReader } from './vector-reader.ts';

/** Collects the rows of one column, or of a child of one, into Arrow buffers. */
export interface ColumnWriter {
  /** The Arrow type of the column; the same object for all batches. */
  readonly type: DataType;
  /** Bytes collected since the last `finish`, about. */
  readonly sizeBytes: number;
  /** Appends rows `[start, start + count)`. */
  append(vector: VectorReader, start: number, count: number): void;
  appendNulls(count: number): void;
  /** All rows since the last call; starts anew. */
  finish(): Data;
}

/** Calls `valid` and `nulls` for the runs of rows with and without a value, in order. */
export function eachRun(
  vector: VectorReader,
  start: number,
  count: number,
  valid: (start: number, count: number) => void,
  nulls: (count: number) => void,
): void {
  if (vector.validity === null) {
    if (count > 0) valid(start, count);
    return;
  }
  const end = start + count;
  for (let from = start; from < end;) {
    const isValid = vector.isValid(from);
    let to = from + 1;
    while (to < end && vector.isValid(to) === isValid) to++;
    if (isValid) valid(from, to - from);
    else nulls(to - from);
    from = to;
  }
}
