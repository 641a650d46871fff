import {
  DuckDBArrayValue,
  DuckDBBitValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBGeometryValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimeNSValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  DuckDBUUIDValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { RecordBatch } from 'apache-arrow';
import { rawAt, type RawValue } from '../../../engine/kernel/test-support/arrow-values.ts';

/** A value in a form that both sides have: whole numbers as bigint, dates and times as their count, nested values as arrays. */
export type Cell = null | boolean | number | bigint | string | readonly Cell[];
export type Row = readonly Cell[];

/** A value as DuckDB's own bindings give it. */
export function plainCell(value: DuckDBValue): Cell {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'bigint')
    return value;
  if (typeof value === 'number') return value;
  if (value instanceof DuckDBDecimalValue) return value.value;
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBTimeValue) return value.micros;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros;
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds;
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis;
  if (value instanceof DuckDBTimestampNanosecondsValue || value instanceof DuckDBTimeNSValue) return value.nanos;
  if (value instanceof DuckDBTimeTZValue || value instanceof DuckDBBitValue || value instanceof DuckDBUUIDValue)
    return value.toString();
  if (value instanceof DuckDBIntervalValue) return [value.months, value.days, value.micros * 1000n];
  if (value instanceof DuckDBBlobValue || value instanceof DuckDBGeometryValue)
    return Buffer.from(value.bytes).toString('hex');
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(plainCell);
  if (value instanceof DuckDBStructValue)
    return Object.entries(value.entries).map(([name, field]) => [name, plainCell(field)]);
  if (value instanceof DuckDBMapValue)
    return value.entries.map((entry) => [plainCell(entry.key), plainCell(entry.value)]);
  throw new Error(`a query of this suite returns ${value.constructor.name}, which it does not compare`);
}

function arrowCell(value: RawValue): Cell {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly RawValue[]).map(arrowCell);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return entries.map(([key, item]) => [arrowCell(key), arrowCell(item)]);
}

/** The rows of Arrow batches, straight from their buffers. */
export function arrowRows(batches: readonly RecordBatch[]): Row[] {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.numRows }, (_, row) =>
      batch.data.children.map((column) => arrowCell(rawAt(column, row))),
    ),
  );
}

/** A text of a cell that differs wherever two cells do, but for the last digits of a DOUBLE. */
export function cellText(cell: Cell): string {
  if (Array.isArray(cell)) return `[${(cell as readonly Cell[]).map(cellText).join(',')}]`;
  if (typeof cell === 'number') return Object.is(cell, -0) ? '-0' : String(Number(cell.toPrecision(10)));
  return typeof cell === 'string' ? JSON.stringify(cell) : `${typeof cell}:${String(cell)}`;
}

/** By their texts: for rows that come in any order. */
export function sortedRows(rows: readonly Row[]): Row[] {
  return rows
    .map((row) => ({ row, key: cellText(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ row }) => row);
}

/** Whether values are equal. DOUBLEs may differ by `tolerance`, relatively; without one not even the sign of zero may. */
export function sameCell(a: Cell, b: Cell, tolerance = 0): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    const [left, right] = [a as readonly Cell[], b as readonly Cell[]];
    return left.length === right.length && left.every((cell, index) => sameCell(cell, right[index] ?? null, tolerance));
  }
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  if (tolerance === 0 || !Number.isFinite(a) || !Number.isFinite(b)) return Object.is(a, b);
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}
