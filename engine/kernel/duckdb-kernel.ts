import { DuckDBInstance } from '@duckdb/node-api';
import { AlopexError } from '../errors.ts';
import { quoteLiteral } from '../table/data-type.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kernel, KernelConnection } from '../ports/kernel.ts';
import { DEFAULT_BATCH_ROWS } from './arrow-result.ts';
import { DuckDbKernelConnection } from './duckdb-connection.ts';
import { kernelError } from './kernel-error.ts';

export interface DuckDbKernelOptions {
  /** Where operators that outgrow the memory limit put their data; made when first needed. */
  readonly tempFolder: string;
  /** Such as `4GB`; DuckDB's default is 80% of the machine's memory. */
  readonly memoryLimit?: string;
  /** Most that may be in `tempFolder`, such as `10GB`; DuckDB's default is 90% of what is free on the disk. */
  readonly tempLimit?: string;
  /** Default: one per core. */
  readonly threads?: number;
  /** Streamed batches have at least this many rows, but for the last one, and at most 2,047 more. Default 16,384. */
  readonly batchRows?: number;
  /** With a clock, an interrupt that comes before DuckDB has taken up the statement is repeated until it has; without, it may be lost. */
  readonly clock?: Clock;
}

/** DuckDB, in memory: it executes, and keeps nothing. Its sessions are in UTC, and it never fetches extensions. */
export class DuckDbKernel implements Kernel {
  readonly #instance: DuckDBInstance;
  readonly #options: DuckDbKernelOptions;
  readonly #connections = new Set<DuckDbKernelConnection>();
  #closed = false;

  private constructor(instance: DuckDBInstance, options: DuckDbKernelOptions) {
    this.#instance = instance;
    this.#options = options;
  }

  static async open(options: DuckDbKernelOptions): Promise<DuckDbKernel> {
    try {
      const instance = await DuckDBInstance.create(':memory:', {
        temp_directory: options.tempFolder,
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        // It would serve old bytes of a file that is changed in place within a second, as sparse copies of remote files are.
        enable_external_file_cache: 'false',
        ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
        ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
      });
      // Belongs to an extension that is linked in, so it is unknown until the instance is there.
      const connection = await instance.connect();
      await connection.run("SET GLOBAL TimeZone = 'UTC'");
      // Among the options above it would be shown, and not kept to.
      if (options.tempLimit !== undefined) {
        await connection.run(`SET max_temp_directory_size = ${quoteLiteral(options.tempLimit)}`);
      }
      connection.closeSync();
      return new DuckDbKernel(instance, options);
    } catch (error) {
      throw kernelError(error);
    }
  }

  get standardSettings(): ReadonlyMap<string, string> {
    const { memoryLimit, tempLimit } = this.#options;
    const settings = [
      ['memory_limit', memoryLimit],
      ['max_memory', memoryLimit],
      ['max_temp_directory_size', tempLimit],
    ] as const;
    return new Map(settings.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
  }

  async connect(): Promise<KernelConnection> {
    if (this.#closed) throw new AlopexError('08003', 'the kernel is closed');
    try {
      const native = await this.#instance.connect();
      const connection: DuckDbKernelConnection = new DuckDbKernelConnection(native, {
        batchRows: this.#options.batchRows ?? DEFAULT_BATCH_ROWS,
        clock: this.#options.clock,
        onClose: () => this.#connections.delete(connection),
      });
      this.#connections.add(connection);
      return connection;
    } catch (error) {
      throw kernelError(error);
    }
  }

  /** Closes all connections; what runs on them is stopped. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const connection of this.#connections) connection.close();
    // Connections that are still stopping keep the database alive until they are done.
    this.#instance.closeSync();
  }
}
