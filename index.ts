import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DirectoryLock } from './connectors/node/directory-lock.ts';
import { fileError, nodeErrorCode } from './connectors/node/node-error.ts';
import { shareOfDisk, shareOfMemory } from './connectors/node/machine-shares.ts';
import { NodeFileSystem } from './connectors/node/node-file-system.ts';
import { SystemClock } from './connectors/node/system-clock.ts';
import { SystemRandom } from './connectors/node/system-random.ts';
import { WorkerJobRunner } from './connectors/node/worker-job-runner.ts';
import { RestCatalog } from './catalog/rest/rest-catalog.ts';
import { RestHandler } from './catalog/rest/rest-handler.ts';
import { ColdStorages } from './connectors/store/cold-storage.ts';
import type { StoreOptions } from './connectors/store/open-store.ts';
import { limitsWith, type EngineLimits } from './engine/limits.ts';
import { Engine } from './engine/engine.ts';
import { AlopexError, SqlState } from './engine/errors.ts';
import { KeyValueStore } from './engine/kv/access/key-value-store.ts';
import { StoreTree } from './engine/kv/access/store-tree.ts';
import { InlineJobRunner } from './engine/kv/compaction/inline-job-runner.ts';
import { DuckDbKernel, type DuckDbKernelOptions } from './engine/kernel/duckdb-kernel.ts';
import type { KvMetrics } from './engine/kv/store/metrics.ts';
import type { Durability, LogOptions } from './engine/log/log.ts';
import type { TableMetrics } from './engine/lsm/compaction/metrics.ts';
import type { RowMetrics } from './engine/row-commits.ts';
import type { Clock } from './engine/ports/clock.ts';
import type { ColdStorageResolver } from './engine/ports/cold-storage.ts';
import type { FileSystem } from './engine/ports/file-system.ts';
import type { Kernel, Parameters } from './engine/ports/kernel.ts';
import type { KvJobRunner } from './engine/ports/kv-jobs.ts';
import type { Random } from './engine/ports/random.ts';
import { Semaphore } from './engine/semaphore.ts';
import { Connection, executeOnce, statementsOnce } from './engine/sql/connection/connection.ts';
import type { SharedSettings } from './engine/sql/connection/settings.ts';
import type { ConnectionParts } from './engine/sql/connection/connection-scope.ts';
import { Planner } from './engine/sql/plan/planner.ts';
import type { StatementResult } from './engine/sql/run/result.ts';
import { SqlEngine } from './engine/sql/sql-engine.ts';
import { SqlFace, type Executed } from './engine/sql/sql-face.ts';
import {
  runTransaction,
  type TransactionHandle,
  type TransactionOptions,
} from './engine/transaction/run-transaction.ts';
import { Mover } from './tiering/move.ts';
import { recoverMoves } from './tiering/recover.ts';
import { SharedTables } from './tiering/shared-tables.ts';

export { AlopexError } from './engine/errors.ts';
export type { ValueEncoding, KeyEncoding } from './engine/kv/access/encoding.ts';
export type { KeyRange } from './engine/kv/access/key-range.ts';
export type { KeyValue, KeyspaceOptions } from './engine/kv/access/key-value.ts';
export type { KeyValueStore } from './engine/kv/access/key-value-store.ts';
export type { BatchOperation, Keyspace, PutOptions, ReadOptions, ScanOptions } from './engine/kv/access/keyspace.ts';
export type { KvSnapshot } from './engine/kv/access/snapshot.ts';
export type { KvMetrics } from './engine/kv/store/metrics.ts';
export type { TableMetrics } from './engine/lsm/compaction/metrics.ts';
export { RequestMetrics } from './connectors/store/request-metrics.ts';
export type { StoreOptions } from './connectors/store/open-store.ts';
export type { StoreSettings } from './connectors/store/settings.ts';
export type { RowMetrics } from './engine/row-commits.ts';
export type { Durability } from './engine/log/log.ts';
export type { Parameter, Parameters } from './engine/ports/kernel.ts';
export { typed, type TypedValue } from './engine/ports/typed-value.ts';
export type { ScanReport, TierReport } from './engine/sql/plan/scan-report.ts';
export type { Executed } from './engine/sql/sql-face.ts';
export type { Connection } from './engine/sql/connection/connection.ts';
export type { StatementResult } from './engine/sql/run/result.ts';
export type { IsolationLevel, Savepoint } from './engine/transaction/transaction.ts';
export type { TransactionHandle, TransactionOptions } from './engine/transaction/run-transaction.ts';

export interface OpenOptions {
  /** Memory that all queries at a time, and the memtables, may use before queries spill to disk, such as `4GB`; half of what the process may have when absent. */
  readonly memoryLimit?: string;
  /** Disk space that they may take then, such as `20GB`, in the folder `tmp/spill` of the data directory; half of what is free when the database is opened when absent. */
  readonly tempLimit?: string;
  /** Threads of the query kernel; one for each core when absent. */
  readonly threads?: number;
  /** When a commit is acknowledged, and what a power cut can lose; `full`, which loses nothing, when absent. A killed process loses nothing at any level. */
  readonly durability?: Durability;
  /** At durability `interval`: how often the log is fsynced; 100 when absent. */
  readonly syncIntervalMs?: number;
  /** Sizes at which things go from memory to files, and the greatest sizes of keys and values. */
  readonly limits?: Partial<EngineLimits>;
  /** Where cold tables are; the folder `warehouse` in the data directory when absent. The caller closes it. */
  readonly storage?: ColdStorageResolver;
  /** Endpoints, retries, limits and metrics of `s3://`, `gs://` and `az://`; endpoints from the environment when absent: docs/stores.md. */
  readonly stores?: StoreOptions;
  /** Where the files of the data directory are; the machine's own when absent. The kernel reads and writes data files past it. */
  readonly fileSystem?: FileSystem;
  /** Parts of the machine apart from its files, for simulation; the machine's own where absent. */
  readonly machine?: Partial<Machine>;
  /** Hears of trouble that fails no statement. Written to standard error when absent. */
  readonly onWarning?: (warning: AlopexError) => void;
}

/** What a database takes from the machine that it runs on, apart from files. */
export interface Machine {
  readonly clock: Clock;
  readonly random: Random;
  /** Holds the data directory, which it makes if need be, for this process alone. */
  lockFolder(path: string): Promise<FolderLock>;
  openKernel(options: DuckDbKernelOptions): Promise<Kernel>;
  /** Runs flushes and compactions of keys. */
  openJobRunner(fileSystem: FileSystem, clock: Clock): KvJobRunner;
}

/** What was opened for a database and ends with it. */
interface Part {
  close(): void | Promise<void>;
}

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * A database in a folder. One process has it open at a time.
 *
 * ```ts
 * const db = await AlopexDB.open('./alopex-data');
 * await db.execute('INSERT INTO notes VALUES ($1, $2)', [1, 'hello']);
 * const table = await db.query('SELECT * FROM notes');
 * await db.close();
 * ```
 *
 * Every method fails with an {@link AlopexError}, whose `code` is an SQLSTATE.
 */
export class AlopexDB extends SqlFace {
  /** Keys and values. */
  readonly kv: KeyValueStore;
  readonly #lock: FolderLock;
  readonly #engine: Engine;
  readonly #sql: SqlEngine;
  readonly #tree: StoreTree;
  readonly #shared: SharedSettings = { startsAtOnce: false };
  readonly #parts: readonly Part[];
  #closing: Promise<void> | undefined;

  private constructor(lock: FolderLock, engine: Engine, sql: SqlEngine, parts: readonly Part[]) {
    super();
    this.#lock = lock;
    this.#engine = engine;
    this.#sql = sql;
    this.#tree = new StoreTree(engine.context, engine.commits, engine.kv);
    this.kv = new KeyValueStore(this.#tree, engine.kv);
    this.#parts = parts;
  }

  /**
   * Opens the database in a folder, or makes one. Throws `55006` when another process has it open, `58030` when the folder cannot be written, `XX001` when a file is damaged,
   * `0A000` when a later AlopexDB wrote it.
   */
  static async open(dataDir: string, options: OpenOptions = {}): Promise<AlopexDB> {
    const path = resolve(dataDir);
    const machine: Machine = { ...SYSTEM_MACHINE, ...options.machine };
    const closers: (() => Promise<void> | void)[] = [];
    try {
      const { clock, random } = machine;
      const lock = await machine.lockFolder(path);
      closers.push(() => lock.release());
      const kernel = await machine.openKernel({
        tempFolder: `${path}/tmp/spill`,
        clock,
        ...kernelOptions(options),
      });
      closers.push(() => kernel.close());
      const stubs = await machine.openKernel({ tempFolder: `${path}/tmp/plan`, memoryLimit: '128MB', threads: 1 });
      closers.push(() => stubs.close());
      const ports = { clock, random };
      const own = new ColdStorages(`${path}/warehouse`, ports, options.stores);
      closers.push(() => own.close());
      const storage = options.storage ?? own;
      const fileSystem = options.fileSystem ?? new NodeFileSystem();
      const jobs = machine.openJobRunner(fileSystem, clock);
      closers.push(() => jobs.close());
      const engine = await Engine.open(
        { ...ports, fileSystem, kernel, storage, jobs },
        path,
        options.onWarning ?? printWarning,
        { limits: limitsWith(options.limits ?? {}), log: logOptions(options) },
      );
      closers.push(() => engine.close());
      const connection = await kernel.connect();
      await recoverMoves(engine, connection);
      connection.close();
      const planner = await Planner.open(stubs);
      const sql = new SqlEngine(engine, kernel, planner, new Mover(engine), {
        gate: new Semaphore(RUNNING_QUERIES),
        toError: toAlopexError,
      });
      return new AlopexDB(lock, engine, sql, [kernel, stubs, own]);
    } catch (error) {
      // The first failure says why; one more must not keep the folder locked.
      for (const close of closers.toReversed()) await (async () => close())().catch(() => undefined);
      throw toAlopexError(error);
    }
  }

  override statements(sql: string, parameters?: Parameters): AsyncGenerator<StatementResult, void, undefined> {
    return statementsOnce(this.#connectionParts(), sql, parameters);
  }

  override execute(sql: string, parameters?: Parameters): Promise<Executed[]> {
    return executeOnce(this.#connectionParts(), sql, parameters);
  }

  /**
   * A connection, for transactions, settings, prepared statements and temporary tables by SQL. To be closed. One statement at a time; several connections work at the same time.
   *
   * ```ts
   * const connection = await db.connect();
   * await connection.execute('BEGIN');
   * await connection.execute('UPDATE accounts SET balance = balance - 5 WHERE id = 1');
   * await connection.execute('COMMIT');
   * await connection.close();
   * ```
   */
  async connect(): Promise<Connection> {
    this.#engine.commits.checkRunning();
    return Promise.resolve(new Connection(this.#connectionParts()));
  }

  /**
   * Runs a function as one transaction over tables and keys: it sees one snapshot and its own changes, which all take effect when it returns, or none when it throws. After
   * a conflict with another commit (`40001`) it is run again, up to `maxAttempts` times, so it should do nothing else that cannot be repeated.
   *
   * ```ts
   * await db.transaction(async (tx) => {
   *   await tx.execute('UPDATE accounts SET balance = balance - 5 WHERE id = 1');
   *   await tx.kv.put('last-payment', '5');
   * });
   * ```
   */
  async transaction<T>(body: (tx: TransactionHandle) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const { random } = this.#engine.context;
    return runTransaction({ ...this.#connectionParts(), random }, body, options);
  }

  /** What flushes and compactions have done since the database was opened, and how often and how long commits waited for them; rows that were committed past the kernel. */
  metrics(): { readonly keys: KvMetrics; readonly tables: TableMetrics; readonly rows: RowMetrics } {
    return { keys: this.kv.metrics(), tables: this.#engine.tableMetrics, rows: this.#engine.rowMetrics };
  }

  /**
   * The Iceberg REST catalog over this database's cold tables and further tables in its warehouse, apart from HTTP: requests in, responses out. `alopex server` serves it.
   *
   * `locations` are further addresses that tables may be at; `onError` hears of what was answered with a status of 500 and above.
   */
  catalog(
    options: { readonly locations?: readonly string[]; readonly onError?: (error: unknown) => void } = {},
  ): RestHandler {
    const { storage, clock, random } = this.#engine.context;
    const onError = options.onError ?? ((error: unknown) => printWarning(toAlopexError(error)));
    const catalog = new RestCatalog({
      clock,
      random,
      warehouse: storage.open(undefined).store,
      stores: (options.locations ?? []).map((address) => storage.open(address).store),
      database: new SharedTables(this.#engine, onError),
      onWarning: onError,
    });
    return new RestHandler(catalog, clock, onError);
  }

  /** Stops every running statement: they fail with `57014`. */
  interrupt(): void {
    this.#sql.sessions.interrupt();
  }

  /** Waits for commits under way and closes. Nothing is lost when a process ends without it; opening again takes a little longer then. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #connectionParts(): ConnectionParts {
    const { clock } = this.#engine.context;
    return {
      engine: this.#engine,
      sql: this.#sql,
      sessions: this.#sql.sessions,
      tree: this.#tree,
      clock,
      shared: this.#shared,
    };
  }

  async #close(): Promise<void> {
    this.#sql.close();
    try {
      await this.#engine.close();
    } catch (error) {
      throw toAlopexError(error);
    } finally {
      for (const part of this.#parts) await part.close();
      await this.#lock.release();
    }
  }
}

/** Two of libuv's threads stay free for files, whatever queries do. */
const RUNNING_QUERIES = Math.max(1, Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) - 2);

function kernelOptions(options: OpenOptions): { memoryLimit?: string; tempLimit?: string; threads?: number } {
  return {
    ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
    ...(options.tempLimit === undefined ? {} : { tempLimit: options.tempLimit }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
}

function logOptions({ durability = 'full', syncIntervalMs = 100 }: OpenOptions): LogOptions {
  if (!['full', 'interval', 'none'].includes(durability)) {
    throw new AlopexError(SqlState.invalidParameter, `there is no durability ${JSON.stringify(durability)}`, {
      hint: "The levels are 'full', 'interval' and 'none'.",
    });
  }
  if (!(syncIntervalMs > 0)) {
    throw new AlopexError(SqlState.invalidParameter, `${syncIntervalMs} is no interval in milliseconds`);
  }
  return { durability, syncIntervalMs };
}

const SYSTEM_MACHINE: Machine = {
  clock: new SystemClock(),
  random: new SystemRandom(),
  async lockFolder(path) {
    await makeFolder(path);
    return DirectoryLock.acquire(path);
  },
  openKernel: async (options) => {
    // The folder itself is made when it is first needed.
    const tempLimit = await shareOfDisk(resolve(options.tempFolder, '../..'));
    return DuckDbKernel.open({ memoryLimit: shareOfMemory(), tempLimit, ...options });
  },
  // Other threads have the machine's own files only.
  openJobRunner: (fileSystem, clock) =>
    fileSystem instanceof NodeFileSystem ? new WorkerJobRunner() : new InlineJobRunner(fileSystem, clock),
};

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new AlopexError(SqlState.ioError, `the data directory ${path} cannot be made`, {
      hint: 'Choose a folder that can be written, with --data-dir or AlopexDB.open.',
      cause: error,
    });
  }
}

/** What the ports throw are errors of the machine, with its codes. */
function toAlopexError(error: unknown): AlopexError {
  if (error instanceof AlopexError) return error;
  if (error instanceof Error && nodeErrorCode(error) === 'ENOENT') {
    return new AlopexError(SqlState.dataCorrupted, `a file of the data directory is missing: ${error.message}`, {
      hint: 'Restore the file from a backup.',
      cause: error,
    });
  }
  if (nodeErrorCode(error) !== undefined) return fileError('read or write the data directory', error);
  return new AlopexError(SqlState.internalError, error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

function printWarning(warning: AlopexError): void {
  process.stderr.write(`WARNING ${warning.code}: ${warning.message}\n`);
}
