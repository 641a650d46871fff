import type { Commits } from './commits.ts';
import type { EngineContext } from './context.ts';
import { encodeCommit } from './log/commit-record.ts';
import { FileKeys } from './table/file-keys.ts';
import type { Row } from './table/pending-rows.ts';
import { RowEncoder } from './table/row-encoder.ts';
import { keyShape, rowKey, type RowKey } from './table/row-key.ts';
import type { TableSchema } from './table/schema.ts';
import type { DatabaseVersion, TableVersion } from './table/version.ts';
import type { WriteLock } from './write-lock.ts';
import { withTable } from './writer.ts';

/** Rows to add to a table, each complete, of the columns' types and within their NOT NULL constraints. */
export interface RowInsert {
  /** Of the table among those of a version. */
  readonly tableKey: string;
  /** For which the rows were made. */
  readonly schema: TableSchema;
  readonly rows: readonly Row[];
}

/** A commit of rows, and the versions before and after it. */
export interface CommittedRows {
  readonly before: DatabaseVersion;
  readonly after: DatabaseVersion;
  /** Resolves when the commit is published. */
  readonly published: Promise<void>;
}

/** What is counted since the database was opened. */
export interface RowMetrics {
  /** Statements whose rows were committed past the kernel, and those rows. */
  readonly inserts: number;
  readonly insertedRows: number;
  /** Loads of such rows into the kernel, and the rows in them. */
  readonly loads: number;
  readonly loadedRows: number;
}

/** When this is pending in a memtable it is loaded without being read … */
const LOAD_ROWS = 2_048;
const LOAD_BYTES = 4 << 20;
/** … and commits wait for that when it is so many times as much. */
const WAIT_FACTOR = 4;

/**
 * Commits rows past the kernel: encoded for the log here, and pending in the memtable until somebody reads it. A commit takes the write lock of tables without a pause, so that those of many writers share
 * one trip to the disk. Whatever is not certain (a key that may be there already, a memtable that is full) is left to the long way.
 */
export class RowCommits {
  readonly #context: EngineContext;
  readonly #commits: Commits;
  readonly #writers: WriteLock;
  readonly #fileKeys: FileKeys;
  readonly #encoders = new WeakMap<TableSchema, Promise<RowEncoder | undefined> | RowEncoder>();
  #inserts = 0;
  #insertedRows = 0;

  constructor(context: EngineContext, commits: Commits, writers: WriteLock) {
    this.#context = context;
    this.#commits = commits;
    this.#writers = writers;
    this.#fileKeys = new FileKeys(context, commits);
  }

  get metrics(): RowMetrics {
    const { loads, rowCount } = this.#context.loader.loaded;
    return { inserts: this.#inserts, insertedRows: this.#insertedRows, loads, loadedRows: rowCount };
  }

  /** `undefined` when nothing was done and the rows have to go the long way. */
  async commit(insert: RowInsert): Promise<CommittedRows | undefined> {
    const version = this.#target(insert);
    if (version === undefined) return undefined;
    const { schema } = insert;
    const keys = keysOf(insert);
    if (keys === undefined) return undefined;
    const encoder = this.#encoders.get(schema);
    const ready = encoder instanceof RowEncoder ? encoder : await this.#open(version);
    if (ready === undefined) return undefined;
    const { pending } = version.memtable;
    if (pending.rowCount > LOAD_ROWS * WAIT_FACTOR || pending.sizeBytes > LOAD_BYTES * WAIT_FACTOR)
      await pending.load();
    const reading = this.#fileKeys.prepare(version, insert.rows, keys);
    if (reading !== undefined) await reading;
    if (this.#writers.isFree && this.#commits.isFree) {
      this.#commits.checkRunning();
      const committed = this.#commitNow(insert, keys, ready);
      if (committed !== 'behind') return committed;
    }
    const { lockTimeoutMs: timeoutMs } = this.#context.limits;
    return this.#writers.run(() => this.#commitInTurn(insert, keys, ready), { timeoutMs });
  }

  async close(): Promise<void> {
    await this.#fileKeys.close();
  }

  async #commitInTurn(
    insert: RowInsert,
    keys: readonly RowKey[],
    encoder: RowEncoder,
  ): Promise<CommittedRows | undefined> {
    this.#commits.checkRunning();
    const version = this.#target(insert);
    if (version === undefined) return undefined;
    const { memtable } = version;
    if (keys.length > 0 && !memtable.keys.isComplete(memtable)) {
      await memtable.keys.catchUp(this.#context.loader, memtable);
    }
    return this.#commits.run(() => {
      const committed = this.#commitNow(insert, keys, encoder);
      return Promise.resolve(committed === 'behind' ? undefined : committed);
    });
  }

  /** The table, if it is still the one for which the rows were made, and takes them in memory. */
  #target({ tableKey, schema, rows }: RowInsert): TableVersion | undefined {
    const { limits } = this.#context;
    const version = this.#commits.latest.tables.get(tableKey);
    if (version?.schema !== schema || rows.length > limits.largeRows) return undefined;
    return version.memtable.sizeBytes > limits.memtableBytes ? undefined : version;
  }

  /** Without a pause, with no other commit and no other writer of tables at work. `behind` when the memtable's keys are not known. */
  #commitNow(insert: RowInsert, keys: readonly RowKey[], encoder: RowEncoder): CommittedRows | 'behind' | undefined {
    const version = this.#target(insert);
    if (version === undefined) return undefined;
    const { memtable } = version;
    const { rows } = insert;
    if (keys.length > 0) {
      if (!memtable.keys.isComplete(memtable)) return 'behind';
      if (keys.some((key) => memtable.keys.has(key)) || this.#fileKeys.mayHold(version, rows, keys)) return undefined;
    }
    const before = this.#commits.latest;
    const seq = before.seq + 1;
    const bytes = encoder.encode(seq, memtable.nextRid, rows);
    const durable = this.#context.log.append(
      seq,
      encodeCommit({ seq, kv: NOTHING, changes: [tableChange(version, rows.length, bytes)] }),
    );
    memtable.pending.add({ seq, firstRid: memtable.nextRid, rows, sizeBytes: bytes.length });
    const after: TableVersion = {
      ...version,
      seq,
      memtable: {
        ...memtable,
        rowCount: memtable.rowCount + rows.length,
        nextRid: memtable.nextRid + rows.length,
        sizeBytes: memtable.sizeBytes + bytes.length,
      },
    };
    if (keys.length > 0) memtable.keys.add(keys, after.memtable);
    const published = this.#commits.accept({ version: withTable(before, after), durable, garbage: [] });
    this.#inserts++;
    this.#insertedRows += rows.length;
    loadMany(after);
    return { before, after: this.#commits.latest, published };
  }

  /** Once for a schema. */
  async #open(version: TableVersion): Promise<RowEncoder | undefined> {
    const { memtable, schema } = version;
    let opening = this.#encoders.get(schema);
    if (opening === undefined) {
      opening = this.#context.loader.use((connection) => RowEncoder.open(connection, memtable.table, schema));
      this.#encoders.set(schema, opening);
    }
    try {
      const encoder = await opening;
      if (encoder !== undefined) this.#encoders.set(schema, encoder);
      return encoder;
    } catch {
      // The memtable was flushed meanwhile, say: the long way knows what to do, and the next row asks again.
      this.#encoders.delete(schema);
      return undefined;
    }
  }
}

const NOTHING = new Uint8Array(0);

function tableChange({ tableId, schema }: TableVersion, rowCount: number, rows: Uint8Array) {
  return { tableId, schemaId: schema.schemaId, rows, rowCount, deletes: NOTHING, deleteCount: 0 };
}

/** None for a table without a primary key; `undefined` for keys that cannot be told apart here, or are given twice. */
function keysOf({ schema, rows }: RowInsert): readonly RowKey[] | undefined {
  if (schema.primaryKey.length === 0) return [];
  const shape = keyShape(schema);
  if (shape === undefined) return undefined;
  const keys = rows.map((row) => rowKey(shape.positions.length, (place) => row[shape.positions[place] ?? 0] ?? null));
  return keys.length > 1 && new Set(keys).size < keys.length ? undefined : keys;
}

function loadMany({ memtable: { pending } }: TableVersion): void {
  if (pending.rowCount <= LOAD_ROWS && pending.sizeBytes <= LOAD_BYTES) return;
  // A failure is told to whoever reads the rows: they are pending as before.
  pending.load()?.catch(() => undefined);
}
