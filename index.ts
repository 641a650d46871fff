import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Table, type RecordBatch } from 'apache-arrow';
import { DirectoryLock } from './connectors/node/directory-lock.ts';
import { fileError, nodeErrorCode } from './connectors/node/node-error.ts';
import { NodeFileSystem } from './connectors/node/node-file-system.ts';
import { SystemClock } from './connectors/node/system-clock.ts';
import { SystemRandom } from './connectors/node/system-random.ts';
import { ColdStorages } from './connectors/store/cold-storage.ts';
import { DEFAULT_LIMITS, type EngineLimits } from './engine/context.ts';
import { Engine } from './engine/engine.ts';
import { AlopexError, SqlState } from './engine/errors.ts';
import { DuckDbKernel } from './engine/kernel/duckdb-kernel.ts';
import type { ColdStorageResolver } from './engine/ports/cold-storage.ts';
import type { FileSystem } from './engine/ports/file-system.ts';
import type { Parameters } from './engine/ports/kernel.ts';
import { Semaphore } from './engine/semaphore.ts';
import { Planner } from './engine/sql/plan/planner.ts';
import type { StatementResult } from './engine/sql/run/result.ts';
import { SqlEngine } from './engine/sql/sql-engine.ts';
import { Mover } from './tiering/move.ts';
import { recoverMoves } from './tiering/recover.ts';

export { AlopexError } from './engine/errors.ts';
export type { Parameter, Parameters } from './engine/ports/kernel.ts';
export type { ScanReport, TierReport } from './engine/sql/plan/scan-report.ts';
export type { StatementResult } from './engine/sql/run/result.ts';

export interface OpenOptions {
  /** Memory that queries may use before they spill to disk, such as `4GB`; 80% of the machine's when absent. */
  readonly memoryLimit?: string;
  /** Threads of the query kernel; one for each core when absent. */
  readonly threads?: number;
  /** Sizes at which rows go from memory to files. */
  readonly limits?: Partial<EngineLimits>;
  /** Where cold tables are; the folder `warehouse` in the data directory when absent. */
  readonly storage?: ColdStorageResolver;
  /** Where the files of the data directory are; the machine's own when absent. The kernel reads and writes data files past it. */
  readonly fileSystem?: FileSystem;
  /** Hears of trouble that fails no statement. Written to standard error when absent. */
  readonly onWarning?: (warning: AlopexError) => void;
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
export class AlopexDB {
  readonly #lock: DirectoryLock;
  readonly #engine: Engine;
  readonly #sql: SqlEngine;
  readonly #kernels: readonly DuckDbKernel[];
  #closing: Promise<void> | undefined;

  private constructor(lock: DirectoryLock, engine: Engine, sql: SqlEngine, kernels: readonly DuckDbKernel[]) {
    this.#lock = lock;
    this.#engine = engine;
    this.#sql = sql;
    this.#kernels = kernels;
  }

  /**
   * Opens the database in a folder, or makes one. Throws `55006` when another process has it open, `58030` when the folder cannot be written, `XX001` when a file is damaged,
   * `0A000` when a later AlopexDB wrote it.
   */
  static async open(dataDir: string, options: OpenOptions = {}): Promise<AlopexDB> {
    const path = resolve(dataDir);
    await makeFolder(path);
    const closers: (() => Promise<void> | void)[] = [];
    try {
      const clock = new SystemClock();
      const lock = await DirectoryLock.acquire(path);
      closers.push(() => lock.release());
      const kernel = await DuckDbKernel.open({
        tempFolder: `${path}/tmp/spill`,
        clock,
        ...kernelOptions(options),
      });
      closers.push(() => kernel.close());
      const stubs = await DuckDbKernel.open({ tempFolder: `${path}/tmp/plan`, memoryLimit: '128MB', threads: 1 });
      closers.push(() => stubs.close());
      const ports = { clock, random: new SystemRandom() };
      const storage = options.storage ?? new ColdStorages(`${path}/warehouse`, ports);
      const engine = await Engine.open(
        { ...ports, fileSystem: options.fileSystem ?? new NodeFileSystem(), kernel, storage },
        path,
        options.onWarning ?? printWarning,
        { ...DEFAULT_LIMITS, ...options.limits },
      );
      closers.push(() => engine.close());
      const connection = await kernel.connect();
      await recoverMoves(engine, connection);
      connection.close();
      const planner = await Planner.open(stubs);
      const sql = new SqlEngine(engine, kernel, planner, new Mover(engine), new Semaphore(RUNNING_QUERIES));
      return new AlopexDB(lock, engine, sql, [kernel, stubs]);
    } catch (error) {
      for (const close of closers.toReversed()) await close();
      throw toAlopexError(error);
    }
  }

  /** Runs the statements of a text and returns what each did. Rows are not returned: see {@link query}. Parameters are `$1`, `?` or `$name`. */
  async execute(sql: string, parameters?: Parameters): Promise<{ command: string; rowCount: number | undefined }[]> {
    const results: { command: string; rowCount: number | undefined }[] = [];
    for await (const result of this.statements(sql, parameters)) {
      if (result.kind === 'command') {
        results.push({ command: result.command, rowCount: result.rowCount });
        continue;
      }
      let rowCount = 0;
      for await (const batch of result.batches) rowCount += batch.numRows;
      results.push({ command: result.command, rowCount });
    }
    return results;
  }

  /** Runs one statement and returns its rows as an Arrow table, in memory. */
  async query(sql: string, parameters?: Parameters): Promise<Table> {
    let table: Table | undefined;
    for await (const result of this.statements(sql, parameters)) {
      if (table !== undefined) throw new AlopexError(SqlState.syntaxError, 'query() takes a single statement');
      const batches: RecordBatch[] = [];
      if (result.kind === 'rows') for await (const batch of result.batches) batches.push(batch);
      table = result.kind === 'rows' ? new Table(result.schema, batches) : new Table();
    }
    return table ?? new Table();
  }

  /** Runs one statement and yields its rows batch by batch, as they come. Leaving the loop early stops the statement. */
  async *stream(sql: string, parameters?: Parameters): AsyncGenerator<RecordBatch, void, undefined> {
    for await (const result of this.statements(sql, parameters)) {
      if (result.kind === 'rows') yield* result.batches;
    }
  }

  /** Runs the statements of a text one by one and yields the result of each; its rows are to be read before the next is asked for. */
  statements(sql: string, parameters?: Parameters): AsyncGenerator<StatementResult, void, undefined> {
    return withAlopexErrors(this.#sql.statements(sql, parameters));
  }

  /** Stops every running statement: they fail with `57014`. */
  interrupt(): void {
    this.#sql.interrupt();
  }

  /** Waits for commits under way and closes. Nothing is lost when a process ends without it; opening again takes a little longer then. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#sql.close();
    await this.#engine.close();
    for (const kernel of this.#kernels) kernel.close();
    await this.#lock.release();
  }
}

/** Two of libuv's threads stay free for files, whatever queries do. */
const RUNNING_QUERIES = Math.max(1, Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) - 2);

function kernelOptions(options: OpenOptions): { memoryLimit?: string; threads?: number } {
  return {
    ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
}

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

async function* withAlopexErrors<T>(results: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
  try {
    yield* results;
  } catch (error) {
    throw toAlopexError(error);
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
