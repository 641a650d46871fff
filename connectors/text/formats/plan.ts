import { textReader } from '../values/value-text.ts';
import type { Printer } from './printer.ts';

/** The column of EXPLAIN that holds the plan, line by line. */
const PLAN_COLUMN = 'explain_value';

/** Prints plans as the text that they are, without a box, and everything else with another printer. */
export function withPlans(print: Printer): Printer {
  return async (result, output) => {
    const column = result.schema.fields.findIndex((field) => field.name === PLAN_COLUMN);
    if (result.command !== 'EXPLAIN' || column < 0) return print(result, output);
    let rowCount = 0;
    for await (const batch of result.batches) {
      const data = batch.data.children[column];
      if (data === undefined || output.closed) break;
      const read = textReader(data);
      for (let row = 0; row < batch.numRows; row++) output.append(`${(read(row) ?? '').trimEnd()}\n`);
      rowCount += batch.numRows;
    }
    await output.flush();
    return rowCount;
  };
}
