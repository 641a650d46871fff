import type { Parameters } from '../../ports/kernel.ts';
import type { StatementResult } from '../run/result.ts';
import { transactionLeftOpen } from '../scope.ts';
import { SqlFace, type Executed } from '../sql-face.ts';
import { ConnectionScope, type ConnectionParts } from './connection-scope.ts';

/**
 * A connection to a database: statements one after the other, with transactions (`BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT`), settings (`SET`), prepared statements and
 * temporary tables of its own. Open one for each task that runs at the same time as others.
 */
export class Connection extends SqlFace {
  readonly #parts: ConnectionParts;
  readonly #scope: ConnectionScope;

  constructor(parts: ConnectionParts) {
    super();
    this.#parts = parts;
    this.#scope = new ConnectionScope(parts);
  }

  override async *statements(sql: string, parameters?: Parameters): AsyncGenerator<StatementResult, void, undefined> {
    try {
      yield* this.#parts.sql.statements(sql, parameters, this.#scope);
    } catch (error) {
      throw this.#scope.failed(error);
    }
  }

  override async execute(sql: string, parameters?: Parameters): Promise<Executed[]> {
    try {
      return await this.#parts.sql.execute(sql, parameters, this.#scope);
    } catch (error) {
      throw this.#scope.failed(error);
    }
  }

  /** Whether a transaction has begun and not ended. */
  get isInTransaction(): boolean {
    return this.#scope.isInTransaction;
  }

  /** Stops the running statement: it fails with `57014`. */
  interrupt(): void {
    this.#scope.interrupt();
  }

  /** Rolls back a transaction that is open, and drops temporary tables and settings. */
  async close(): Promise<void> {
    await this.#scope.close();
  }
}

/** Runs a text on a connection of its own, which ends with it. Throws `25001` when the text leaves a transaction open, which is rolled back. */
export async function* statementsOnce(
  parts: ConnectionParts,
  sql: string,
  parameters?: Parameters,
): AsyncGenerator<StatementResult, void, undefined> {
  const connection = new Connection(parts);
  try {
    yield* connection.statements(sql, parameters);
    refuseOpen(connection);
  } finally {
    await connection.close();
  }
}

/** The same of `execute`. */
export async function executeOnce(parts: ConnectionParts, sql: string, parameters?: Parameters): Promise<Executed[]> {
  const connection = new Connection(parts);
  try {
    const results = await connection.execute(sql, parameters);
    refuseOpen(connection);
    return results;
  } finally {
    await connection.close();
  }
}

function refuseOpen(connection: Connection): void {
  if (!connection.isInTransaction) return;
  throw transactionLeftOpen(
    'COMMIT it in the same text, use db.transaction(…), or open a connection with db.connect().',
  );
}
