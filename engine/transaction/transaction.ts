import type { Engine } from '../engine.ts';
import { AlopexError, SqlState } from '../errors.ts';
import { KeyValue } from '../kv/access/key-value.ts';
import type { StoreTree } from '../kv/access/store-tree.ts';
import { KvView } from '../kv/store/kv-view.ts';
import type { KernelConnection, Parameters } from '../ports/kernel.ts';
import type { StatementResult } from '../sql/run/result.ts';
import type { Session } from '../sql/run/session.ts';
import { transactionBusy, TransactionScope } from '../sql/scope.ts';
import type { SqlEngine } from '../sql/sql-engine.ts';
import { commitToLog } from '../table/commit.ts';
import { stagedDeletes } from '../table/staged.ts';
import type { TableChangeRequest } from '../table/commit.ts';
import { dropKernelTable } from '../table/kernel-tables.ts';
import { lookUp, MAIN_PATH } from '../table/object-name.ts';
import type { DatabaseVersion, TableVersion } from '../table/version.ts';
import { withTable, type Writer } from '../writer.ts';
import { NamedSavepoints } from './named-savepoints.ts';
import { checkTableConflicts, type ChangedTable } from './table-conflicts.ts';
import { conflict, TransactionTree } from './transaction-tree.ts';
import { addedRows, deletedCommitted, TransactionWriter, type TableMark } from './transaction-writer.ts';

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
  #opening: Promise<TableSide> | undefined;
  /** Steps of statements that were asked for and have not ended. */
  #steps = 0;
  #tables: TableSide | undefined;
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
    const tables = this.#tables?.writer.mark;
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

  async #openTables(): Promise<TableSide> {
    const { sessions, engine } = this.#parts;
    const session = await sessions.acquire();
    const writer = new TransactionWriter(engine.context, session.connection, this.#base);
    const scope = new TransactionScope(session, writer, {
      readOnly: this.#readOnly,
      checkOpen: () => this.#checkOpen(),
      savepoints: (statement) => this.#named.run(statement),
    });
    this.#tables = { session, writer, scope };
    return this.#tables;
  }

  async #rollBackTo(savepoint: Savepoint, keys: number, tables: TableMark | undefined): Promise<void> {
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
      await this.#tables?.writer.rollBackTo(tables ?? { operation: 0, latest: this.#base });
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
  async #giveBack({ session, writer, scope }: TableSide): Promise<void> {
    const { sessions } = this.#parts;
    try {
      await scope.settle();
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
    await this.#tables?.scope.settle();
    const changed = this.#tables?.writer.changed ?? [];
    const read = this.#isolation === 'serializable' ? (this.#tables?.writer.readTables ?? NONE) : NONE;
    const kv = this.#keys.operations;
    if (changed.length === 0 && kv.length === 0) return;
    if (changed.length === 0 && read.size === 0) {
      await engine.kv.commitOperations(kv, () => this.#keys.checkConflicts(engine.kv.view));
      return;
    }
    await engine.write(async (writer) => {
      const connection = this.#tables?.session.connection;
      if (connection === undefined) return;
      this.#checkReads(read, writer.latest);
      const tables = changed.flatMap(({ now, before }): ChangedTable[] => {
        const { overlay } = now;
        if (overlay === undefined) return [];
        return [{ before, now: { ...now, overlay }, latest: lookUp(writer.latest.tables, now, MAIN_PATH) }];
      });
      for (const table of tables) await checkTableConflicts(engine.context, connection, table);
      await this.#commitTables(writer, connection, tables, kv);
    });
  }

  /** A table that was read and changed since is a conflict, whichever of its rows were. */
  #checkReads(read: ReadonlySet<number>, latest: DatabaseVersion): void {
    const now = new Map([...latest.tables.values()].map((table) => [table.tableId, table.seq]));
    for (const table of this.#base.tables.values()) {
      if (read.has(table.tableId) && now.get(table.tableId) !== table.seq) {
        throw conflict(`changed table "${table.name}", which this transaction read`);
      }
    }
  }

  async #commitTables(
    writer: Writer,
    connection: KernelConnection,
    tables: readonly ChangedTable[],
    kv: Uint8Array,
  ): Promise<void> {
    const { engine } = this.#parts;
    const staged: string[] = [];
    try {
      const requests: TableChangeRequest[] = [];
      for (const table of tables) {
        await table.latest?.memtable.pending.load();
        requests.push(await stageTable(connection, table, staged));
      }
      await writer.sequenced(async (seq) => {
        this.#keys.checkConflicts(engine.kv.view);
        const { versions, durable } = await commitToLog(engine.context, connection, seq, requests, kv);
        engine.kv.apply(seq, kv);
        const version = versions.reduce((latest, table) => withTable(latest, table), writer.latest);
        writer.accept({ version: { ...version, seq }, durable, garbage: [] });
      });
    } finally {
      for (const relation of staged) await dropKernelTable(connection, relation);
    }
  }
}

export interface Savepoint {
  /** Undoes what the transaction has done since; it goes on. */
  rollBack(): Promise<void>;
}

interface TableSide {
  readonly session: Session;
  readonly writer: TransactionWriter;
  readonly scope: TransactionScope;
}

const NONE: ReadonlySet<number> = new Set();

/** What a transaction leaves of its overlay, on top of the newest version. */
async function stageTable(
  connection: KernelConnection,
  { now, latest }: ChangedTable,
  staged: string[],
): Promise<TableChangeRequest> {
  const rows = `temp.main.__alopex_tx_added_${now.tableId}`;
  const deletes = `temp.main.__alopex_tx_deleted_${now.tableId}`;
  staged.push(rows, deletes);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${rows} AS SELECT * EXCLUDE (__rid) FROM ${addedRows(now, now.overlay)} ORDER BY __rid`,
  );
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${deletes} AS SELECT DISTINCT __file, __pos FROM ${deletedCommitted(now.overlay)}`,
  );
  const [counted] = await connection.rows(`SELECT count(*)::INTEGER AS n FROM ${rows}`);
  const rowCount = Number(counted?.['n'] ?? 0);
  const gone = await stagedDeletes(connection, deletes);
  return {
    version: latest as TableVersion,
    ...(rowCount === 0 ? {} : { rows: { relation: rows, rowCount } }),
    ...(gone.countByFile.size === 0 ? {} : { deletes: gone }),
  };
}
