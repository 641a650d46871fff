import { RecordBatchStreamWriter, type RecordBatch } from 'apache-arrow';
import type { KernelConnection } from './ports/kernel.ts';

/** All rows of a query as one Arrow IPC stream, and how many they are. */
export async function queryArrowBytes(
  connection: KernelConnection,
  sql: string,
): Promise<{ bytes: Uint8Array; rowCount: number }> {
  const stream = await connection.stream(sql);
  const batches: RecordBatch[] = [];
  let rowCount = 0;
  for await (const batch of stream) {
    batches.push(batch);
    rowCount += batch.numRows;
  }
  if (rowCount === 0) return { bytes: new Uint8Array(0), rowCount };
  return { bytes: await RecordBatchStreamWriter.writeAll(batches).toUint8Array(), rowCount };
}
