import type { Commits } from './commits.ts';
import type { EngineContext } from './context.ts';
import { encodeCommit } from './log/commit-record.ts';
import { RowGroup, type GroupedInsert } from './row-group.ts';
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

/** Told of every commit of rows when it is published, with the versions before and after it; whoever committed waits for it. */
export type AfterCommit = (before: DatabaseVersion, after: DatabaseVersion) => Promise<void>;

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

/** A commit of rows, and the versions before and after it. */
interface CommittedRows {
  readonly before: DatabaseVersion;
  readonly after: DatabaseVersion;
  /** Resolves when the commit is published. */
  readonly published: Promise<void>;
}

/**
 * Commits rows past the kernel: encoded for the log here, and pending in the memtable until somebody reads it. Statements that come while others wait for their turn are one commit with them (`RowGroup`). A
 * commit takes the write lock of tables without a pause, so that it shares its trip to the disk with those of others. Whatever is not certain (a key that may be there already, a memtable that is full) is
 * left to the long way.
 */
export class RowCommits {
  readonly #context: EngineContext;
  readonly #commits: Commits;
  readonly #writers: WriteLock;
  readonly #afterCommit: AfterCommit;
  readonly #fileKeys: FileKeys;
  readonly #encoders = new WeakMap<TableSchema, Promise<RowEncoder | undefined> | RowEncoder>();
  /** Groups that more statements can join, and when each is committed, by table. */
  readonly #open = new Map<string, { readonly group: RowGroup; readonly done: Promise<void> }>();
  #inserts = 0;
  #insertedRows = 0;

  constructor(context: EngineContext, commits: Commits, writers: WriteLock, afterCommit: AfterCommit) {
    this.#context = context;
    this.#commits = commits;
    this.#writers = writers;
    this.#afterCommit = afterCommit;
    this.#fileKeys = new FileKeys(context, commits);
  }

  get metrics(): RowMetrics {
    const { loads, rowCount } = this.#context.loader.loaded;
    return { inserts: this.#inserts, insertedRows: this.#insertedRows, loads, loadedRows: rowCount };
  }

  /** Resolves when the rows are durable and published; to `false` when nothing was done and they have to go the long way. */
  async commit(insert: RowInsert): Promise<boolean> {
    const { tableKey, schema, rows } = insert;
    const version = this.#target(tableKey, schema);
    if (version === undefined || rows.length > this.#context.limits.largeRows) return false;
    const keys = keysOf(insert);
    if (keys === undefined) return false;
    const known = this.#encoders.get(schema);
    const encoder = known instanceof RowEncoder ? known : await this.#openEncoder(version);
    if (encoder === undefined) return false;
    const { pending } = version.memtable;
    if (pending.rowCount > LOAD_ROWS * WAIT_FACTOR || pending.sizeBytes > LOAD_BYTES * WAIT_FACTOR)
      await pending.load();
    const reading = this.#fileKeys.prepare(version, rows, keys);
    if (reading !== undefined) await reading;
    const { group, done } = this.#groupFor(tableKey, schema, encoder, rows);
    const grouped = { rows, keys };
    group.add(grouped);
    await done;
    return group.wasCommitted(grouped);
  }

  /** What is known of the keys in files. */
  get fileKeys(): FileKeys {
    return this.#fileKeys;
  }

  async close(): Promise<void> {
    await this.#fileKeys.close();
  }

  #groupFor(
    tableKey: string,
    schema: TableSchema,
    encoder: RowEncoder,
    rows: readonly Row[],
  ): { readonly group: RowGroup; readonly done: Promise<void> } {
    const open = this.#open.get(tableKey);
    if (open?.group.takes(schema, rows) === true) return open;
    const group = new RowGroup(tableKey, schema, encoder);
    const opened = { group, done: this.#commitGroup(group) };
    this.#open.set(tableKey, opened);
    return opened;
  }

  async #commitGroup(group: RowGroup): Promise<void> {
    // Whoever was answered together with the first comes in now.
    await Promise.resolve();
    let committed: CommittedRows | 'behind' | undefined = 'behind';
    try {
      if (this.#writers.isFree && this.#commits.isFree) committed = this.#commitNow(group);
      if (committed === 'behind') {
        const { lockTimeoutMs: timeoutMs } = this.#context.limits;
        committed = await this.#writers.run(() => this.#commitInTurn(group), { timeoutMs });
      }
    } finally {
      if (this.#open.get(group.tableKey)?.group === group) this.#open.delete(group.tableKey);
    }
    if (committed === undefined) return;
    await committed.published;
    await this.#afterCommit(committed.before, committed.after);
  }

  async #commitInTurn(group: RowGroup): Promise<CommittedRows | undefined> {
    const memtable = this.#target(group.tableKey, group.schema)?.memtable;
    if (memtable?.keys.isComplete(memtable) === false && group.schema.primaryKey.length > 0) {
      await memtable.keys.catchUp(this.#context.loader, memtable);
    }
    return this.#commits.run(() => {
      const committed = this.#commitNow(group);
      if (committed !== 'behind') return Promise.resolve(committed);
      this.#close(group, new Set(group.inserts));
      return Promise.resolve(undefined);
    });
  }

  /** The table, if it is still the one for which the rows were made, and takes them in memory. */
  #target(tableKey: string, schema: TableSchema): TableVersion | undefined {
    const version = this.#commits.latest.tables.get(tableKey);
    if (version?.schema !== schema) return undefined;
    return version.memtable.sizeBytes > this.#context.limits.memtableBytes ? undefined : version;
  }

  /** Without a pause, with no other commit and no other writer of tables at work. `behind`, with the group open as before, when the memtable's keys are not known. */
  #commitNow(group: RowGroup): CommittedRows | 'behind' | undefined {
    this.#commits.checkRunning();
    const version = this.#target(group.tableKey, group.schema);
    if (
      version !== undefined &&
      group.schema.primaryKey.length > 0 &&
      !version.memtable.keys.isComplete(version.memtable)
    )
      return 'behind';
    const leftOut = new Set(version === undefined ? group.inserts : this.#uncertain(version, group.inserts));
    const inserts = leftOut.size === 0 ? group.inserts : group.inserts.filter((insert) => !leftOut.has(insert));
    this.#close(group, leftOut);
    if (version === undefined || inserts.length === 0) return undefined;
    const rows = inserts.flatMap((insert) => insert.rows);
    const { memtable } = version;
    const before = this.#commits.latest;
    const seq = before.seq + 1;
    const bytes = group.encoder.encode(seq, memtable.nextRid, rows);
    const { commitTimes, log } = this.#context;
    const time = version.options.historyRetention === undefined ? {} : { timeMs: commitTimes.nowMs() };
    const changes = [tableChange(version, rows.length, bytes)];
    const durable = log.append(seq, encodeCommit({ seq, kv: NOTHING, changes, ...time }));
    if (time.timeMs !== undefined) commitTimes.note(version.tableId, seq, time.timeMs);
    memtable.pending.add({ seq, firstRid: memtable.nextRid, rows, sizeBytes: bytes.length });
    const after: TableVersion = {
      ...version,
      seq,
      contentSeq: seq,
      memtable: {
        ...memtable,
        rowCount: memtable.rowCount + rows.length,
        nextRid: memtable.nextRid + rows.length,
        sizeBytes: memtable.sizeBytes + bytes.length,
      },
    };
    const keys = inserts.flatMap((insert) => insert.keys);
    if (keys.length > 0) memtable.keys.add(keys, after.memtable);
    const published = this.#commits.accept({ version: withTable(before, after), durable, garbage: [] });
    this.#inserts += inserts.length;
    this.#insertedRows += rows.length;
    loadMany(after);
    return { before, after: this.#commits.latest, published };
  }

  /** Statements with a key that the table may have already, or that another one before them adds. */
  #uncertain(version: TableVersion, inserts: readonly GroupedInsert[]): GroupedInsert[] {
    if (version.schema.primaryKey.length === 0) return [];
    const { keys: known } = version.memtable;
    const added = new Set<RowKey>();
    return inserts.filter(({ rows, keys }) => {
      if (keys.some((key) => known.has(key) || added.has(key)) || this.#fileKeys.mayHold(version, rows, keys))
        return true;
      for (const key of keys) added.add(key);
      return false;
    });
  }

  /** Nobody joins any more. */
  #close(group: RowGroup, leftOut: ReadonlySet<GroupedInsert>): void {
    if (this.#open.get(group.tableKey)?.group === group) this.#open.delete(group.tableKey);
    group.settle(leftOut);
  }

  /** Once for a schema. */
  async #openEncoder(version: TableVersion): Promise<RowEncoder | undefined> {
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
