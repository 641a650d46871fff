import type { RowLoader } from './row-loader.ts';
import { readKeys } from './key-reading.ts';
import { keyShape, type KeyShape, type RowKey } from './row-key.ts';
import type { TableSchema } from './schema.ts';
import type { Memtable } from './version.ts';

/** So many keys are read at a time to catch up; beyond, single rows go the long way. */
const MAX_BEHIND = 100_000;

/**
 * The primary keys of a memtable's rows, those of deleted rows too: what is not among them is certainly new to the memtable. Rows that are added one by one bring their keys along; the keys of others are
 * read from the kernel when they are asked for. One object for a memtable, used by whoever holds the write lock.
 */
export class MemtableKeys {
  readonly #schema: TableSchema;
  readonly #shape: KeyShape | undefined;
  readonly #keys = new Set<RowKey>();
  /** The keys of so many rows are there: all with a `__rid` below `#nextRid`. */
  #rowCount = 0;
  #nextRid = 0;

  constructor(schema: TableSchema) {
    this.#schema = schema;
    this.#shape = keyShape(schema);
  }

  /** Whether the keys are all there. Rows are only ever added, so their number tells. */
  isComplete(memtable: Memtable): boolean {
    return this.#rowCount === memtable.rowCount;
  }

  has(key: RowKey): boolean {
    return this.#keys.has(key);
  }

  /** The keys of rows that turn a memtable whose keys were complete into `after`. */
  add(keys: readonly RowKey[], after: Memtable): void {
    for (const key of keys) this.#keys.add(key);
    this.#rowCount = after.rowCount;
    this.#nextRid = after.nextRid;
  }

  /** Reads the keys of rows that came another way, unless they are too many. The kernel has them all: what is pending has brought its keys along. */
  async catchUp(loader: RowLoader, memtable: Memtable): Promise<void> {
    const shape = this.#shape;
    if (shape === undefined || memtable.rowCount - this.#rowCount > MAX_BEHIND) return;
    const keys: RowKey[] = [];
    const from = `${memtable.table} WHERE __rid >= ${this.#nextRid} AND __rid < ${memtable.nextRid}`;
    await loader.use((connection) =>
      readKeys(connection, this.#schema, shape, from, (key) => {
        keys.push(key);
      }),
    );
    this.add(keys, memtable);
  }
}
