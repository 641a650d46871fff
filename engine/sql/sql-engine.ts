import type { Engine } from '../engine.ts';
import { withPosition } from './error-position.ts';
import { AlopexError, SqlState } from '../errors.ts';
import type { Gate, Kernel, Parameters } from '../ports/kernel.ts';
import type { TierMover } from '../ports/tier-mover.ts';
import type { SearchPath } from '../table/object-name.ts';
import { requireTable } from '../writer.ts';
import { definitionCommand, isDefinitionStatement, runDefinitionStatement } from './definitions/run.ts';
import { withKernelSequences, type SequenceText } from './definitions/sequence-names.ts';
import { sequenceResult } from './definitions/sequence-results.ts';
import { ParsedTexts, type ParsedStatement } from './parsed-texts.ts';
import { parseStatement } from './parse/parse-statement.ts';
import type {
  AlterTableStatement,
  ExplainStatement,
  InsertStatement,
  QueryStatement,
  Statement,
} from './parse/statement.ts';
import { scanReport } from './plan/scan-report.ts';
import { isControl, type RunnableStatement } from './parse/control-statement.ts';
import type { Planner } from './plan/planner.ts';
import { ResultSizes } from './plan/result-sizes.ts';
import { runAlterTable } from './run/alter/alter-table.ts';
import { runCreateIndex, runDropIndex } from './run/alter/indexes.ts';
import { runCreateTable, runDropTable } from './run/define.ts';
import { explainChange, explainedStatement, explainQuery } from './run/explain.ts';
import { done, type Scope } from './scope.ts';
import { runMerge } from './run/merge.ts';
import { runCopyFrom } from './run/copy-from.ts';
import { runInsert } from './run/insert.ts';
import { readsPast } from './run/reads-past.ts';
import { numberParameters } from './run/parameters.ts';
import { finishing, fromArray } from './run/row-batches.ts';
import { AS_TYPED } from './run/inline-scans.ts';
import type { StatementResult } from './run/result.ts';
import type { ChangedRows } from './run/returning.ts';
import { RowInserts } from './run/row-insert/row-inserts.ts';
import type { Session } from './run/session.ts';
import { SessionPool } from './run/session-pool.ts';
import { runDelete, runUpdate } from './run/update.ts';
import { splitStatements } from './split.ts';
import { executed, type Executed } from './sql-face.ts';

/** Runs SQL: takes statements apart, gives each a session, and sends it to its executor. */
export class SqlEngine {
  readonly #engine: Engine;
  /** Where statements get their sessions. */
  readonly sessions: SessionPool;
  readonly #planner: Planner;
  readonly #mover: TierMover;
  readonly #gate: Gate;
  /** Gives errors of the machine their SQLSTATE. */
  readonly toError: (error: unknown) => AlopexError;
  readonly #sizes = new ResultSizes();
  readonly #parsed = new ParsedTexts(parse);
  readonly #rowInserts = new RowInserts();

  /**
   * `gate` bounds the queries in native code. The kernel runs each on one of libuv's threads, which files need too: with all of them taken by long
   * queries nothing could be committed. `toError` gives errors of the machine their SQLSTATE.
   */
  constructor(
    engine: Engine,
    kernel: Kernel,
    planner: Planner,
    mover: TierMover,
    options: { readonly gate: Gate; readonly toError: (error: unknown) => AlopexError },
  ) {
    this.#engine = engine;
    this.sessions = new SessionPool(engine, kernel, planner);
    this.#planner = planner;
    this.#mover = mover;
    this.#gate = options.gate;
    this.toError = options.toError;
  }

  /** Runs the statements of a text one after the other; each starts when the result of the one before has been taken. */
  async *statements(
    text: string,
    parameters: Parameters | undefined,
    scope: Scope,
  ): AsyncGenerator<StatementResult, void, undefined> {
    let [start, end] = [0, text.length];
    try {
      for (const parsed of this.#statementsOf(text, parameters)) {
        ({ start, end } = parsed);
        const running = await this.#run(scope, parsed.statement, parsed.text, parameters);
        try {
          yield running.result;
        } finally {
          await running.finish();
        }
      }
    } catch (error) {
      throw withPosition(this.toError(error), text, start, end);
    }
  }

  /** As `statements`, each read to its end. Without a generator: for a single row it costs as much as all else. */
  async execute(text: string, parameters: Parameters | undefined, scope: Scope): Promise<Executed[]> {
    let [start, end] = [0, text.length];
    try {
      const results: Executed[] = [];
      for (const parsed of this.#statementsOf(text, parameters)) {
        ({ start, end } = parsed);
        const running = await this.#run(scope, parsed.statement, parsed.text, parameters);
        try {
          results.push(await executed(running.result));
        } finally {
          await running.finish();
        }
      }
      return results;
    } catch (error) {
      throw withPosition(this.toError(error), text, start, end);
    }
  }

  #statementsOf(text: string, parameters: Parameters | undefined): readonly ParsedStatement[] {
    const statements = this.#parsed.of(text);
    if (statements.length > 1 && parameters !== undefined && Object.keys(parameters).length > 0) {
      throw new AlopexError(SqlState.syntaxError, 'parameters go with a single statement');
    }
    return statements;
  }

  close(): void {
    this.sessions.close();
    this.#planner.close();
  }

  async #run(scope: Scope, statement: Statement, text: string, parameters?: Parameters): Promise<Running> {
    if (isControl(statement)) {
      const outcome = await scope.control(statement);
      if (typeof outcome === 'string') return this.#run(scope, parseStatement(outcome), outcome, parameters);
      return { result: outcome, finish: () => Promise.resolve() };
    }
    if (statement.kind === 'insert' && statement.returning === undefined) {
      const running = scope.alone(() => this.#insertRows(statement, parameters, scope.searchPath));
      const rowCount = running === undefined ? undefined : await running;
      if (rowCount !== undefined) {
        return { result: { kind: 'command', command: 'INSERT', rowCount }, finish: () => Promise.resolve() };
      }
    }
    const session = await scope.acquire();
    session.begin();
    try {
      const past = readsPast(session, statement, text, parameters);
      const runnable = this.#withSequences(scope, session, past.statement, past.text);
      return await this.#runIn(scope, session, runnable, past.parameters);
    } catch (error) {
      release(scope, session);
      throw session.catalog.explain(error);
    }
  }

  /** The statement with the kernel's names of the sequences in it. What defines something keeps theirs: it may be run when they have others. */
  #withSequences(scope: Scope, session: Session, statement: RunnableStatement, text: string): Runnable {
    const asItIs = { statement, text, typed: new Map<string, string>() };
    if (isDefinitionStatement(statement)) return asItIs;
    const rewritten = withKernelSequences(text, scope.latest.definitions, session.searchPath);
    const parsed = rewritten.text === text ? statement : parseStatement(rewritten.text);
    return isControl(parsed) ? asItIs : { ...rewritten, statement: parsed };
  }

  async #runIn(
    scope: Scope,
    session: Session,
    { statement, text, typed }: Runnable,
    parameters?: Parameters,
  ): Promise<Running> {
    if (statement.kind === 'query') return await this.#query(scope, session, { ...statement, typed }, parameters);
    const result = await this.#command(scope, session, statement, text, parameters);
    release(scope, session);
    return { result, finish: () => Promise.resolve() };
  }

  /** Rows that are written out, without a session and past the kernel; `undefined` when that cannot be. */
  async #insertRows(
    statement: InsertStatement,
    parameters: Parameters | undefined,
    path: SearchPath,
  ): Promise<number | undefined> {
    if (this.sessions.isClosed) return undefined;
    const insert = this.#rowInserts.rowsOf(statement, this.#engine.commits.latest, parameters, path);
    return insert !== undefined && (await this.#engine.insertRows(insert)) ? insert.rows.length : undefined;
  }

  async #query(
    scope: Scope,
    session: Session,
    statement: QueryStatement & Pick<SequenceText, 'typed'>,
    parameters?: Parameters,
  ): Promise<Running> {
    const pin = scope.pin();
    let explain = AS_TYPED;
    try {
      const query = await session.prepareQuery(pin.version, statement.text, parameters);
      explain = query.explain;
      const { scans } = query;
      scope.reads(scans.map((scan) => scan.table.tableId));
      const size = this.#sizes.isSmall(statement.text, scans) ? 'small' : 'any';
      const kernelStream = await session.connection.stream(query.sql, query.parameters, this.#gate, size);
      const stream = session.usesSequence
        ? sequenceResult(kernelStream, statement.typed, () => this.#engine.sequences.reserve())
        : kernelStream;
      const batches = stream[Symbol.asyncIterator]();
      let done = false;
      const finish = async (): Promise<void> => {
        if (done) return;
        done = true;
        await batches.return?.();
        pin.release();
        release(scope, session);
      };
      scope.opened(finish);
      const { command } = statement;
      const result = {
        kind: 'rows' as const,
        command,
        schema: stream.schema,
        batches: finishing(batches, finish, explain, (rows) => this.#sizes.note(statement.text, scans, rows)),
        scans: scans.map(scanReport),
      };
      return { result, finish };
    } catch (error) {
      pin.release();
      throw explain(error);
    }
  }

  async #command(
    scope: Scope,
    session: Session,
    statement: Exclude<RunnableStatement, QueryStatement>,
    text: string,
    parameters?: Parameters,
  ): Promise<StatementResult> {
    const { connection } = session;
    if (statement.kind === 'temporary' || session.temporaries.isTargetOf(statement)) {
      return this.#temporary(scope, session, text, parameters);
    }
    if (isDefinitionStatement(statement)) {
      const command = definitionCommand(statement);
      return counted(
        command,
        scope.define((writer) => runDefinitionStatement(writer, session, statement)),
      );
    }
    switch (statement.kind) {
      case 'insert':
        return changed(
          'INSERT',
          scope.change((writer) => runInsert(writer, session, statement, parameters)),
        );
      case 'copy-from':
        return counted(
          'COPY',
          scope.change((writer) => runCopyFrom(writer, session, statement, parameters)),
        );
      case 'update':
        return changed(
          'UPDATE',
          scope.change((writer) => runUpdate(writer, session, statement, text, parameters)),
        );
      case 'delete':
        return changed(
          statement.command,
          scope.change((writer) => runDelete(writer, session, statement, text, parameters)),
        );
      case 'merge':
        return changed(
          'MERGE',
          scope.change((writer) => runMerge(writer, session, statement, text, parameters)),
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
      case 'create-index':
        return counted(
          'CREATE INDEX',
          scope.define((writer) => runCreateIndex(writer, session, statement)),
        );
      case 'drop-index':
        return counted(
          'DROP INDEX',
          scope.define((writer) => runDropIndex(writer, session, statement.names, statement.ifExists)),
        );
      case 'checkpoint':
        scope.refuseWithin('CHECKPOINT');
        await this.#engine.checkpoint(connection);
        return { kind: 'command', command: 'CHECKPOINT', rowCount: undefined };
      case 'vacuum':
        scope.refuseWithin('VACUUM');
        await this.#engine.vacuum(connection, statement.table, session.searchPath);
        return { kind: 'command', command: 'VACUUM', rowCount: undefined };
      case 'explain':
        return this.#explain(scope, session, statement, parameters);
    }
  }

  /** What creates, changes or drops temporary objects runs in the kernel as typed. */
  async #temporary(scope: Scope, session: Session, text: string, parameters?: Parameters): Promise<StatementResult> {
    const pin = scope.pin();
    try {
      const scans = await session.prepare(pin.version, text, parameters);
      scope.reads(scans.map((scan) => scan.table.tableId));
      const rowCount = await session.connection.run(text, parameters);
      await session.temporaries.refresh();
      const words = text.trimStart().toUpperCase().split(/\s+/, 3);
      const isDefinition = words[0] === 'CREATE' || words[0] === 'DROP' || words[0] === 'ALTER';
      return isDefinition ? done(words.slice(0, 2).join(' ')) : { kind: 'command', command: words[0] ?? '', rowCount };
    } finally {
      pin.release();
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
    const { schemaName, name: tableName } = requireTable(this.#engine.commits.latest, name, session.searchPath);
    const rowCount = await this.#mover.move({
      connection: session.connection,
      table: { schemaName, name: tableName },
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
    statement: ExplainStatement,
    parameters?: Parameters,
  ): Promise<StatementResult> {
    const explained = explainedStatement(statement);
    if (typeof explained !== 'string') {
      return scope.change((writer) => explainChange(writer, session, explained, statement, parameters));
    }
    const pin = scope.pin();
    try {
      const { result, scans } = await explainQuery(session, pin.version, explained, statement, parameters);
      scope.reads(scans.map((scan) => scan.table.tableId));
      return result;
    } finally {
      pin.release();
    }
  }
}

function release(scope: Scope, session: Session): void {
  session.end();
  scope.release(session);
}

interface Runnable extends SequenceText {
  readonly statement: RunnableStatement;
}

function parse(text: string): ParsedStatement[] {
  return splitStatements(text).map((part) => {
    const numbered = numberParameters(part.text);
    return { text: numbered, statement: parseStatement(numbered), start: part.start, end: part.end };
  });
}

async function counted(command: string, run: Promise<number | undefined | void>): Promise<StatementResult> {
  return { kind: 'command', command, rowCount: (await run) ?? undefined };
}

/** Its rows are counted, or given back. */
async function changed(command: string, run: Promise<ChangedRows>): Promise<StatementResult> {
  const { rowCount, returned } = await run;
  if (returned === undefined) return { kind: 'command', command, rowCount };
  return { kind: 'rows', command, schema: returned.schema, batches: fromArray(returned.batches), scans: [] };
}

interface Running {
  readonly result: StatementResult;
  /** Gives back what the statement holds; must be called, whether its rows were read or not. */
  finish(): Promise<void>;
}
