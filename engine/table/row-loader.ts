import { Mutex } from '../mutex.ts';
import type { Kernel, KernelConnection, KernelRow, Scalar } from '../ports/kernel.ts';
import type { PrimitiveType } from './schema.ts';

/** A connection of the kernel for what has to be done between statements, one thing at a time: loading pending rows, looking keys up. */
export class RowLoader {
  readonly #kernel: Kernel;
  readonly #turns = new Mutex();
  #connection: KernelConnection | undefined;
  #loads = 0;
  #rowCount = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Loads so far, and the rows in them. */
  get loaded(): { readonly loads: number; readonly rowCount: number } {
    return { loads: this.#loads, rowCount: this.#rowCount };
  }

  async load(table: string, types: readonly PrimitiveType[], rows: Iterable<readonly Scalar[]>): Promise<void> {
    await this.use(async (connection) => {
      this.#rowCount += await connection.append(table, types, rows);
      this.#loads++;
    });
  }

  use<T>(work: (connection: KernelConnection) => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      this.#connection ??= await this.#kernel.connect();
      return work(this.#connection);
    });
  }

  rows(sql: string): Promise<KernelRow[]> {
    return this.use((connection) => connection.rows(sql));
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#turns.run(() => {
      this.#connection?.close();
      this.#connection = undefined;
      return Promise.resolve();
    });
  }
}
