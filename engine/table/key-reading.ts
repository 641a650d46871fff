import type { RecordBatch, Vector } from 'apache-arrow';
import type { KernelConnection, Scalar } from '../ports/kernel.ts';
import { quoteIdentifier } from './data-type.ts';
import { rowKey, type KeyShape, type RowKey } from './row-key.ts';
import type { TableSchema } from './schema.ts';

/** The keys of the rows of a relation (which may end in `WHERE …`). */
export async function readKeys(
  connection: KernelConnection,
  schema: TableSchema,
  { positions }: KeyShape,
  fromSql: string,
  take: (key: RowKey) => void,
): Promise<void> {
  const columns = positions.flatMap((position) => {
    const column = schema.columns[position];
    if (column === undefined) return [];
    const name = quoteIdentifier(column.name);
    return [column.type.kind === 'primitive' && column.type.name === 'UUID' ? `CAST(${name} AS VARCHAR)` : name];
  });
  const stream = await connection.stream(`SELECT ${columns.join(', ')} FROM ${fromSql}`);
  for await (const batch of stream) takeKeys(batch, take);
}

function takeKeys(batch: RecordBatch, take: (key: RowKey) => void): void {
  const readers = Array.from({ length: batch.numCols }, (_, index) => scalarReader(batch.getChildAt(index)));
  for (let row = 0; row < batch.numRows; row++) take(rowKey(readers.length, (place) => readers[place]?.(row) ?? null));
}

/** Dates and timestamps as the numbers that Arrow holds, which its own accessors turn into milliseconds. */
function scalarReader(vector: Vector | null): (row: number) => Scalar {
  const values: unknown = vector?.data[0]?.values;
  if (values instanceof Uint8Array && vector?.data[0]?.valueOffsets !== undefined) {
    return (row) => vector.get(row) as string;
  }
  const numbers = values as Int32Array | BigInt64Array;
  return (row) => numbers[row] ?? null;
}
