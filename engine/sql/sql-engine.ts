import { tableFromArrays, type RecordBatch } from 'apache-arrow';
import type { Engine } from '../engine.ts';
import { AlopexError, SqlState } from '../errors.ts';
import type { Gate, Kernel, Parameters } from '../ports/kernel.ts';
import type { TierMover } from '../ports/tier-mover.ts';
import { parseStatement } from './parse/parse-statement.ts';
import type { AlterTableStatement, QueryStatement, Statement } from './parse/statement.ts';
import { formatScanReports, scanReport } from './plan/scan-report.ts';
import type { Planner } from './plan/planner.ts';
import { runAlterTable, runCreateTable, runDropTable } from './run/define.ts';
import { AutoCommit, type Scope } from './scope.ts';
import { runCopyFrom, runInsert } from './run/insert.ts';
import { numberParameters } from './run/parameters.ts';
import type { StatementResult } from './run/result.ts';
import { Session } from './run/session.ts';
import { runDelete, runUpdate } from './run/update.ts';
import { splitStatements } from './split.ts';

/** Runs SQL: takes statements apart, gives each a session, and sends it to its executor. */
export class SqlEngine {
  readonly #engine: Engine;
  readonly #kernel: Kernel;
  readonly #planner: Planner;
  readonly #mover: TierMover;
  readonly #gate: Gate;
  readonly #idle: Session[] = [];
  readonly #busy = new Set<Session>();
  readonly #autoCommit: Scope;
  #opened = 0;
  #closed = false;

  /**
   * `gate` bounds the queries in native code. The kernel runs each on one of libuv's threads, which files need too: with all of them taken by long
   * queries nothing could be committed.
   */
  constructor(engine: Engine, kernel: Kernel, planner: Planner, mover: TierMover, gate: Gate) {
    this.#engine = engine;
    this.#kernel = kernel;
    this.#planner = planner;
    this.#mover = mover;
    this.#gate = gate;
    this.#autoCommit = new AutoCommit(engine, {
      acquire: () => this.acquire(),
      release: (session) => this.release(session),
    });
  }

  /** Runs the statements of a text one after the other; each starts when the result of the one before has been taken. Without a scope each is a transaction by itself. */
  async *statements(
    text: string,
    parameters?: Parameters,
    scope: Scope = this.#autoCommit,
  ): AsyncGenerator<StatementResult, void, undefined> {
    const statements = splitStatements(text).map((part) => {
      const numbered = numberParameters(part.text);
      return { text: numbered, statement: parseStatement(numbered) };
    });
    if (statements.length > 1 && parameters !== undefined && Object.keys(parameters).length > 0) {
      throw new AlopexError(SqlState.syntaxError, 'parameters go with a single statement');
    }
    for (const { text, statement } of statements) {
      const running = await this.#run(scope, statement, text, parameters);
      try {
        yield running.result;
      } finally {
        await running.finish();
      }
    }
  }

  /** Stops every statement that is running; they fail with SQLSTATE 57014. */
  interrupt(): void {
    for (const session of this.#busy) session.connection.interrupt();
  }

  close(): void {
    this.#closed = true;
    for (const session of [...this.#idle, ...this.#busy]) session.connection.close();
    this.#planner.close();
  }

  async #run(scope: Scope, statement: Statement, text: string, parameters?: Parameters): Promise<Running> {
    const session = await scope.acquire();
    try {
      if (statement.kind === 'query') return await this.#query(scope, session, statement, parameters);
      const result = await this.#command(scope, session, statement, text, parameters);
      scope.release(session);
      return { result, finish: () => Promise.resolve() };
    } catch (error) {
      scope.release(session);
      throw error;
    }
  }

  async #query(scope: Scope, session: Session, statement: QueryStatement, parameters?: Parameters): Promise<Running> {
    const pin = scope.pin();
    try {
      const scans = await session.prepare(pin.version, statement.text, parameters);
      scope.reads(scans.map((scan) => scan.table.tableId));
      const stream = await session.connection.stream(statement.text, parameters, this.#gate);
      const batches = stream[Symbol.asyncIterator]();
      let done = false;
      const finish = async (): Promise<void> => {
        if (done) return;
        done = true;
        await batches.return?.();
        pin.release();
        scope.release(session);
      };
      scope.opened(finish);
      const { command } = statement;
      const result = {
        kind: 'rows' as const,
        command,
        schema: stream.schema,
        batches: finishing(batches, finish),
        scans: scans.map(scanReport),
      };
      return { result, finish };
    } catch (error) {
      pin.release();
      throw error;
    }
  }

  async #command(
    scope: Scope,
    session: Session,
    statement: Exclude<Statement, QueryStatement>,
    text: string,
    parameters?: Parameters,
  ): Promise<StatementResult> {
    const { connection } = session;
    switch (statement.kind) {
      case 'insert':
        return counted(
          'INSERT',
          scope.change((writer) => runInsert(writer, session, statement, parameters)),
        );
      case 'copy-from':
        return counted(
          'COPY',
          scope.change((writer) => runCopyFrom(writer, session, statement, parameters)),
        );
      case 'update':
        return counted(
          'UPDATE',
          scope.change((writer) => runUpdate(writer, session, statement, text, parameters)),
        );
      case 'delete':
        return counted(
          statement.command,
          scope.change((writer) => runDelete(writer, session, statement, text, parameters)),
        );
      case 'create-table':
        return counted(
          'CREATE TABLE',
          scope.define((writer) => runCreateTable(writer, session, statement, parameters)),
        );
      case 'drop-table':
        return counted(
          'DROP TABLE',
          scope.define((writer) => runDropTable(writer, statement.names, statement.ifExists)),
        );
      case 'alter-table':
        return this.#alter(scope, session, statement);
      case 'checkpoint':
        scope.refuseWithin('CHECKPOINT');
        await this.#engine.checkpoint(connection);
        return { kind: 'command', command: 'CHECKPOINT', rowCount: undefined };
      case 'vacuum':
        scope.refuseWithin('VACUUM');
        await this.#engine.vacuum(connection, statement.table);
        return { kind: 'command', command: 'VACUUM', rowCount: undefined };
      case 'explain':
        return this.#explain(scope, session, statement, parameters);
    }
  }

  async #alter(scope: Scope, session: Session, statement: AlterTableStatement): Promise<StatementResult> {
    const { action, name } = statement;
    if (action.kind !== 'tier') {
      return counted(
        'ALTER TABLE',
        scope.define((writer) => runAlterTable(writer, session, { ...statement, action })),
      );
    }
    scope.refuseWithin('ALTER TABLE … TIER PARTITION');
    const { condition, direction } = action;
    const rowCount = await this.#mover.move({
      connection: session.connection,
      table: name,
      condition,
      direction,
      prepare: (version, query) => session.prepare(version, query),
    });
    return { kind: 'command', command: 'ALTER TABLE', rowCount };
  }

  /** The tier section, then the kernel's own plan. */
  async #explain(
    scope: Scope,
    session: Session,
    statement: Statement & { kind: 'explain' },
    parameters?: Parameters,
  ): Promise<StatementResult> {
    const pin = scope.pin();
    try {
      const scans = await session.prepare(pin.version, statement.query, parameters);
      scope.reads(scans.map((scan) => scan.table.tableId));
      const reports = scans.map(scanReport);
      const analyze = statement.analyze ? 'ANALYZE ' : '';
      const plan = await session.connection.rows(`EXPLAIN ${analyze}${statement.query}`, parameters);
      const lines = [formatScanReports(reports), ...plan.map((row) => String(row['explain_value']))];
      const table = tableFromArrays({ explain: lines });
      return {
        kind: 'rows',
        command: 'EXPLAIN',
        schema: table.schema,
        batches: fromArray(table.batches),
        scans: reports,
      };
    } finally {
      pin.release();
    }
  }

  /** A session for a statement, or for a transaction. To be released. */
  async acquire(): Promise<Session> {
    if (this.#closed) throw new AlopexError(SqlState.cannotConnectNow, 'the database is closed');
    const session = this.#idle.pop() ?? (await Session.open(this.#kernel, this.#engine, this.#planner, ++this.#opened));
    this.#busy.add(session);
    return session;
  }

  /** For a session that may not be in order: what is left in it goes away with its connection. */
  discard(session: Session): void {
    this.#busy.delete(session);
    session.connection.close();
  }

  release(session: Session): void {
    if (this.#busy.delete(session) && !this.#closed) this.#idle.push(session);
  }
}

async function counted(command: string, run: Promise<number | undefined | void>): Promise<StatementResult> {
  return { kind: 'command', command, rowCount: (await run) ?? undefined };
}

interface Running {
  readonly result: StatementResult;
  /** Gives back what the statement holds; must be called, whether its rows were read or not. */
  finish(): Promise<void>;
}

async function* finishing(
  batches: AsyncIterator<RecordBatch>,
  finish: () => Promise<void>,
): AsyncGenerator<RecordBatch> {
  try {
    for (let next = await batches.next(); next.done !== true; next = await batches.next()) yield next.value;
  } finally {
    await finish();
  }
}

async function* fromArray(batches: readonly RecordBatch[]): AsyncGenerator<RecordBatch> {
  for (const batch of batches) yield await Promise.resolve(batch);
}
