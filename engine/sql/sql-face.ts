import { Table, type RecordBatch } from 'apache-arrow';
import { AlopexError, SqlState } from '../errors.ts';
import type { Parameters } from '../ports/kernel.ts';
import type { StatementResult } from './run/result.ts';

/** What a statement did. */
export interface Executed {
  readonly command: string;
  /** Rows that it changed or gave; `undefined` for a statement that has none. */
  readonly rowCount: number | undefined;
}

/** Reads the rows of a result to the end, and counts them. */
export async function executed(result: StatementResult): Promise<Executed> {
  const { command } = result;
  if (result.kind === 'command') return { command, rowCount: result.rowCount };
  let rowCount = 0;
  for await (const batch of result.batches) rowCount += batch.numRows;
  return { command, rowCount };
}

/** The ways to run SQL, of a database and of a transaction alike. Parameters are `$1`, `?` or `$name`. */
export abstract class SqlFace {
  /** Runs the statements of a text one by one and yields the result of each; its rows are to be read before the next is asked for. */
  abstract statements(sql: string, parameters?: Parameters): AsyncGenerator<StatementResult, void, undefined>;

  /** Runs the statements of a text and returns what each did. Rows are not returned: see `query`. */
  async execute(sql: string, parameters?: Parameters): Promise<Executed[]> {
    const results: Executed[] = [];
    for await (const result of this.statements(sql, parameters)) results.push(await executed(result));
    return results;
  }

  /** Runs one statement and returns its rows as an Arrow table, in memory. */
  async query(sql: string, parameters?: Parameters): Promise<Table> {
    let table: Table | undefined;
    for await (const result of this.statements(sql, parameters)) {
      if (table !== undefined) throw new AlopexError(SqlState.syntaxError, 'query() takes a single statement');
      const batches: RecordBatch[] = [];
      if (result.kind === 'rows') for await (const batch of result.batches) batches.push(batch);
      table = result.kind === 'rows' ? new Table(result.schema, batches) : new Table();
    }
    return table ?? new Table();
  }

  /** Runs one statement and yields its rows batch by batch, as they come. Leaving the loop early stops the statement. */
  async *stream(sql: string, parameters?: Parameters): AsyncGenerator<RecordBatch, void, undefined> {
    for await (const result of this.statements(sql, parameters)) {
      if (result.kind === 'rows') yield* result.batches;
    }
  }
}
