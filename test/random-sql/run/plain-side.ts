import { DuckDBInstance, type DuckDBConnection, type DuckDBResultReader } from '@duckdb/node-api';
import { AlopexError } from '../../../engine/errors.ts';
import { kernelError } from '../../../engine/kernel/kernel-error.ts';
import { plainCell } from '../../differential/test-support/cell.ts';
import type { Outcome } from './outcome.ts';

/** What is asked of a statement besides that it runs. */
export type Wanted = 'query' | 'returning' | 'count' | 'nothing';

/** The reference: DuckDB in memory with native tables. It knows no savepoints: going back to one is done again from the start of the transaction. */
export class PlainSide {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  /** Statements of the open transaction. */
  #done: string[] | undefined;
  #failed = false;
  readonly #savepoints = new Map<string, number>();

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(): Promise<PlainSide> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new PlainSide(instance, connection);
  }

  async run(sql: string, wanted: Wanted): Promise<Outcome> {
    const reader = await this.#read(sql);
    if (wanted !== 'query') this.#done?.push(sql);
    if (wanted === 'count' || wanted === 'nothing') {
      return { kind: 'done', count: wanted === 'count' ? reader.rowsChanged : undefined };
    }
    const rows = reader.getRows().map((row) => row.map(plainCell));
    return { kind: 'rows', columns: reader.columnNames(), rows };
  }

  /** BEGIN, SAVEPOINT and their ends. */
  async control(sql: string): Promise<Outcome> {
    const [command = '', ...rest] = sql.split(' ');
    const name = rest.at(-1) ?? '';
    if (command === 'SAVEPOINT') {
      if (this.#failed) await this.#connection.run('SELECT 1').catch(rethrow);
      this.#savepoints.set(name, this.#done?.length ?? 0);
    } else if (rest[0] === 'TO') {
      await this.#backTo(name);
    } else {
      // To commit what has failed is to roll it back, as in PostgreSQL.
      await this.#connection.run(command === 'COMMIT' && this.#failed ? 'ROLLBACK' : sql).catch(rethrow);
      this.#done = command === 'BEGIN' ? [] : undefined;
      this.#failed = false;
      this.#savepoints.clear();
    }
    return { kind: 'done', count: undefined };
  }

  get isInTransaction(): boolean {
    return this.#done !== undefined;
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #read(sql: string): Promise<DuckDBResultReader> {
    try {
      return await this.#connection.runAndReadAll(sql);
    } catch (error) {
      if (this.#done !== undefined) this.#failed ||= await this.#isAborted();
      throw kernelError(error);
    }
  }

  async #backTo(savepoint: string): Promise<void> {
    const count = this.#savepoints.get(savepoint);
    if (count === undefined) throw new AlopexError('3B001', `savepoint ${savepoint} does not exist`);
    for (const name of [...this.#savepoints.keys()].toReversed()) {
      if (name === savepoint) break;
      this.#savepoints.delete(name);
    }
    const again = this.#done?.slice(0, count) ?? [];
    await this.#connection.run('ROLLBACK');
    await this.#connection.run('BEGIN');
    for (const sql of again) await this.#connection.run(sql);
    this.#done = again;
    this.#failed = false;
  }

  async #isAborted(): Promise<boolean> {
    return this.#connection.run('SELECT 1').then(
      () => false,
      () => true,
    );
  }
}

function rethrow(error: unknown): never {
  throw kernelError(error);
}
