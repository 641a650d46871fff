import { type Data, Field, Int64, makeData, RecordBatch, Schema, Struct, Utf8 } from 'apache-arrow';
import type { RowsResult } from './rows-result.ts';

/** Rows of text and whole numbers, by name of the column. */
export type PlainRow = Readonly<Record<string, string | number>>;
export type PlainColumns = Readonly<Record<string, 'text' | 'integer'>>;

/** Makes a result of rows that come from JavaScript, a batch at a time, so that the printers can print them. */
export function plainRows(columns: PlainColumns, batches: AsyncIterable<readonly PlainRow[]>): RowsResult {
  const fields = Object.entries(columns).map(
    ([name, kind]) => new Field(name, kind === 'text' ? new Utf8() : new Int64(), false),
  );
  const schema = new Schema(fields);
  async function* each(): AsyncGenerator<RecordBatch> {
    for await (const rows of batches) yield batchOf(schema, columns, rows);
  }
  return { kind: 'rows', command: 'SELECT', schema, batches: each() };
}

function batchOf(schema: Schema, columns: PlainColumns, rows: readonly PlainRow[]): RecordBatch {
  const children = Object.entries(columns).map(([name, kind]): Data => {
    const values = rows.map((row) => row[name] ?? '');
    // Two halves of a pair of surrogates must not meet when texts are joined.
    return kind === 'text' ? textColumn(values.map((value) => String(value).toWellFormed())) : integerColumn(values);
  });
  const data = makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children });
  return new RecordBatch(schema, data);
}

/** All texts are encoded at once: one by one it takes several times as long. */
function textColumn(texts: readonly string[]): Data {
  const valueOffsets = new Int32Array(texts.length + 1);
  for (const [at, text] of texts.entries()) {
    valueOffsets[at + 1] = (valueOffsets[at] as number) + Buffer.byteLength(text);
  }
  const data = Buffer.from(texts.join(''));
  return makeData({ type: new Utf8(), length: texts.length, nullCount: 0, valueOffsets, data });
}

function integerColumn(values: readonly (string | number)[]): Data {
  return makeData({
    type: new Int64(),
    length: values.length,
    nullCount: 0,
    data: BigInt64Array.from(values, (value) => BigInt(value)),
  });
}
