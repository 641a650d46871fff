import type { Engine } from '../engine.ts';
import { AlopexError, SqlState } from '../errors.ts';
import type { Session } from '../sql/run/session.ts';
import type { TransactionScope } from '../sql/scope.ts';
import type { TableVersion } from '../table/version.ts';
import type { LockWait } from '../write-lock.ts';
import type { Writer } from '../writer.ts';
import { Draft, type DraftMark } from './draft.ts';
import type { TableMark, TransactionWriter } from './transaction-writer.ts';

/** A state of the tables' side of a transaction, to go back to. */
export interface TablesMark {
  readonly rows: TableMark;
  /** Absent when nothing was defined. */
  readonly draft?: DraftMark | undefined;
}

export interface TransactionTablesOptions {
  readonly engine: Engine;
  readonly session: Session;
  readonly writer: TransactionWriter;
  readonly scope: TransactionScope;
  /** Ends the transaction, as the database is closed. */
  readonly letGo: () => Promise<void>;
}

/** The tables' side of a transaction: what it has changed in their rows, and a draft once it has defined something. */
export class TransactionTables {
  readonly session: Session;
  readonly writer: TransactionWriter;
  readonly scope: TransactionScope;
  readonly #engine: Engine;
  readonly #letGo: () => Promise<void>;
  #draft: Draft | undefined;

  constructor({ engine, session, writer, scope, letGo }: TransactionTablesOptions) {
    this.#engine = engine;
    this.session = session;
    this.writer = writer;
    this.scope = scope;
    this.#letGo = letGo;
  }

  /** Whether it has the write lock of tables. */
  get hasDraft(): boolean {
    return this.#draft !== undefined;
  }

  get mark(): TablesMark {
    return { rows: this.writer.mark, draft: this.#draft?.mark };
  }

  /** With the first definition the write lock goes too, and the transaction is back at its first snapshot. */
  async rollBackTo({ rows, draft }: TablesMark): Promise<void> {
    const current = this.#draft;
    if (draft === undefined) this.#draft = undefined;
    try {
      const gone = draft === undefined ? current?.end() : current?.rollBackTo(draft);
      await this.session.forget((await gone) ?? []);
    } finally {
      await this.writer.rollBackTo(rows);
    }
  }

  /**
   * Runs a statement that defines something; one that fails has done nothing. The first takes the write lock of tables, and the transaction goes on from the newest version: throws `40001` when
   * that is not possible, `55P03` when the lock is not to be had in time.
   */
  async define<T>(run: (writer: Writer) => Promise<T>, wait: LockWait): Promise<T> {
    const before = this.mark;
    try {
      this.#draft ??= await this.#begin(wait);
      return await run(this.session.direct(this.#draft.writer));
    } catch (error) {
      await this.rollBackTo(before);
      throw error;
    }
  }

  /** Commits what was defined, and changes of rows with it. Does nothing when nothing was. `check` throws when that must not be. */
  async commitDraft(check: () => void): Promise<boolean> {
    if (this.#draft === undefined || this.#draft.isEmpty) return false;
    await this.#draft.commit(this.session.connection, check);
    return true;
  }

  /** Runs `body` with the write lock of tables. */
  async write(body: (writer: Writer) => Promise<void>, wait: LockWait): Promise<void> {
    if (this.#draft === undefined) await this.#engine.write(body, wait);
    else await this.#draft.write(body);
  }

  /** Of what was not committed nothing is left, and nobody waits for it any more. */
  async end(): Promise<void> {
    const draft = this.#draft;
    this.#draft = undefined;
    let gone: readonly TableVersion[] = [];
    try {
      gone = (await draft?.end()) ?? [];
    } catch (error) {
      // The transaction has ended as it did, and the database has stopped.
      const message = 'what a transaction had defined could not be removed';
      this.#engine.warn(new AlopexError(SqlState.internalError, message, { cause: error }));
    }
    await this.session.forget(gone);
  }

  async #begin(wait: LockWait): Promise<Draft> {
    const { commits } = this.#engine;
    const lock = await this.#engine.hold({ letGo: this.#letGo }, wait);
    try {
      await commits.lastDurable;
      await this.writer.moveTo(commits.latest);
      return new Draft(this.#engine, lock, this.writer);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }
}
