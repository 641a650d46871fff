import { RecordBatch, Schema, Struct, type Vector, makeData } from 'apache-arrow';
import type { Field } from 'apache-arrow';
import type { RowsResult } from '../rows-result.ts';

/** A batch of columns given as Arrow vectors of one chunk each. */
export function batchOf(fields: readonly Field[], vectors: readonly Vector[]): RecordBatch {
  const children = vectors.map((vector) => vector.data[0]!);
  const data = makeData({ type: new Struct([...fields]), length: vectors[0]!.length, nullCount: 0, children });
  return new RecordBatch(new Schema([...fields]), data);
}

export function rowsResult(batches: readonly RecordBatch[], schema = batches[0]!.schema): RowsResult {
  async function* each(): AsyncGenerator<RecordBatch> {
    yield* batches;
  }
  return { kind: 'rows', command: 'SELECT', schema, batches: each() };
}
