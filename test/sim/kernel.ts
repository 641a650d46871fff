import type { RecordBatch, Schema } from 'apache-arrow';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import { DuckDbKernel } from '../../engine/kernel/duckdb-kernel.ts';
import type {
  ArrowStream,
  Kernel,
  KernelConnection,
  KernelRow,
  Parameters,
  Scalar,
} from '../../engine/ports/kernel.ts';
import type { NativeFolder } from '../../engine/sim/content.ts';
import { InjectedError, isInjected, type Extent, type IoCall } from '../../engine/sim/fault.ts';
import type { SimIo } from '../../engine/sim/io.ts';
import type { SeededRandom } from '../../engine/sim/random.ts';
import type { PrimitiveType } from '../../engine/table/schema.ts';

/**
 * The native kernel of the simulated machine. Opening one takes longer than all else, so one instance goes from process to process: at the death of a
 * process its connections are closed and its databases are detached, and nothing of it is left.
 */
export class SharedKernel {
  readonly #kernel: DuckDbKernel;
  readonly #connections = new Set<KernelConnection>();

  private constructor(kernel: DuckDbKernel) {
    this.#kernel = kernel;
  }

  /** One thread: with more, the order of rows would be the machine's. */
  static async open(tempFolder: string): Promise<SharedKernel> {
    return new SharedKernel(await DuckDbKernel.open({ tempFolder, threads: 1, memoryLimit: '512MB' }));
  }

  async connect(): Promise<KernelConnection> {
    const connection = await this.#kernel.connect();
    this.#connections.add(connection);
    return connection;
  }

  /** Ends what the process before has left. */
  async reset(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
    const connection = await this.#kernel.connect();
    const databases = await connection.rows(
      `SELECT database_name AS name FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory' ORDER BY ALL`,
    );
    for (const { name } of databases) await connection.run(`DETACH "${String(name)}"`);
    const tables = await connection.rows(
      `SELECT table_name AS name FROM duckdb_tables() WHERE database_name = 'memory' AND NOT temporary ORDER BY ALL`,
    );
    for (const { name } of tables) await connection.run(`DROP TABLE "${String(name)}"`);
    connection.close();
  }

  close(): void {
    this.#kernel.close();
  }
}

export interface SimKernelOptions {
  readonly io: SimIo;
  readonly native: NativeFolder;
  readonly random: SeededRandom;
  /** Stands in the trace for the data directory, which is another in every run. */
  readonly dataDir: string;
}

/** The `Kernel` port of one simulated process: each call into native code is one operation of the scheduler, awaited to its end. */
export class SimKernel implements Kernel {
  readonly #shared: SharedKernel;
  readonly #options: SimKernelOptions;

  constructor(shared: SharedKernel, options: SimKernelOptions) {
    this.#shared = shared;
    this.#options = options;
  }

  connect(): Promise<KernelConnection> {
    const connect = async (): Promise<KernelConnection> =>
      new SimKernelConnection(await this.#shared.connect(), this.#options);
    return this.#options.io.call({ kind: 'kernel', target: 'connect' }, connect);
  }

  close(): void {
    // The instance outlives the process.
  }
}

/** A statement that makes a file. */
const WRITES_FILE = /^COPY .* TO '([^']+\.parquet)' \(/s;

class SimKernelConnection implements KernelConnection {
  readonly #connection: KernelConnection;
  readonly #options: SimKernelOptions;

  constructor(connection: KernelConnection, options: SimKernelOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  run(sql: string, parameters?: Parameters): Promise<number> {
    return this.#call(sql, () => this.#connection.run(sql, parameters));
  }

  rows(sql: string, parameters?: Parameters): Promise<KernelRow[]> {
    return this.#call(sql, () => this.#connection.rows(sql, parameters));
  }

  async stream(sql: string, parameters?: Parameters): Promise<ArrowStream> {
    if (WRITES_FILE.test(sql)) return this.#call(sql, () => this.#collect(sql, parameters));
    const stream = await this.#call(sql, () => this.#connection.stream(sql, parameters));
    return { schema: stream.schema, [Symbol.asyncIterator]: () => this.#batches(stream) };
  }

  append(table: string, types: readonly PrimitiveType[], rows: Iterable<readonly Scalar[]>): Promise<number> {
    return this.#call(`append to ${table}`, () => this.#connection.append(table, types, rows));
  }

  interrupt(): void {
    this.#connection.interrupt();
  }

  close(): void {
    this.#connection.close();
  }

  /** The result of a statement that writes a file: the file is written when the last row has been read. */
  async #collect(sql: string, parameters: Parameters | undefined): Promise<ArrowStream> {
    const stream = await this.#connection.stream(sql, parameters);
    const batches: RecordBatch[] = [];
    for await (const batch of stream) batches.push(batch);
    return new CollectedStream(stream.schema, batches);
  }

  #batches(stream: ArrowStream): AsyncIterator<RecordBatch> {
    const batches = stream[Symbol.asyncIterator]();
    const call: IoCall = { kind: 'kernel', target: 'batch' };
    return {
      next: () => this.#options.io.call(call, () => batches.next()),
      return: () =>
        this.#options.io.call(call, async () => (await batches.return?.()) ?? { done: true, value: undefined }),
    };
  }

  #call<T>(sql: string, perform: () => Promise<T>): Promise<T> {
    const { io, native, dataDir } = this.#options;
    const text = sql.replaceAll(dataDir, '');
    const path = WRITES_FILE.exec(sql)?.[1];
    if (path === undefined) return io.call({ kind: 'kernel', target: text }, perform);
    const write = async (extent: Extent): Promise<T> => {
      const result = await perform();
      if (extent === 'part') this.#cut(native, path);
      return result;
    };
    return io.call({ kind: 'kernel-write', target: path.slice(dataDir.length) }, write, text).catch(asKernelError);
  }

  #cut(native: NativeFolder, path: string): void {
    const bytes = native.read(path);
    native.write(path, bytes.slice(0, this.#options.random.below(bytes.length)));
  }
}

class CollectedStream implements ArrowStream {
  readonly schema: Schema;
  readonly #batches: readonly RecordBatch[];

  constructor(schema: Schema, batches: readonly RecordBatch[]) {
    this.schema = schema;
    this.#batches = batches;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    for (const batch of this.#batches) yield await Promise.resolve(batch);
  }
}

function asKernelError(error: unknown): never {
  if (!isInjected(error)) throw error;
  const isFull = error instanceof InjectedError && error.code === 'ENOSPC';
  throw new AlopexError(isFull ? SqlState.diskFull : SqlState.ioError, 'could not write the file', { cause: error });
}
