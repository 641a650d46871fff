import type { RecordBatch } from 'apache-arrow';

/** Batches of a statement: what holds it is given back at the end, errors are explained, and rows counted. */
export async function* finishing(
  batches: AsyncIterator<RecordBatch>,
  finish: () => Promise<void>,
  explain: (error: unknown) => unknown,
  counted: (rows: number) => void,
): AsyncGenerator<RecordBatch> {
  try {
    let rows = 0;
    for (let next = await batches.next(); next.done !== true; next = await batches.next()) {
      rows += next.value.numRows;
      yield next.value;
    }
    counted(rows);
  } catch (error) {
    throw explain(error);
  } finally {
    await finish();
  }
}

export async function* fromArray(batches: readonly RecordBatch[]): AsyncGenerator<RecordBatch> {
  for (const batch of batches) yield await Promise.resolve(batch);
}
