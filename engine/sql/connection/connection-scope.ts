import { AlopexError, SqlState } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { MAIN_PATH, type SearchPath } from '../../table/object-name.ts';
import type { DatabaseVersion } from '../../table/version.ts';
import { Transaction, type IsolationLevel, type TransactionParts } from '../../transaction/transaction.ts';
import type { LockWait } from '../../write-lock.ts';
import type { TableWriter, Writer } from '../../writer.ts';
import type {
  SavepointStatement,
  SessionStatement,
  TransactionMode,
  TransactionStatement,
} from '../parse/statement.ts';
import type { StatementResult } from '../run/result.ts';
import type { Session } from '../run/session.ts';
import { commandOf, done, isSavepoint, readOnlyTransaction, refusedWithin, type Scope } from '../scope.ts';
import { PreparedStatements } from './prepared-statements.ts';
import {
  parseLevelName,
  parseSwitch,
  parseTimeoutMs,
  placeOfSetting,
  type OwnSetting,
  type SharedSettings,
} from './settings.ts';
import { StatementLimits } from './statement-limits.ts';

/** What connections need of a database. */
export interface ConnectionParts extends TransactionParts {
  readonly clock: Clock;
  readonly shared: SharedSettings;
}

/** A transaction that a statement has begun. Its snapshot is taken by the first statement that reads or writes. */
interface OpenTransaction {
  mode: Required<TransactionMode>;
  transaction: Transaction | undefined;
  /** A statement has failed within it: it can only be rolled back. */
  isAborted: boolean;
}

const NO_DEFAULTS: Required<TransactionMode> = { isolation: 'snapshot', readOnly: false };

/**
 * The state of a connection: its session, its settings, what it has prepared, and the transaction that is open. Outside of one each statement is a
 * transaction by itself.
 */
export class ConnectionScope implements Scope {
  readonly #parts: ConnectionParts;
  readonly #prepared = new PreparedStatements();
  #session: Session | undefined;
  #open: OpenTransaction | undefined;
  #defaults = NO_DEFAULTS;
  readonly #limits: StatementLimits;
  #isBusy = false;
  #isClosed = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#limits = new StatementLimits(parts.clock);
  }

  get isInTransaction(): boolean {
    return this.#open !== undefined;
  }

  get searchPath(): SearchPath {
    return this.#session?.searchPath ?? MAIN_PATH;
  }

  get latest(): DatabaseVersion {
    return this.#open?.transaction?.openScope?.latest ?? this.#parts.engine.commits.latest;
  }

  async acquire(): Promise<Session> {
    this.#checkUsable();
    if (this.#isBusy) throw connectionBusy();
    this.#isBusy = true;
    try {
      const session = this.#open === undefined ? await this.#ownSession() : await (await this.#inner()).acquire();
      this.#limits.start(() => this.interrupt());
      return session;
    } catch (error) {
      this.#isBusy = false;
      throw error;
    }
  }

  release(): void {
    this.#isBusy = false;
    this.#limits.end();
    this.#open?.transaction?.openScope?.release();
  }

  pin(): { readonly version: DatabaseVersion; release(): void } {
    return this.#open?.transaction?.openScope?.pin() ?? this.#parts.engine.pin();
  }

  reads(tableIds: readonly number[]): void {
    this.#open?.transaction?.openScope?.reads(tableIds);
  }

  opened(finish: () => Promise<void>): void {
    this.#open?.transaction?.openScope?.opened(finish);
  }

  alone<T>(run: () => Promise<T | undefined>): Promise<T | undefined> | undefined {
    const isPlain =
      this.#open === undefined &&
      this.#session?.isClean !== false &&
      !this.#defaults.readOnly &&
      this.#limits.areStandard;
    if (!isPlain || this.#isBusy || this.#isClosed) return undefined;
    this.#isBusy = true;
    return run().finally(() => {
      this.#isBusy = false;
    });
  }

  async change<T>(run: (writer: TableWriter) => Promise<T>): Promise<T> {
    if (this.#open !== undefined) return (await this.#inner()).change(run);
    if (this.#defaults.readOnly) throw readOnlyTransaction();
    return this.#parts.engine.write((writer) => run(this.#session?.direct(writer) ?? writer), this.#lockWait());
  }

  async define<T>(run: (writer: Writer) => Promise<T>): Promise<T> {
    if (this.#open !== undefined) return (await this.#inner()).define(run);
    if (this.#defaults.readOnly) throw readOnlyTransaction();
    return this.#parts.engine.write((writer) => run(this.#session?.direct(writer) ?? writer), this.#lockWait());
  }

  refuseWithin(command: string): void {
    if (this.#open !== undefined) throw refusedWithin(command);
  }

  async control(statement: TransactionStatement | SessionStatement): Promise<StatementResult | string> {
    this.#checkOpen();
    if (this.#isBusy) throw connectionBusy();
    this.#limits.renew();
    if (isSavepoint(statement)) return this.#markPoint(statement);
    const { kind } = statement;
    if (kind === 'begin') return this.#begin(statement.mode);
    if (kind === 'commit') return this.#commit();
    if (kind === 'rollback') {
      await this.#takeOpen('roll back').transaction?.rollBack();
      return done('ROLLBACK');
    }
    this.#checkUsable();
    if (kind === 'execute') return this.#prepared.expand(statement.name, statement.values);
    await this.#configure(statement);
    return done(commandOf(statement));
  }

  /** Told of every error of a statement; returns what to report. */
  failed(error: unknown): unknown {
    if (!(error instanceof AlopexError)) return error;
    if (this.#open !== undefined && !isHarmless(error)) this.#open.isAborted = true;
    return this.#limits.explain(error);
  }

  interrupt(): void {
    this.#session?.connection.interrupt();
    this.#limits.interrupt();
  }

  /** Rolls back what is not committed. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#limits.end();
    const open = this.#open;
    this.#open = undefined;
    try {
      await open?.transaction?.rollBack();
    } finally {
      await this.#giveBackSession();
    }
  }

  async #begin(mode: TransactionMode): Promise<StatementResult> {
    if (this.#open !== undefined) {
      throw new AlopexError(SqlState.activeTransaction, 'a transaction is open already', {
        hint: 'COMMIT or ROLLBACK it first; SAVEPOINT marks a point within it.',
      });
    }
    this.#open = { mode: { ...this.#defaults, ...mode }, transaction: undefined, isAborted: false };
    if (this.#parts.shared.startsAtOnce) await this.#inner();
    return done('BEGIN');
  }

  async #markPoint(statement: SavepointStatement): Promise<StatementResult> {
    if (this.#open === undefined) throw noTransaction('mark points in');
    if (statement.kind !== 'rollback-to') this.#checkUsable();
    await (await this.#inner()).control(statement);
    this.#open.isAborted = false;
    return done(commandOf(statement));
  }

  /** One that has failed is rolled back instead, and says so, as in PostgreSQL. */
  async #commit(): Promise<StatementResult> {
    const { transaction, isAborted } = this.#takeOpen('commit');
    if (isAborted) {
      await transaction?.rollBack();
      return done('ROLLBACK');
    }
    await transaction?.commit();
    return done('COMMIT');
  }

  #takeOpen(action: string): OpenTransaction {
    const open = this.#open;
    if (open === undefined) throw noTransaction(action);
    this.#open = undefined;
    return open;
  }

  /** What statements of the open transaction run in. */
  async #inner(): ReturnType<Transaction['scope']> {
    const open = this.#open;
    if (open === undefined) throw noTransaction('go on');
    open.transaction ??= new Transaction(
      {
        ...this.#parts,
        sessions: {
          acquire: () => this.#ownSession(),
          release: () => undefined,
          discard: () => this.#dropSession(),
        },
        lockWait: () => this.#lockWait(),
      },
      open.mode,
    );
    return open.transaction.scope();
  }

  #lockWait(): LockWait {
    return this.#limits.lockWait(this.#parts.engine.standardWait);
  }

  async #ownSession(): Promise<Session> {
    this.#session ??= await this.#parts.sessions.acquire();
    return this.#session;
  }

  async #dropSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) await this.#parts.sessions.discard(session);
  }

  async #giveBackSession(): Promise<void> {
    if (this.#session?.isClean === false) await this.#dropSession();
    else if (this.#session !== undefined) this.#parts.sessions.release(this.#session);
    this.#session = undefined;
  }

  async #configure(statement: Exclude<SessionStatement, { kind: 'execute' }>): Promise<void> {
    switch (statement.kind) {
      case 'prepare':
        this.#prepared.add(statement.name, statement.text);
        return;
      case 'deallocate':
        if (statement.name === undefined) this.#prepared.clear();
        else this.#prepared.remove(statement.name);
        return;
      case 'set-transaction':
        this.#setMode(statement.mode, statement.isDefault);
        return;
      case 'set':
        await this.#set(statement.name, statement.valueSql);
        return;
      case 'reset':
        if (statement.name === undefined) await this.#resetAll();
        else await this.#set(statement.name, undefined);
        return;
      case 'discard':
        this.refuseWithin('DISCARD ALL');
        this.#prepared.clear();
        this.#defaults = NO_DEFAULTS;
        this.#limits.reset();
        await this.#dropSession();
    }
  }

  #setMode(mode: TransactionMode, isDefault: boolean): void {
    if (isDefault) {
      this.#defaults = { ...this.#defaults, ...mode };
      return;
    }
    if (this.#open === undefined) throw noTransaction('set the level of it');
    if (this.#open.transaction !== undefined) {
      throw new AlopexError(
        SqlState.activeTransaction,
        'SET TRANSACTION comes before the first statement of the transaction',
      );
    }
    this.#open.mode = { ...this.#open.mode, ...mode };
  }

  /** `undefined` is the default. */
  async #set(name: string, valueSql: string | undefined): Promise<void> {
    const session = await this.#ownSession();
    const place = placeOfSetting(name, await session.knowsSetting(name));
    if (place.kind === 'own') {
      this.#setOwn(place.name, valueSql);
      return;
    }
    await session.set(name, valueSql, place.isLocal, this.latest);
  }

  #setOwn(name: OwnSetting, valueSql: string | undefined): void {
    switch (name) {
      case 'immediate_transaction_mode':
        this.#parts.shared.startsAtOnce = parseSwitch(name, valueSql);
        return;
      case 'preserve_insertion_order':
        // It is kept in any case: the engine relies on it.
        parseSwitch(name, valueSql);
        return;
      case 'statement_timeout':
        this.#limits.timeoutMs = parseTimeoutMs(valueSql);
        return;
      case 'lock_timeout':
        this.#limits.lockTimeoutMs = valueSql === undefined ? undefined : parseTimeoutMs(valueSql);
        return;
      case 'default_transaction_isolation':
        this.#setMode({ isolation: parseLevelName(valueSql) }, true);
        return;
      case 'default_transaction_read_only':
        this.#setMode({ readOnly: parseSwitch(name, valueSql) }, true);
        return;
      case 'transaction_isolation':
        this.#setMode({ isolation: parseLevelName(valueSql) satisfies IsolationLevel }, false);
        return;
      case 'transaction_read_only':
        this.#setMode({ readOnly: parseSwitch(name, valueSql) }, false);
    }
  }

  async #resetAll(): Promise<void> {
    this.#limits.reset();
    this.#defaults = NO_DEFAULTS;
    await this.#session?.resetSettings();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new AlopexError('08003', 'the connection is closed');
  }

  #checkUsable(): void {
    this.#checkOpen();
    if (this.#open?.isAborted !== true) return;
    throw new AlopexError('25P02', 'the transaction has failed: its statements are ignored until it ends', {
      hint: 'ROLLBACK ends it; ROLLBACK TO goes back to a savepoint.',
    });
  }
}

/** What is wrong with a statement before it runs, or with its use, leaves a transaction as it was. */
function isHarmless({ code }: AlopexError): boolean {
  return /^(42|0A|25|26|3B)/.test(code) || code === SqlState.objectInUse;
}

function connectionBusy(): AlopexError {
  return new AlopexError(SqlState.objectInUse, 'the connection is busy with another statement', {
    hint: 'Wait for a statement, and read its rows to the end, before the next one; or open one more connection.',
  });
}

function noTransaction(action: string): AlopexError {
  return new AlopexError('25P01', `there is no transaction to ${action}`, { hint: 'BEGIN begins one.' });
}
