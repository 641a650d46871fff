import { AlopexError } from '../../../engine/errors.ts';
import type { KeyValueStore } from '../../../engine/kv/access/key-value-store.ts';
import { splitStatements } from '../../../engine/sql/split.ts';
import type { CliConnection, CliDatabase, StatementResult } from '../database.ts';

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

  get kv(): KeyValueStore {
    throw new AlopexError('0A000', 'the fake has no keys');
  }

  catalog(): never {
    throw new AlopexError('0A000', 'the fake has no catalog');
  }

  async *statements(sql: string): AsyncGenerator<StatementResult> {
    for (const { text } of splitStatements(sql)) {
      this.ran.push(text);
      const answer = this.#answers[text];
      if (answer === undefined) throw new AlopexError('42601', `no answer to ${text}`, { hint: 'ask something else' });
      yield await answer();
    }
  }

  /** Its one connection is the fake itself, whose closing is not the database's. */
  connect(): Promise<CliConnection> {
    return Promise.resolve({
      statements: (sql) => this.statements(sql),
      interrupt: () => this.interrupt(),
      isInTransaction: false,
      close: () => Promise.resolve(),
    });
  }

  interrupt(): void {
    this.interrupts++;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
