import { AlopexError, SqlState } from '../errors.ts';
import type { SavepointStatement, SessionStatement, TransactionStatement } from './parse/statement.ts';
import type { StatementResult } from './run/result.ts';
import type { TransactionWriter } from '../transaction/transaction-writer.ts';
import type { SearchPath } from '../table/object-name.ts';
import type { DatabaseVersion } from '../table/version.ts';
import type { TableWriter, Writer } from '../writer.ts';
import type { Session } from './run/session.ts';

/** What statements run in: a connection, or a transaction. */
export interface Scope {
  /** Runs a statement that concerns the scope itself; returns what it did, or the text of a statement to run in its place. */
  control(statement: TransactionStatement | SessionStatement): Promise<StatementResult | string>;
  /** Where plain names are looked for. */
  readonly searchPath: SearchPath;
  /** The version that a statement begins with. */
  readonly latest: DatabaseVersion;
  acquire(): Promise<Session>;
  release(session: Session): void;
  /** The version that a query reads. To be released. */
  pin(): { readonly version: DatabaseVersion; release(): void };
  /** Told of every table that a query reads. */
  reads(tableIds: readonly number[]): void;
  /** Told how to end a query whose rows are not all read. */
  opened(finish: () => Promise<void>): void;
  /** Runs a statement that adds rows and commits by itself, without a session; does nothing in a transaction, or with settings other than the standard. */
  alone<T>(run: () => Promise<T | undefined>): Promise<T | undefined> | undefined;
  /** Runs a statement that changes rows. */
  change<T>(run: (writer: TableWriter) => Promise<T>): Promise<T>;
  /** Runs a statement that changes tables themselves, or other definitions. */
  define<T>(run: (writer: Writer) => Promise<T>): Promise<T>;
  /** Throws when a statement cannot run here. */
  refuseWithin(command: string): void;
}

/** Statements of a transaction: one session, one version, nothing committed. */
export class TransactionScope implements Scope {
  readonly #session: Session;
  readonly #writer: TransactionWriter;
  readonly #options: TransactionScopeOptions;
  #busy = false;
  #finish: (() => Promise<void>) | undefined;
  #waiting: (() => void)[] = [];

  constructor(session: Session, writer: TransactionWriter, options: TransactionScopeOptions) {
    this.#session = session;
    this.#writer = writer;
    this.#options = options;
  }

  /** Savepoints can be set and gone back to; where the transaction ends is for whoever began it. */
  async control(statement: TransactionStatement | SessionStatement): Promise<StatementResult> {
    if (!isSavepoint(statement)) {
      throw refusedWithin(statement.kind === 'set-transaction' ? 'SET TRANSACTION' : statement.kind.toUpperCase());
    }
    await this.#options.savepoints(statement);
    return done(commandOf(statement));
  }

  get searchPath(): SearchPath {
    return this.#session.searchPath;
  }

  get latest(): DatabaseVersion {
    return this.#writer.latest;
  }

  acquire(): Promise<Session> {
    this.#options.checkOpen();
    if (this.#busy) throw transactionBusy();
    this.#busy = true;
    return Promise.resolve(this.#session);
  }

  release(): void {
    this.#busy = false;
    this.#finish = undefined;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  opened(finish: () => Promise<void>): void {
    this.#finish = finish;
  }

  /** A statement is at work; one whose rows wait to be read is not. */
  get isWorking(): boolean {
    return this.#busy && this.#finish === undefined;
  }

  /** Waits for the statement that is at work, and ends one whose rows were not all read. */
  async settle(): Promise<void> {
    if (this.isWorking) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await this.#finish?.();
  }

  pin(): { readonly version: DatabaseVersion; release(): void } {
    return { version: this.#writer.latest, release: () => undefined };
  }

  reads(tableIds: readonly number[]): void {
    this.#writer.reads(tableIds);
  }

  alone(): undefined {
    return undefined;
  }

  async change<T>(run: (writer: TableWriter) => Promise<T>): Promise<T> {
    if (this.#options.readOnly) throw readOnlyTransaction();
    return run(this.#session.direct(this.#writer));
  }

  async define<T>(run: (writer: Writer) => Promise<T>): Promise<T> {
    if (this.#options.readOnly) throw readOnlyTransaction();
    return this.#options.define(run);
  }

  refuseWithin(command: string): void {
    throw refusedWithin(command);
  }
}

export interface TransactionScopeOptions {
  readonly readOnly: boolean;
  /** Throws when the transaction has ended. */
  readonly checkOpen: () => void;
  readonly savepoints: (statement: SavepointStatement) => Promise<void>;
  /** Runs a statement that defines something. */
  readonly define: <T>(run: (writer: Writer) => Promise<T>) => Promise<T>;
}

export function isSavepoint(statement: { readonly kind: string }): statement is SavepointStatement {
  return statement.kind === 'savepoint' || statement.kind === 'rollback-to' || statement.kind === 'release';
}

/** What a client is told that was done: the words of PostgreSQL's command tags. */
export function commandOf({ kind }: TransactionStatement | SessionStatement): string {
  if (kind === 'rollback-to') return 'ROLLBACK';
  if (kind === 'set-transaction') return 'SET';
  return kind === 'discard' ? 'DISCARD ALL' : kind.toUpperCase();
}

/** The result of a statement that counts no rows. */
export function done(command: string): StatementResult {
  return { kind: 'command', command, rowCount: undefined };
}

export function readOnlyTransaction(): AlopexError {
  return new AlopexError('25006', 'the transaction is read only');
}

export function transactionBusy(): AlopexError {
  return new AlopexError(SqlState.objectInUse, 'the transaction is busy with another statement', {
    hint: 'Wait for a statement, and read its rows to the end, before the next one.',
  });
}

export function refusedWithin(command: string): AlopexError {
  return new AlopexError(SqlState.activeTransaction, `${command} cannot run in a transaction`, {
    hint: 'Run it before or after the transaction.',
  });
}

/** For whoever closes a connection in the middle of a transaction. */
export function transactionLeftOpen(hint: string): AlopexError {
  return new AlopexError(SqlState.activeTransaction, 'the transaction was not ended: it is rolled back', { hint });
}
