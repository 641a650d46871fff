import type { Data } from 'apache-arrow';
import type { RowsResult } from '../rows-result.ts';
import type { Output } from '../output.ts';

/** Prints a result with rows and tells how many it had. All but `table` hold no more than a batch in memory. */
export type Printer = (result: RowsResult, output: Output) => Promise<number>;

export interface LineFormat {
  readonly header: string;
  /** Makes, for the columns of a batch, the function from a row to its text, line end included. */
  readonly lineReader: (columns: readonly Data[]) => (row: number) => string;
  readonly footer: string;
}

/**
 * Writes each row of a result, batch by batch and with back-pressure, and tells how many there were. It stops early when
 * nobody reads the output any more. The header waits for the first batch, so that a statement that fails at once prints
 * nothing.
 */
export async function printRows(result: RowsResult, output: Output, format: LineFormat): Promise<number> {
  let rowCount = 0;
  let { header } = format;
  for await (const batch of result.batches) {
    output.append(header);
    header = '';
    const line = format.lineReader(batch.data.children);
    for (let row = 0; row < batch.numRows && !output.closed; row++) {
      output.append(line(row));
      rowCount++;
      if (output.full) await output.flush();
    }
    await output.flush();
    if (output.closed) break;
  }
  output.append(header + format.footer);
  await output.flush();
  return rowCount;
}
