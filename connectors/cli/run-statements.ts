import type { RecordBatch } from 'apache-arrow';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import type { StatementResult, StatementRunner } from './database.ts';
import type { Printer } from '../text/formats/printer.ts';
import type { Output } from '../text/output.ts';

export interface RunOptions {
  readonly output: Output;
  readonly print: Printer;
  /** Whether statements without rows say what they did: `INSERT 3`. */
  readonly announceCommands: boolean;
  /** Cancels the running statement, and those after it. */
  readonly signal: AbortSignal;
  /** Called after each statement's result is printed. */
  readonly onStatementEnd?: () => void;
}

/**
 * Runs the statements of a text in order and prints their results. The first failing one ends it.
 *
 * When nobody reads the output any more (`| head`), the statements that are left still run, unseen.
 */
export async function runStatements(db: StatementRunner, sql: string, options: RunOptions): Promise<void> {
  const { signal, output } = options;
  const interrupt = (): void => db.interrupt();
  throwIfCanceled(signal);
  signal.addEventListener('abort', interrupt);
  try {
    for await (const result of db.statements(sql)) {
      await printResult(result, options);
      options.onStatementEnd?.();
      throwIfCanceled(signal);
    }
  } finally {
    signal.removeEventListener('abort', interrupt);
    // What a failing statement has printed so far is seen before its error.
    await output.flush();
  }
}

async function printResult(result: StatementResult, options: RunOptions): Promise<void> {
  const { output, print, signal, announceCommands } = options;
  if (result.kind === 'rows') {
    await print({ ...result, batches: cancelable(result.batches, signal) }, output);
  } else if (announceCommands) {
    output.append(result.rowCount === undefined ? `${result.command}\n` : `${result.command} ${result.rowCount}\n`);
    await output.flush();
  }
}

/** An interrupt that comes while no batch is being made would go unnoticed by the database. */
async function* cancelable(batches: AsyncIterable<RecordBatch>, signal: AbortSignal): AsyncIterable<RecordBatch> {
  for await (const batch of batches) {
    throwIfCanceled(signal);
    yield batch;
  }
}

function throwIfCanceled(signal: AbortSignal): void {
  if (signal.aborted) throw new AlopexError(SqlState.queryCanceled, 'canceled');
}
