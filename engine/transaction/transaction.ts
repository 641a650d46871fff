import type { Engine } from '../engine.ts';
import { AlopexError, SqlState } from '../errors.ts';
import { KeyValue } from '../kv/access/key-value.ts';
import type { StoreTree } from '../kv/access/store-tree.ts';
import { KvView } from '../kv/store/kv-view.ts';
import type { Parameters } from '../ports/kernel.ts';
import type { StatementResult } from '../sql/run/result.ts';
import type { Session } from '../sql/run/session.ts';
import { transactionBusy, TransactionScope } from '../sql/scope.ts';
import type { SqlEngine } from '../sql/sql-engine.ts';
import type { DatabaseVersion } from '../table/version.ts';
import type { LockWait } from '../write-lock.ts';
import type { Writer } from '../writer.ts';
import { commitRows } from './commit-rows.ts';
import { NamedSavepoints } from './named-savepoints.ts';
import { checkReads } from './table-conflicts.ts';
import { TransactionTables, type TablesMark } from './transaction-tables.ts';
import { TransactionTree } from './transaction-tree.ts';
import { TransactionWriter } from './transaction-writer.ts';

/**
 * - `snapshot`: reads see one snapshot; of two transactions that write the same key or row, the first to commit wins.
 * - `serializable`: moreover, nothing that was read was written by others until the commit.
 */
export type IsolationLevel = 'snapshot' | 'serializable';

/** What transactions need of a database. */
export interface TransactionParts {
  readonly engine: Engine;
  readonly sql: SqlEngine;
  readonly tree: StoreTree;
  /** Where statements get their session. */
  readonly sessions: SessionSource;
  /** How long to wait for the write lock of tables; as the limits say when absent. */
  readonly lockWait?: () => LockWait;
}

/** Gives sessions out, and takes them back. */
export interface SessionSource {
  acquire(): Promise<Session>;
  release(session: Session): void;
  /** Takes back a session that may not be in order. */
  discard(session: Session): Promise<void>;
}

export interface TransactionSettings {
  readonly isolation: IsolationLevel;
  /** Refuses statements that change anything. */
  readonly readOnly?: boolean;
}

/** One transaction over tables and keys. See README.md. */
export class Transaction {
  readonly kv: KeyValue;
  readonly #parts: TransactionParts;
  readonly #isolation: IsolationLevel;
  readonly #readOnly: boolean;
  readonly #named = new NamedSavepoints(() => this.savepoint());
  readonly #base: DatabaseVersion;
  readonly #keys: TransactionTree;
  readonly #letGo: () => void;
  #opening: Promise<TransactionTables> | undefined;
  /** Steps of statements that were asked for and have not ended. */
  #steps = 0;
  #tables: TransactionTables | undefined;
  #savepoints: Savepoint[] = [];
  #state: 'open' | 'being committed' | 'committed' | 'rolled back' = 'open';

  constructor(parts: TransactionParts, { isolation, readOnly = false }: TransactionSettings) {
    const { engine, tree } = parts;
    this.#parts = parts;
    this.#isolation = isolation;
    this.#readOnly = readOnly;
    const pin = engine.pin();
    this.#base = pin.version;
    const { view } = engine.kv;
    view.retain();
    this.#letGo = () => {
      pin.release();
      view.release();
    };
    this.#keys = new TransactionTree({
      context: engine.context,
      view,
      seq: pin.version.seq,
      viewOf: (memtable) => new KvView(engine.kv.files, [memtable], []),
      nowMs: () => tree.nowMs(),
      keyspaceId: (name) => tree.keyspaceId(name),
      createKeyspace: (name) => tree.createKeyspace(name),
      tracksReads: isolation === 'serializable',
      checkOpen: () => this.#checkOpen(),
      checkWritable: () => this.#checkKeysWritable(),
    });
    this.kv = new KeyValue(this.#keys);
  }

  /** A step of it counts as running from the call on, not only once it has got to its session. */
  statements(sql: string, parameters?: Parameters): AsyncGenerator<StatementResult, void, undefined> {
    const results = this.#statements(sql, parameters);
    const step = async <T>(run: () => Promise<T>): Promise<T> => {
      this.#steps++;
      try {
        return await run();
      } finally {
        this.#steps--;
      }
    };
    return {
      next: () => step(() => results.next()),
      return: () => step(() => results.return()),
      throw: (error: unknown) => step(() => results.throw(error)),
      [Symbol.asyncIterator]() {
        return this;
      },
      [Symbol.asyncDispose]: () =>
        step(async () => {
          await results.return();
        }),
    };
  }

  async *#statements(sql: string, parameters?: Parameters): AsyncGenerator<StatementResult, void, undefined> {
    yield* this.#parts.sql.statements(sql, parameters, await this.scope());
  }

  /** What its statements run in, once one has run. */
  get openScope(): TransactionScope | undefined {
    return this.#tables?.scope;
  }

  /** What its statements run in. */
  async scope(): Promise<TransactionScope> {
    this.#checkOpen();
    if (this.#opening !== undefined && this.#tables === undefined) throw transactionBusy();
    this.#opening ??= this.#openTables();
    return (await this.#opening).scope;
  }

  /** Marks a point to which the transaction can be rolled back. */
  savepoint(): Savepoint {
    this.#checkOpen();
    const keys = this.#keys.mark;
    const tables = this.#tables?.mark;
    const savepoint = { rollBack: () => this.#rollBackTo(savepoint, keys, tables) };
    this.#savepoints.push(savepoint);
    return savepoint;
  }

  async commit(): Promise<void> {
    this.#checkOpen();
    this.#state = 'being committed';
    let how: 'committed' | 'rolled back' = 'rolled back';
    try {
      await this.#commit();
      how = 'committed';
    } catch (error) {
      throw this.#parts.sql.toError(error);
    } finally {
      await this.#end(how);
    }
  }

  async rollBack(): Promise<void> {
    if (this.#state === 'open') await this.#end('rolled back');
  }

  #checkOpen(): void {
    if (this.#state !== 'open') {
      throw new AlopexError(SqlState.invalidTransactionState, `the transaction is ${this.#state} already`);
    }
    this.#parts.engine.commits.checkRunning();
  }

  /** One record of the log holds keys and rows, one edit of the manifest what is defined: which of the two could make both durable? */
  #checkKeysWritable(): void {
    if (this.#tables?.hasDraft === true) throw keysAndDefinitions();
  }

  async #define<T>(tables: TransactionTables, run: (writer: Writer) => Promise<T>): Promise<T> {
    if (this.#keys.mark > 0) throw keysAndDefinitions();
    return tables.define(run, this.#lockWait());
  }

  #lockWait(): LockWait {
    return this.#parts.lockWait?.() ?? this.#parts.engine.standardWait;
  }

  async #openTables(): Promise<TransactionTables> {
    const { sessions, engine } = this.#parts;
    const session = await sessions.acquire();
    const writer = new TransactionWriter(engine.context, session.connection, this.#base);
    const scope = new TransactionScope(session, writer, {
      readOnly: this.#readOnly,
      checkOpen: () => this.#checkOpen(),
      savepoints: (statement) => this.#named.run(statement),
      define: (run) => this.#define(tables, run),
    });
    const tables = new TransactionTables({ engine, session, writer, scope, letGo: () => this.rollBack() });
    this.#tables = tables;
    return tables;
  }

  async #rollBackTo(savepoint: Savepoint, keys: number, tables: TablesMark | undefined): Promise<void> {
    this.#checkOpen();
    const at = this.#savepoints.indexOf(savepoint);
    if (at < 0) {
      throw new AlopexError('3B001', 'the savepoint is gone: the transaction was rolled back to an earlier one');
    }
    if (this.#opening !== undefined && this.#tables === undefined) throw transactionBusy();
    await this.#tables?.scope.acquire();
    try {
      this.#savepoints = this.#savepoints.slice(0, at + 1);
      this.#keys.rollBackTo(keys);
      await this.#tables?.rollBackTo(tables ?? { rows: { operation: 0, latest: this.#base } });
    } finally {
      this.#tables?.scope.release();
    }
  }

  async #end(how: 'committed' | 'rolled back'): Promise<void> {
    this.#state = how;
    // A statement that was not waited for reads what is pinned.
    const tables = await this.#opening?.catch(() => undefined); // Its own caller was told.
    try {
      if (tables !== undefined) await this.#giveBack(tables);
    } finally {
      this.#letGo();
    }
  }

  /** The next user of the session finds nothing of the transaction. */
  async #giveBack(tables: TransactionTables): Promise<void> {
    const { session, writer, scope } = tables;
    const { sessions } = this.#parts;
    try {
      try {
        await scope.settle();
      } finally {
        await tables.end();
      }
      await session.forget(writer.overlaid);
      await writer.drop();
    } catch {
      // The transaction has ended as it did, and what is left goes away with the connection.
      await sessions.discard(session);
      return;
    }
    sessions.release(session);
  }

  async #commit(): Promise<void> {
    const { engine } = this.#parts;
    if (this.#steps > 0 || this.#tables?.scope.isWorking === true) {
      throw new AlopexError(SqlState.invalidTransactionState, 'a statement of the transaction is still running', {
        hint: 'Wait for every statement before the function returns.',
      });
    }
    const tables = this.#tables;
    await tables?.scope.settle();
    if (await tables?.commitDraft(() => this.#keys.checkConflicts(engine.kv.view))) return;
    const changed = tables?.writer.changed ?? [];
    const read = this.#isolation === 'serializable' ? (tables?.writer.readTables ?? NONE) : NONE;
    const kv = this.#keys.operations;
    if (changed.length === 0 && kv.length === 0) return;
    if (tables === undefined || (changed.length === 0 && read.size === 0)) {
      await engine.kv.commitOperations(kv, () => this.#keys.checkConflicts(engine.kv.view));
      return;
    }
    await tables.write(async (writer) => {
      checkReads(read, this.#base, writer.latest);
      const check = (): void => this.#keys.checkConflicts(engine.kv.view);
      await commitRows(engine, writer, tables.session.connection, tables.writer, { kv, check });
    }, this.#lockWait());
  }
}

export interface Savepoint {
  /** Undoes what the transaction has done since; it goes on. */
  rollBack(): Promise<void>;
}

const NONE: ReadonlySet<number> = new Set();

function keysAndDefinitions(): AlopexError {
  return new AlopexError(
    SqlState.featureNotSupported,
    'a transaction cannot write keys and define tables, views and the like',
    { hint: 'Use two transactions.' },
  );
}
