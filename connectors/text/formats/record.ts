import type { RowsResult } from '../rows-result.ts';
import type { Output } from '../output.ts';
import { textReader } from '../values/value-text.ts';
import { displayWidth } from './display-width.ts';
import { visible } from './visible.ts';

/** Rows one below the other, each column on a line of its own: for few rows of many columns. */
export async function printRecords(result: RowsResult, output: Output): Promise<number> {
  const names = result.schema.fields.map((field) => visible(field.name));
  const width = Math.max(0, ...names.map(displayWidth));
  let rowCount = 0;
  for await (const batch of result.batches) {
    const readers = batch.data.children.map(textReader);
    for (let row = 0; row < batch.numRows; row++) {
      readers.forEach((read, column) => {
        const name = names[column]!;
        output.append(`${name}${' '.repeat(width - displayWidth(name))}  ${visible(read(row) ?? 'NULL')}\n`);
      });
      output.append('\n');
      rowCount++;
    }
    await output.flush();
  }
  return rowCount;
}
