import { queryArrowBytes } from '../arrow-bytes.ts';
import { tableState, type EngineContext } from '../context.ts';
import { endPeriod } from '../history/end-period.ts';
import { encodeCommit, type TableChange } from '../log/commit-record.ts';
import type { DeleteFileState, SegmentState, TableState } from '../lsm/state.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { deleteFileName, MEMTABLE_FILE_ID, segmentName } from './data-file.ts';
import { quoteIdentifier, quoteLiteral } from './data-type.ts';
import { createMemtable, fileIdsRelation } from './kernel-tables.ts';
import { toLogSql } from './log-columns.ts';
import { flushedRows, type Rewrite } from './moved-rows.ts';
import { checksumFile, writeParquet } from './parquet-writer.ts';
import { orderBySql } from './file-order.ts';
import { makeReadable, type ReadableTable } from './readable.ts';
import { scanSql } from './scan.ts';
import { addDeleted, deleteCount, type StagedDeletes, type StagedRows } from './staged.ts';
import { knownFiles, segmentFile } from './table-files.ts';
import { liveMemtableRows, type TableVersion } from './version.ts';

/** What one statement does to one table. */
export interface TableChangeRequest {
  readonly version: TableVersion;
  readonly rows?: StagedRows;
  readonly deletes?: StagedDeletes;
}

/** A change that is in the kernel and on its way to disk. */
export interface CommittedChange {
  readonly version: TableVersion;
  /** Resolves when the commit may be acknowledged. */
  readonly durable: Promise<void>;
}

/** A change whose rows are in segments. */
export interface SegmentChange extends CommittedChange {
  /** Where the rows of the memtable are now. */
  readonly flushed: Rewrite;
}

/** Delete files beyond this number are merged into one at the next flush. */
const MAX_DELETE_FILES = 8;

/**
 * Small changes, of one table or several, in one commit: memtables and log. `kv` are operations on keys that go with them. The caller holds the turn to commit, and `seq`
 * is its number.
 */
export async function commitToLog(
  context: EngineContext,
  connection: KernelConnection,
  seq: number,
  requests: readonly TableChangeRequest[],
  kv: Uint8Array = EMPTY,
): Promise<{ versions: TableVersion[]; durable: Promise<void> }> {
  const logged = await atomically(connection, requests, (request) => applyChange(connection, seq, request));
  const kept = requests.filter(({ version }) => version.options.historyRetention !== undefined);
  const time = kept.length === 0 ? {} : { timeMs: context.commitTimes.nowMs() };
  const changes = logged.map(({ change }) => change);
  const durable = context.log.append(seq, encodeCommit({ seq, kv, changes, ...time }));
  if (time.timeMs !== undefined) {
    for (const { version } of kept) context.commitTimes.note(version.tableId, seq, time.timeMs);
  }
  return { versions: logged.map(({ version }) => version), durable };
}

/** All of the requests or none; a single statement of the kernel is that by itself. */
async function atomically(
  connection: KernelConnection,
  requests: readonly TableChangeRequest[],
  apply: (request: TableChangeRequest) => Promise<LoggedChange>,
): Promise<LoggedChange[]> {
  const [only] = requests;
  if (only !== undefined && requests.length === 1 && (only.rows === undefined || only.deletes === undefined)) {
    return [await apply(only)];
  }
  const logged: LoggedChange[] = [];
  await connection.run('BEGIN');
  try {
    for (const request of requests) logged.push(await apply(request));
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK');
    throw error;
  }
  return logged;
}

interface LoggedChange {
  readonly change: TableChange;
  readonly version: TableVersion;
}

const EMPTY = new Uint8Array(0);

/** Adds a change to the kernel's tables, under a number that no reader sees yet, and encodes it for the log. */
async function applyChange(
  connection: KernelConnection,
  seq: number,
  request: TableChangeRequest,
): Promise<LoggedChange> {
  const { version, rows, deletes } = request;
  const rowBytes = rows === undefined ? EMPTY : await loggedRows(connection, seq, version, rows);
  const deleteBytes = deletes === undefined ? EMPTY : await loggedDeletes(connection, seq, version, deletes);
  const nextRid = await addToKernel(connection, seq, request);
  const { rowCount, sizeBytes } = version.memtable;
  return {
    change: {
      tableId: version.tableId,
      schemaId: version.schema.schemaId,
      rows: rowBytes,
      rowCount: rows?.rowCount ?? 0,
      deletes: deleteBytes,
      deleteCount: deleteCount(deletes),
    },
    version: {
      ...version,
      seq,
      contentSeq: seq,
      memtable: {
        ...version.memtable,
        rowCount: rowCount + (rows?.rowCount ?? 0),
        nextRid,
        sizeBytes: sizeBytes + rowBytes.length + deleteBytes.length,
      },
      deletedRows: addDeleted(version.deletedRows, deletes?.countByFile ?? new Map()),
    },
  };
}

async function loggedRows(
  connection: KernelConnection,
  seq: number,
  version: TableVersion,
  rows: StagedRows,
): Promise<Uint8Array> {
  const columns = version.schema.columns.map(toLogSql).join(', ');
  const select = `SELECT ${seq}::BIGINT AS __seq, rowid + ${version.memtable.nextRid} AS __rid, ${columns} FROM ${rows.relation}`;
  return (await queryArrowBytes(connection, select)).bytes;
}

async function loggedDeletes(
  connection: KernelConnection,
  seq: number,
  version: TableVersion,
  deletes: StagedDeletes,
): Promise<Uint8Array> {
  const names = fileIdsRelation(version.files.map((file) => [file.name, file.fileId]));
  const select = `SELECT ${seq}::BIGINT AS __seq, coalesce(names.name, '') AS file, CAST(d.__pos AS BIGINT) AS pos FROM ${deletes.relation} AS d LEFT JOIN ${names} ON names.id = d.__file`;
  return (await queryArrowBytes(connection, select)).bytes;
}

/** Returns the next free row id. */
async function addToKernel(connection: KernelConnection, seq: number, request: TableChangeRequest): Promise<number> {
  const { version, rows, deletes } = request;
  let { nextRid } = version.memtable;
  if (rows !== undefined) {
    const columns = version.schema.columns.map((column) => quoteIdentifier(column.name)).join(', ');
    await connection.run(
      `INSERT INTO ${version.memtable.table} SELECT ${seq}, rowid + ${nextRid}, ${columns} FROM ${rows.relation}`,
    );
    nextRid += await rowidEnd(connection, rows);
  }
  if (deletes !== undefined) await addDeletes(connection, seq, version, deletes);
  return nextRid;
}

/** Greater than every `rowid` of staged rows. */
export async function rowidEnd(connection: KernelConnection, rows: StagedRows): Promise<number> {
  if (rows.rowidEnd !== undefined) return rows.rowidEnd;
  const [last] = await connection.rows(`SELECT coalesce(max(rowid) + 1, 0) AS n FROM ${rows.relation}`);
  return Number(last?.['n'] ?? 0);
}

async function addDeletes(
  connection: KernelConnection,
  seq: number,
  version: TableVersion,
  deletes: StagedDeletes,
): Promise<void> {
  await connection.run(`INSERT INTO ${version.deletesTable} SELECT __file, __pos, ${seq} FROM ${deletes.relation}`);
}

/**
 * A large change, or a flush when the request has neither rows nor deletes: the memtable becomes a segment, the rows become one too. That is done here; `commit` then
 * writes all deletes to a delete file, and one manifest edit makes everything current together. The caller holds the write lock.
 */
export async function prepareSegments(
  context: EngineContext,
  connection: KernelConnection,
  request: TableChangeRequest,
): Promise<PreparedSegments> {
  const { rows, deletes } = request;
  const version = await makeReadable(context, request.version, []);
  const written: string[] = [];
  const batch = new SegmentBatch(context, connection, version, written);
  let flushed: SegmentState | undefined;
  const deletedRows = addDeleted(version.deletedRows, deletes?.countByFile ?? new Map());
  try {
    if (liveMemtableRows({ ...version, deletedRows }) > 0) {
      const leaving =
        deletes === undefined ? '' : ` WHERE __pos NOT IN (SELECT __pos FROM ${deletes.relation} WHERE __file = 0)`;
      flushed = await batch.segment(
        `SELECT * FROM (${scanSql(version, { files: [], positions: true })})${leaving}`,
        '__pos',
      );
    }
    if (rows !== undefined && rows.rowCount > 0) await batch.stagedSegment(rows);
  } catch (error) {
    await removeFiles(context, written);
    throw error;
  }
  return {
    commit: (seq, settle) =>
      commitSegments(context, connection, request, {
        batch,
        written,
        deletedRows,
        flushed,
        memtable: version,
        seq,
        settle,
      }),
  };
}

export interface PreparedSegments {
  /** The short part, which needs the commit's number. `settle` waits until all earlier commits are durable. */
  commit(seq: number, settle: () => Promise<void>): Promise<SegmentChange>;
}

interface SegmentCommit {
  readonly batch: SegmentBatch;
  readonly written: readonly string[];
  readonly deletedRows: ReadonlyMap<number, number>;
  /** Of the memtable's rows. */
  readonly flushed: SegmentState | undefined;
  readonly memtable: ReadableTable;
  readonly seq: number;
  readonly settle: () => Promise<void>;
}

async function commitSegments(
  context: EngineContext,
  connection: KernelConnection,
  { version, rows, deletes }: TableChangeRequest,
  { batch, written, deletedRows, flushed, memtable: full, seq, settle }: SegmentCommit,
): Promise<SegmentChange> {
  let inDoubt = false;
  try {
    if (deletes !== undefined) await addDeletes(connection, seq, version, deletes);
    const deleteFiles = await batch.deleteFiles(tableState(context, version));
    const segments = batch.segments.map((segment) => ({ ...segment, seq }));
    const period = await endPeriod(context, connection, version, seq);
    const { tableId, schema } = version;
    const memtable = await createMemtable(connection, context.loader, {
      tableId,
      generation: seq,
      schema,
      nextRid: version.memtable.nextRid,
    });
    await settle();
    inDoubt = true;
    await context.manifest.commit({
      kind: 'change-files',
      seq,
      tableId: version.tableId,
      flushedSeq: seq,
      addSegments: segments,
      removeSegments: [],
      addDeleteFiles: deleteFiles.add,
      removeDeleteFiles: deleteFiles.remove,
      ...(period === undefined ? {} : { period }),
    });
    return {
      version: {
        ...version,
        seq,
        contentSeq: rows === undefined && deletes === undefined ? version.contentSeq : seq,
        memtable,
        files: [...version.files, ...segments.map((segment) => segmentFile(context, version.tableId, segment))],
        deletedRows: new Map([...deletedRows].filter(([fileId]) => fileId !== MEMTABLE_FILE_ID)),
      },
      durable: Promise.resolve(),
      flushed: flushedRows(
        { ...full, seq, deletedRows },
        flushed && context.fileIds.idOf(tableId, segmentName(tableId, flushed.fileId)),
      ),
    };
  } catch (error) {
    // An edit whose fsync failed may be durable all the same: its files must stay (invariant 6).
    if (inDoubt) throw error;
    if (deletes !== undefined) await connection.run(`DELETE FROM ${version.deletesTable} WHERE seq = ${seq}`);
    await removeFiles(context, written);
    throw error;
  }
}

async function removeFiles(context: EngineContext, paths: readonly string[]): Promise<void> {
  for (const path of paths) await context.fileSystem.remove(path);
}

/** Writes the files of one edit. */
export class SegmentBatch {
  readonly segments: SegmentState[] = [];
  readonly #context: EngineContext;
  readonly #connection: KernelConnection;
  readonly #version: TableVersion;
  readonly #written: string[];

  /** `written` collects paths, for the caller to remove when the edit does not come about. */
  constructor(context: EngineContext, connection: KernelConnection, version: TableVersion, written: string[]) {
    this.#context = context;
    this.#connection = connection;
    this.#version = version;
    this.#written = written;
  }

  /** One segment of staged rows, in the table's sort order. */
  async stagedSegment(rows: StagedRows): Promise<SegmentState> {
    const sortBy = (await this.#isSorted(rows)) ? [] : this.#version.options.sortBy;
    return this.#segment(`SELECT * FROM ${rows.relation}`, sortBy, undefined);
  }

  /** Whether rows came in sort order, as rows of a time series mostly do: asking costs a tenth of sorting. */
  async #isSorted(rows: StagedRows): Promise<boolean> {
    const { schema, options } = this.#version;
    const [id, ...more] = options.sortBy;
    const column = schema.columns.find((candidate) => candidate.id === id);
    if (column === undefined || more.length > 0) return column === undefined;
    const key = quoteIdentifier(column.name);
    const [unordered] = await this.#connection.rows(
      `SELECT 1 AS found FROM (SELECT ${key} AS k, lag(${key}) OVER () AS previous FROM ${rows.relation}) WHERE k < previous OR (k IS NULL AND previous IS NOT NULL) LIMIT 1`,
    );
    return unordered === undefined;
  }

  /** One segment of the rows of `selectSql`, in the table's sort order, rows that are equal in it by `tieBreak`. */
  segment(selectSql: string, tieBreak: string): Promise<SegmentState> {
    return this.#segment(selectSql, this.#version.options.sortBy, tieBreak);
  }

  async #segment(selectSql: string, sortBy: readonly number[], tieBreak: string | undefined): Promise<SegmentState> {
    const { tableId, schema } = this.#version;
    const fileId = this.#context.fileNumbers.next();
    const path = `${this.#context.dataDir}/${segmentName(tableId, fileId)}`;
    this.#written.push(path);
    const { stats, ...file } = await writeParquet(this.#connection, this.#context.fileSystem, {
      selectSql: `${selectSql}${orderBySql(schema.columns, sortBy, tieBreak)}`,
      columns: schema.columns,
      path,
      compression: 'lz4_raw',
    });
    this.#context.gate.trust(path);
    const segment: SegmentState = {
      fileId,
      schemaId: schema.schemaId,
      seq: this.#version.seq,
      ...file,
      stats: [...stats],
      createdMs: this.#context.clock.nowMs(),
    };
    this.segments.push(segment);
    return segment;
  }

  /** Deletes that are not in a delete file yet; when there are many files, all live deletes in one file instead. */
  async deleteFiles(table: TableState): Promise<{ add: DeleteFileState[]; remove: number[] }> {
    const merge = table.deleteFiles.length >= MAX_DELETE_FILES;
    const file = await this.deleteFile(table, merge ? 'true' : `seq > ${table.flushedSeq}`);
    return {
      add: file === undefined ? [] : [file],
      remove: merge ? table.deleteFiles.map((deleteFile) => deleteFile.fileId) : [],
    };
  }

  /** Number of live deletes for which `where` (of `id`, a file's number, and `seq`) is true. */
  async countDeletes(table: TableState, where: string): Promise<number> {
    const [counted] = await this.#connection.rows(
      `SELECT count(*)::INTEGER AS n FROM (${this.#deletesSql(table, where)})`,
    );
    return Number(counted?.['n'] ?? 0);
  }

  /** One file of those deletes; none when there are none. */
  async deleteFile(table: TableState, where: string): Promise<DeleteFileState | undefined> {
    const rowCount = await this.countDeletes(table, where);
    if (rowCount === 0) return undefined;
    const { tableId } = this.#version;
    const select = `${this.#deletesSql(table, where)} ORDER BY file, pos`;
    const fileId = this.#context.fileNumbers.next();
    const path = `${this.#context.dataDir}/${deleteFileName(tableId, fileId)}`;
    this.#written.push(path);
    await this.#connection.run(`COPY (${select}) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION lz4_raw)`);
    await this.#context.fileSystem.syncFile(path);
    await this.#context.fileSystem.syncFolder(path.slice(0, path.lastIndexOf('/')));
    return { fileId, rowCount, ...(await checksumFile(this.#context.fileSystem, path)) };
  }

  /** Deletes of files that are gone concern nobody, and those of cold rows up to `deleteSeq` are in the Iceberg table. */
  #deletesSql(table: TableState, where: string): string {
    const { files, deletesTable } = this.#version;
    const known = fileIdsRelation(knownFiles(this.#context, this.#version));
    const cold = files.filter((file) => file.tier === 'cold').map((file) => file.fileId);
    const pending =
      cold.length === 0 ? '' : ` AND (seq > ${table.cold?.deleteSeq ?? 0} OR id NOT IN (${cold.join(', ')}))`;
    return `SELECT name AS file, pos, seq FROM ${deletesTable} JOIN ${known} ON id = file_id WHERE ${where}${pending}`;
  }
}
