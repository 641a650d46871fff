import { makeData, RecordBatch, RecordBatchStreamWriter, Struct, vectorFromArray, type Schema } from 'apache-arrow';
import type { KernelConnection, Scalar } from '../ports/kernel.ts';
import { BatchSlots } from './batch-slots.ts';
import { columnLayout, type ColumnLayout } from './column-layout.ts';
import { toLogSql } from './log-columns.ts';
import type { Row } from './pending-rows.ts';
import type { TableSchema } from './schema.ts';

/** `__seq` and `__rid` come before the table's columns. */
const ID_BYTES = 8;
const TWO_32 = 2 ** 32;
const END_OF_STREAM = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/**
 * Rows as an Arrow IPC stream, as the log holds them: the same schema that the kernel's own rows have, so that whoever reads the log need not know which way they came. Everything but the values and their
 * sizes is prepared once for a table's schema.
 */
export class RowEncoder {
  readonly #columns: readonly ColumnLayout[];
  /** Schema message. */
  readonly #prefix: Uint8Array;
  /** Message of a record batch, without its body. */
  readonly #slots: BatchSlots;

  private constructor(columns: readonly ColumnLayout[], prefix: Uint8Array, slots: BatchSlots) {
    this.#columns = columns;
    this.#prefix = prefix;
    this.#slots = slots;
  }

  /** `memtable` is the kernel's name of any memtable with the schema. `undefined` when a column's type is nested. */
  static async open(
    connection: KernelConnection,
    memtable: string,
    schema: TableSchema,
  ): Promise<RowEncoder | undefined> {
    const layouts = schema.columns.map(({ type }) => columnLayout(type));
    const columns = layouts.filter((layout) => layout !== undefined);
    if (columns.length < layouts.length) return undefined;
    const names = ['__seq', '__rid', ...schema.columns.map(toLogSql)].join(', ');
    const stream = await connection.stream(`SELECT ${names} FROM ${memtable} WHERE false`);
    for await (const batch of stream) batch.numRows satisfies number;
    const message = oneRow(stream.schema);
    const schemaBytes = messageBytes(message, 0);
    return new RowEncoder(
      columns,
      message.slice(0, schemaBytes),
      new BatchSlots(message.slice(schemaBytes, schemaBytes + messageBytes(message, schemaBytes))),
    );
  }

  /** Rows of commit `seq`, numbered from `firstRid` on. */
  encode(seq: number, firstRid: number, rows: readonly Row[]): Uint8Array {
    const nullCounts = [0, 0];
    const sizes = [0, rows.length * ID_BYTES, 0, rows.length * ID_BYTES];
    for (const [column, layout] of this.#columns.entries()) {
      const nulls = countNulls(rows, column);
      nullCounts.push(nulls);
      sizes.push(nulls === 0 ? 0 : (rows.length + 7) >> 3, ...layout.sizes(rows, column));
    }
    const bodyBytes = sizes.reduce((sum, size) => sum + padded(size), 0);
    const head = this.#prefix.length + this.#slots.length;
    const bytes = new Uint8Array(head + bodyBytes + END_OF_STREAM.length);
    bytes.set(this.#prefix);
    this.#slots.write(bytes.subarray(this.#prefix.length, head), {
      rowCount: rows.length,
      nullCounts,
      sizes,
      bodyBytes,
    });
    const body = Buffer.from(bytes.buffer, head, bodyBytes);
    writeIds(body, seq, firstRid, rows.length);
    this.#writeColumns(body, rows, nullCounts, sizes);
    bytes.set(END_OF_STREAM, head + bodyBytes);
    return bytes;
  }

  #writeColumns(body: Buffer, rows: readonly Row[], nullCounts: readonly number[], sizes: readonly number[]): void {
    let at = 2 * rows.length * ID_BYTES;
    let next = 4;
    for (const [column, layout] of this.#columns.entries()) {
      if (nullCounts[column + 2] !== 0) {
        for (const [index, row] of rows.entries()) {
          if (row[column] !== null) body[at + (index >> 3)]! |= 1 << (index & 7);
        }
      }
      at += padded(sizes[next++] ?? 0);
      const starts = Array.from({ length: layout.bufferCount }, () => {
        const start = at;
        at += padded(sizes[next++] ?? 0);
        return start;
      });
      layout.write(body, starts, rows, column);
    }
  }
}

/** `__seq`, then `__rid`; no number above 2^53, so each is two halves. */
function writeIds(body: Buffer, seq: number, firstRid: number, rowCount: number): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let row = 0; row < rowCount; row++) {
    writeId(view, row * ID_BYTES, seq);
    writeId(view, (rowCount + row) * ID_BYTES, firstRid + row);
  }
}

function writeId(view: DataView, at: number, id: number): void {
  view.setUint32(at, id % TWO_32, true);
  view.setUint32(at + 4, Math.floor(id / TWO_32), true);
}

function countNulls(rows: readonly Row[], column: number): number {
  let count = 0;
  for (const row of rows) if (row[column] === null) count++;
  return count;
}

export function padded(size: number): number {
  return (size + 7) & ~7;
}

/** A stream of one row of nulls. */
function oneRow(schema: Schema): Uint8Array {
  const children = schema.fields.map((field) => vectorFromArray([null as Scalar], field.type).data[0]!);
  const batch = new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: 1, nullCount: 0, children }),
  );
  return RecordBatchStreamWriter.writeAll([batch]).toUint8Array(true);
}

/** Length of the message at an offset, without its body: a mark and the length of its metadata come first. */
function messageBytes(stream: Uint8Array, at: number): number {
  return 8 + new DataView(stream.buffer, stream.byteOffset + at).getInt32(4, true);
}
