import { AlopexError, SqlState } from '../errors.ts';
import type { KeyValue } from '../kv/access/key-value.ts';
import type { Clock } from '../ports/clock.ts';
import type { Parameters } from '../ports/kernel.ts';
import type { Random } from '../ports/random.ts';
import type { StatementResult } from '../sql/run/result.ts';
import { SqlFace } from '../sql/sql-face.ts';
import { Transaction, type IsolationLevel, type Savepoint, type TransactionParts } from './transaction.ts';

export interface TransactionOptions {
  /** `snapshot` when absent. */
  readonly isolation?: IsolationLevel;
  /** How often the function is run before a conflict is reported; 10 when absent. */
  readonly maxAttempts?: number;
}

/** What a function given to `db.transaction` works with: tables by SQL, keys by `kv`. */
export class TransactionHandle extends SqlFace {
  readonly kv: KeyValue;
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    super();
    this.#transaction = transaction;
    this.kv = transaction.kv;
  }

  override statements(sql: string, parameters?: Parameters): AsyncGenerator<StatementResult, void, undefined> {
    return this.#transaction.statements(sql, parameters);
  }

  /** Marks a point; `rollBack` of what it returns undoes everything since then. */
  savepoint(): Savepoint {
    return this.#transaction.savepoint();
  }
}

/** First wait before another attempt; doubled each time, and spread so that rivals do not meet again. */
const BACKOFF_MS = 1;
const MAX_BACKOFF_MS = 100;

/** Runs a function as a transaction: commits when it returns, rolls back when it throws, and runs it again after a conflict. */
export async function runTransaction<T>(
  parts: TransactionParts & { readonly clock: Clock; readonly random: Random },
  body: (transaction: TransactionHandle) => Promise<T>,
  { isolation = 'snapshot', maxAttempts = 10 }: TransactionOptions,
): Promise<T> {
  if (isolation !== 'snapshot' && isolation !== 'serializable') {
    throw new AlopexError(SqlState.invalidParameter, `there is no isolation level ${JSON.stringify(isolation)}`, {
      hint: "The levels are 'snapshot' and 'serializable'.",
    });
  }
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
    throw new AlopexError(SqlState.invalidParameter, `${maxAttempts} is no number of attempts`);
  }
  if (typeof body !== 'function') throw new AlopexError(SqlState.invalidParameter, 'a transaction is a function');
  for (let attempt = 1; ; attempt++) {
    const transaction = new Transaction(parts, { isolation });
    try {
      const result = await body(new TransactionHandle(transaction));
      await transaction.commit();
      return result;
    } catch (error) {
      await transaction.rollBack();
      const isConflict = error instanceof AlopexError && error.code === SqlState.serializationFailure;
      if (!isConflict || attempt >= maxAttempts) throw error;
      const spread = 0.5 + (parts.random.bytes(1)[0] ?? 0) / 256;
      await parts.clock.sleep(Math.min(BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS) * spread);
    }
  }
}
