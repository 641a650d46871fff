import { RecordBatch, Schema, Struct, type Vector, makeData } from 'apache-arrow';
import type { Field } from 'apache-arrow';
import { AlopexError } from '../../../engine/errors.ts';
import { splitStatements } from '../../../engine/sql/split.ts';
import type { CliDatabase, RowsResult, StatementResult } from '../database.ts';

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

export type Answer = () => StatementResult | Promise<StatementResult>;

/** Answers statements by their text, and notes what was asked of it. */
export class FakeDatabase implements CliDatabase {
  readonly ran: string[] = [];
  interrupts = 0;
  closed = false;
  readonly #answers: Readonly<Record<string, Answer>>;

  constructor(answers: Readonly<Record<string, Answer>>) {
    this.#answers = answers;
  }

  async *statements(sql: string): AsyncGenerator<StatementResult> {
    for (const { text } of splitStatements(sql)) {
      this.ran.push(text);
      const answer = this.#answers[text];
      if (answer === undefined) throw new AlopexError('42601', `no answer to ${text}`, { hint: 'ask something else' });
      yield await answer();
    }
  }

  interrupt(): void {
    this.interrupts++;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
