import { queryArrowBytes } from '../arrow-bytes.ts';
import { tableState, type EngineContext } from '../context.ts';
import { encodeCommit } from '../log/commit-record.ts';
import type { DeleteFileState, Edit, SegmentState, TableState } from '../lsm/state.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { deleteFileName, MEMTABLE_FILE_ID, segmentName } from './data-file.ts';
import { quoteIdentifier, quoteLiteral } from './data-type.ts';
import { createMemtable, fileIdsRelation } from './kernel-tables.ts';
import { toLogSql } from './log-columns.ts';
import { checksumFile, writeParquet } from './parquet-writer.ts';
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

/** Delete files beyond this number are merged into one at the next flush. */
const MAX_DELETE_FILES = 8;

/** A small change: memtable and log. The caller holds the write lock, and `seq` is the next commit number. */
export async function commitToLog(
  context: EngineContext,
  connection: KernelConnection,
  seq: number,
  request: TableChangeRequest,
): Promise<CommittedChange> {
  const { version, rows, deletes } = request;
  const rowBytes = rows === undefined ? EMPTY : await loggedRows(connection, seq, version, rows);
  const deleteBytes = deletes === undefined ? EMPTY : await loggedDeletes(connection, seq, version, deletes);
  const nextRid = await addToKernel(connection, seq, request);
  const durable = context.log.append(
    seq,
    encodeCommit({
      seq,
      changes: [
        {
          tableId: version.tableId,
          schemaId: version.schema.schemaId,
          rows: rowBytes,
          rowCount: rows?.rowCount ?? 0,
          deletes: deleteBytes,
          deleteCount: deleteCount(deletes),
        },
      ],
    }),
  );
  return {
    version: {
      ...version,
      seq,
      memtable: {
        table: version.memtable.table,
        rowCount: version.memtable.rowCount + (rows?.rowCount ?? 0),
        nextRid,
        sizeBytes: version.memtable.sizeBytes + rowBytes.length + deleteBytes.length,
      },
      deletedRows: addDeleted(version.deletedRows, deletes?.countByFile ?? new Map()),
    },
    durable,
  };
}

const EMPTY = new Uint8Array(0);

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

/** Rows and deletes, in one transaction of the kernel, under a number that no reader sees yet. Returns the next free row id. */
async function addToKernel(connection: KernelConnection, seq: number, request: TableChangeRequest): Promise<number> {
  const { version, rows, deletes } = request;
  let { nextRid } = version.memtable;
  await connection.run('BEGIN');
  try {
    if (rows !== undefined) {
      const columns = version.schema.columns.map((column) => quoteIdentifier(column.name)).join(', ');
      await connection.run(
        `INSERT INTO ${version.memtable.table} SELECT ${seq}, rowid + ${nextRid}, ${columns} FROM ${rows.relation}`,
      );
      const [last] = await connection.rows(`SELECT coalesce(max(rowid) + 1, 0) AS n FROM ${rows.relation}`);
      nextRid += Number(last?.['n'] ?? 0);
    }
    if (deletes !== undefined) await addDeletes(connection, seq, version, deletes);
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK');
    throw error;
  }
  return nextRid;
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
 * A large change, or a flush when the request has neither rows nor deletes: the memtable becomes a segment, the rows become one too, all deletes go to
 * a delete file, and one manifest edit makes them current together. The caller holds the write lock.
 */
export async function commitToSegments(
  context: EngineContext,
  connection: KernelConnection,
  seq: number,
  request: TableChangeRequest,
): Promise<CommittedChange> {
  const { version, rows, deletes } = request;
  const table = tableState(context, version);
  const written: string[] = [];
  let inDoubt = false;
  if (deletes !== undefined) await addDeletes(connection, seq, version, deletes);
  try {
    const deletedRows = addDeleted(version.deletedRows, deletes?.countByFile ?? new Map());
    const current: TableVersion = { ...version, seq, deletedRows };
    const writer = new SegmentBatch(context, connection, current, written);
    if (liveMemtableRows(current) > 0) {
      await writer.segment(scanSql(current, { files: [], positions: true }), '__pos');
    }
    if (rows !== undefined && rows.rowCount > 0) await writer.stagedSegment(rows);
    const deleteFiles = await writer.deleteFiles(table);
    const edit: Edit & { kind: 'change-files' } = {
      kind: 'change-files',
      seq,
      tableId: version.tableId,
      flushedSeq: seq,
      addSegments: writer.segments,
      removeSegments: [],
      addDeleteFiles: deleteFiles.add,
      removeDeleteFiles: deleteFiles.remove,
    };
    const memtable = await createMemtable(connection, version.tableId, seq, version.schema);
    inDoubt = true;
    await context.manifest.commit(edit);
    return {
      version: {
        ...current,
        memtable: { table: memtable, rowCount: 0, nextRid: version.memtable.nextRid, sizeBytes: 0 },
        files: [...version.files, ...writer.segments.map((segment) => segmentFile(context, version.tableId, segment))],
        deletedRows: new Map([...deletedRows].filter(([fileId]) => fileId !== MEMTABLE_FILE_ID)),
      },
      durable: Promise.resolve(),
    };
  } catch (error) {
    // An edit whose fsync failed may be durable all the same: its files must stay (invariant 6).
    if (inDoubt) throw error;
    if (deletes !== undefined) await connection.run(`DELETE FROM ${version.deletesTable} WHERE seq = ${seq}`);
    for (const path of written) await context.fileSystem.remove(path);
    throw error;
  }
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
    const after = merge ? -1 : table.flushedSeq;
    const file = await this.#deleteFile(after, table.cold?.deleteSeq ?? 0);
    return {
      add: file === undefined ? [] : [file],
      remove: merge ? table.deleteFiles.map((deleteFile) => deleteFile.fileId) : [],
    };
  }

  async #deleteFile(afterSeq: number, coldDeleteSeq: number): Promise<DeleteFileState | undefined> {
    const { tableId, files, deletesTable } = this.#version;
    const known = fileIdsRelation(knownFiles(this.#context, this.#version));
    const cold = files.filter((file) => file.tier === 'cold').map((file) => file.fileId);
    const pending = cold.length === 0 ? '' : ` AND (seq > ${coldDeleteSeq} OR id NOT IN (${cold.join(', ')}))`;
    const select = `SELECT name AS file, pos, seq FROM ${deletesTable} JOIN ${known} ON id = file_id WHERE seq > ${afterSeq}${pending} ORDER BY file, pos`;
    const [counted] = await this.#connection.rows(`SELECT count(*)::INTEGER AS n FROM (${select})`);
    const rowCount = Number(counted?.['n'] ?? 0);
    if (rowCount === 0) return undefined;
    const fileId = this.#context.fileNumbers.next();
    const path = `${this.#context.dataDir}/${deleteFileName(tableId, fileId)}`;
    this.#written.push(path);
    await this.#connection.run(`COPY (${select}) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION lz4_raw)`);
    await this.#context.fileSystem.syncFile(path);
    await this.#context.fileSystem.syncFolder(path.slice(0, path.lastIndexOf('/')));
    return { fileId, rowCount, ...(await checksumFile(this.#context.fileSystem, path)) };
  }
}

/** `ORDER BY` for a table's files, or nothing. */
export function orderBySql(
  columns: TableVersion['schema']['columns'],
  sortBy: readonly number[],
  tieBreak: string | undefined,
): string {
  const keys = sortBy.flatMap((id) => {
    const column = columns.find((candidate) => candidate.id === id);
    return column === undefined ? [] : [`${quoteIdentifier(column.name)} ASC NULLS FIRST`];
  });
  if (tieBreak !== undefined) keys.push(tieBreak);
  return keys.length === 0 ? '' : ` ORDER BY ${keys.join(', ')}`;
}
