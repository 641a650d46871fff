import { StatementType } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBMaterializedResult, DuckDBPreparedStatement } from '@duckdb/node-api';
import { AlopexError, SqlState } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { ArrowStream, Gate, KernelConnection, KernelRow, Parameter, Parameters, Scalar } from '../ports/kernel.ts';
import type { PrimitiveType } from '../table/schema.ts';
import { appendRows } from './append-rows.ts';
import { ArrowResult } from './arrow-result.ts';
import { kernelError } from './kernel-error.ts';
import { castTyped, CastValue } from './cast-value.ts';
import { bindParameters } from './parameter.ts';
import { plainRows } from './plain-row.ts';

/** Between two interrupts of one call that goes on all the same. */
const FIRST_REPEAT_MS = 1;
const LAST_REPEAT_MS = 100;

const OPEN: Gate = { run: (step) => step() };

export interface ConnectionOptions {
  readonly batchRows: number;
  readonly clock: Clock | undefined;
  readonly onClose: () => void;
}

/** A connection to DuckDB. A second statement while one is running is refused (55006): DuckDB would silently end the first. */
export class DuckDbKernelConnection implements KernelConnection {
  readonly #connection: DuckDBConnection;
  readonly #options: ConnectionOptions;
  /** A statement is running, or its rows are not all read. */
  #busy = false;
  #interrupted = false;
  #closed = false;
  /** The call into native code that is under way. */
  #call: symbol | undefined;

  constructor(connection: DuckDBConnection, options: ConnectionOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  run(sql: string, parameters?: Parameters): Promise<number> {
    return this.#exclusively(async () => (await this.#execute(sql, parameters)).rowsChanged);
  }

  rows(sql: string, parameters?: Parameters): Promise<KernelRow[]> {
    return this.#exclusively(async () => plainRows(await this.#execute(sql, parameters)));
  }

  async stream(
    sql: string,
    parameters?: Parameters,
    gate: Gate = OPEN,
    size: 'small' | 'any' = 'any',
  ): Promise<ArrowStream> {
    this.#begin();
    try {
      const result =
        size === 'small'
          ? await gate.run(() => this.#execute(sql, parameters))
          : await this.#prepared(sql, parameters, (statement) =>
              gate.run(() => this.#native(() => statement.stream())),
            );
      // Of a result that has failed, the type is not told any more.
      const { statementType } = result;
      return new ArrowResult(result, this.#options.batchRows, {
        call: (step) => gate.run(() => this.#native(step)),
        failure: () => this.#failure(sql, parameters, statementType),
        end: (complete) => this.#endStream(complete),
      });
    } catch (error) {
      this.#end();
      throw kernelError(error);
    }
  }

  append(table: string, types: readonly PrimitiveType[], rows: Iterable<readonly Scalar[]>): Promise<number> {
    return this.#exclusively(() => this.#native(() => appendRows(this.#connection, table, types, rows)));
  }

  interrupt(): void {
    if (!this.#busy) return;
    this.#interrupted = true;
    this.#connection.interrupt();
    const { clock } = this.#options;
    if (clock !== undefined && this.#call !== undefined) void this.#repeatInterrupt(clock, this.#call);
  }

  /** A running statement is stopped; the connection goes away when it has. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#call === undefined) this.#disconnect();
    else this.interrupt();
  }

  #disconnect(): void {
    this.#connection.closeSync();
    this.#options.onClose();
  }

  /** DuckDB forgets an interrupt that comes after a call was queued and before a thread takes it up. */
  async #repeatInterrupt(clock: Clock, call: symbol): Promise<void> {
    for (let waitMs = FIRST_REPEAT_MS; ; waitMs = Math.min(waitMs * 2, LAST_REPEAT_MS)) {
      await clock.sleep(waitMs);
      if (this.#call !== call) return;
      this.#connection.interrupt();
    }
  }

  #begin(): void {
    if (this.#closed) throw new AlopexError('08003', 'the connection is closed');
    if (this.#busy) throw new AlopexError(SqlState.objectInUse, 'the connection is busy with another statement');
    this.#busy = true;
    this.#interrupted = false;
  }

  #end(): void {
    this.#busy = false;
  }

  async #native<T>(step: () => Promise<T>): Promise<T> {
    if (this.#interrupted || this.#closed)
      throw new AlopexError(SqlState.queryCanceled, 'the statement was interrupted');
    const call = Symbol('call');
    this.#call = call;
    try {
      return await step();
    } finally {
      this.#call = undefined;
      // Native code must not lose its connection under a running call, so closing waited for its end.
      if (this.#closed) this.#disconnect();
    }
  }

  async #exclusively<T>(step: () => Promise<T>): Promise<T> {
    this.#begin();
    try {
      return await step();
    } catch (error) {
      throw kernelError(error);
    } finally {
      this.#end();
    }
  }

  async #execute(sql: string, parameters: Parameters | undefined): Promise<DuckDBMaterializedResult> {
    // Without parameters there is a way that prepares nothing and so crosses into native code once.
    if (parameters === undefined) return this.#native(() => this.#connection.run(sql));
    return this.#prepared(sql, parameters, (statement) => this.#native(() => statement.run()));
  }

  async #prepared<T>(
    sql: string,
    parameters: Parameters | undefined,
    use: (statement: DuckDBPreparedStatement) => Promise<T>,
  ): Promise<T> {
    const values = await castTyped(parameters ?? [], (type, value) => this.#cast(type, value));
    const statement = await this.#prepare(sql);
    try {
      bindParameters(statement, values);
      return await use(statement);
    } finally {
      statement.destroySync();
    }
  }

  async #prepare(sql: string): Promise<DuckDBPreparedStatement> {
    try {
      return await this.#native(() => this.#connection.prepare(sql));
    } catch (error) {
      const isSeveral = error instanceof Error && error.message.includes('Cannot prepare multiple statements');
      const last = isSeveral ? await this.#prepareLast(sql) : undefined;
      if (last === undefined) throw error;
      return last;
    }
  }

  /** DuckDB makes of a PIVOT whose columns come from the data a CREATE TYPE, which is run here, and a query. `undefined` for what is more than one statement as typed. */
  async #prepareLast(sql: string): Promise<DuckDBPreparedStatement | undefined> {
    const parts = await this.#native(() => this.#connection.extractStatements(sql));
    for (let index = 0; index < parts.count - 1; index++) {
      const part = await this.#native(() => parts.prepare(index));
      try {
        if (part.statementType !== StatementType.CREATE || !/\bPIVOT/i.test(sql)) return undefined;
        await this.#native(() => part.run());
      } finally {
        part.destroySync();
      }
    }
    return this.#native(() => parts.prepare(parts.count - 1));
  }

  async #cast(type: string, value: Parameter): Promise<CastValue> {
    const result = await this.#prepared(`SELECT CAST($1 AS ${type})`, [value], (statement) =>
      this.#native(() => statement.run()),
    );
    const [row] = await result.getRows();
    return new CastValue(type, result.columnType(0), row?.[0] ?? null);
  }

  /**
   * Why a statement failed after its first rows. DuckDB's library keeps that to itself, so a query is run again, without its rows.
   * Within an explicit transaction, which the failure has aborted, or with a statement that changes something, the cause stays unknown.
   */
  async #failure(sql: string, parameters: Parameters | undefined, type: StatementType): Promise<AlopexError> {
    const unknown = new AlopexError(SqlState.internalError, 'the statement failed while its rows were being read', {
      hint: 'The cause is not known; run it again outside of a transaction to see it.',
    });
    if (type !== StatementType.SELECT) return unknown;
    try {
      await this.#prepared(`EXPLAIN ANALYZE ${sql}`, parameters, (statement) => this.#native(() => statement.run()));
      return unknown;
    } catch (error) {
      const known = kernelError(error);
      return known.code === '25P02' ? unknown : known;
    }
  }

  async #endStream(complete: boolean): Promise<void> {
    try {
      // An unread rest keeps its transaction and files open until the next statement: let that be now.
      this.#interrupted = false;
      if (!complete && !this.#closed) await this.#native(() => this.#connection.run('SELECT 1'));
    } catch (error) {
      // In a transaction that an error has aborted every statement fails, this one too; the rest is gone all the same.
      const known = kernelError(error);
      if (known.code !== '25P02') throw known;
    } finally {
      this.#end();
    }
  }
}
