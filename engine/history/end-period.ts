import { makeData, RecordBatch, Schema, Field, Struct, Int64 } from 'apache-arrow';
import type { EngineContext } from '../context.ts';
import { importArrow } from '../kernel/arrow-import.ts';
import type { HistoryFile, PeriodEnd } from '../lsm/table-history.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { historyFileName, MEMTABLE_FILE_ID } from '../table/data-file.ts';
import { quoteIdentifier, quoteLiteral } from '../table/data-type.ts';
import { knownFiles } from '../table/table-files.ts';
import { fileIdsRelation } from '../table/kernel-tables.ts';
import { checksumFile } from '../table/parquet-writer.ts';
import type { TableOptions } from '../table/options.ts';
import { toStorageSql } from '../table/storage-sql.ts';
import type { TableVersion } from '../table/version.ts';

/**
 * Writes down what only memory and the log know of a table's present period, for the edit with number `untilSeq` that ends it; `undefined` when the table will keep no history. The caller holds
 * the write lock, and `version` is the newest one before the edit. Files of an edit that does not come about are left for the next open to remove.
 */
export async function endPeriod(
  context: EngineContext,
  connection: KernelConnection,
  version: TableVersion,
  untilSeq: number,
  options: TableOptions = version.options,
): Promise<PeriodEnd | undefined> {
  if (options.historyRetention === undefined) return undefined;
  const untilMs = context.commitTimes.nowMs();
  const { history, cold } = context.manifest.state.tables.get(version.tableId) ?? {};
  if (history === undefined) return { untilMs };
  await context.fileSystem.makeFolder(`${context.dataDir}/history/${version.tableId}`);
  const writer = new HistoryWriter(context, connection, version);
  const rows = await writer.rows(untilSeq);
  const deletes = await writer.deletes(untilSeq);
  const commits = await writer.commits(history.fromSeq, untilSeq);
  // After a crash in a move, the table is loaded with the snapshot that the move has committed; until its end, the one of the manifest counts.
  const jobs = [...context.manifest.state.jobs.values()];
  const isMoving = jobs.some(({ tableId, prepared }) => tableId === version.tableId && prepared !== undefined);
  const coldSnapshotId = isMoving ? cold?.snapshotId : version.cold?.snapshotId;
  return {
    untilMs,
    ...(coldSnapshotId === undefined ? {} : { coldSnapshotId }),
    ...(rows === undefined ? {} : { rows }),
    ...(deletes === undefined ? {} : { deletes }),
    ...(commits === undefined ? {} : { commits }),
  };
}

class HistoryWriter {
  readonly #context: EngineContext;
  readonly #connection: KernelConnection;
  readonly #version: TableVersion;

  constructor(context: EngineContext, connection: KernelConnection, version: TableVersion) {
    this.#context = context;
    this.#connection = connection;
    this.#version = version;
  }

  async rows(untilSeq: number): Promise<HistoryFile | undefined> {
    const { memtable, schema } = this.#version;
    if (memtable.rowCount === 0) return undefined;
    await memtable.pending.load();
    const columns = schema.columns.map(({ name, type }) => {
      const quoted = quoteIdentifier(name);
      return `${toStorageSql(quoted, type)} AS ${quoted}`;
    });
    return this.#copy(
      `SELECT __seq, __rid, ${columns.join(', ')} FROM ${memtable.table} WHERE xor(__seq, 0) < ${untilSeq}`,
    );
  }

  async deletes(untilSeq: number): Promise<HistoryFile | undefined> {
    const { deletesTable } = this.#version;
    const names = fileIdsRelation([['', MEMTABLE_FILE_ID], ...knownFiles(this.#context, this.#version)]);
    return this.#copy(
      `SELECT name AS file, pos, seq FROM ${deletesTable} JOIN ${names} ON id = file_id WHERE xor(seq, 0) < ${untilSeq}`,
    );
  }

  async commits(fromSeq: number, untilSeq: number): Promise<HistoryFile | undefined> {
    const { seqs, times } = this.#context.commitTimes.between(this.#version.tableId, fromSeq, untilSeq);
    if (seqs.length === 0) return undefined;
    const { fileId, path } = this.#next();
    const schema = new Schema([new Field('seq', new Int64()), new Field('ms', new Int64())]);
    const children = [seqs, times].map((numbers) =>
      makeData({ type: new Int64(), data: BigInt64Array.from(numbers, BigInt) }),
    );
    const data = makeData({ type: new Struct(schema.fields), length: seqs.length, nullCount: 0, children });
    await importArrow(this.#context.fileSystem, path, schema, [new RecordBatch(schema, data)]);
    return this.#finish(fileId, path, seqs.length);
  }

  async #copy(select: string): Promise<HistoryFile | undefined> {
    const [counted] = await this.#connection.rows(`SELECT count(*)::INTEGER AS n FROM (${select})`);
    const rowCount = Number(counted?.['n'] ?? 0);
    if (rowCount === 0) return undefined;
    const { fileId, path } = this.#next();
    await this.#connection.run(`COPY (${select}) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION lz4_raw)`);
    return this.#finish(fileId, path, rowCount);
  }

  #next(): { fileId: number; path: string } {
    const fileId = this.#context.fileNumbers.next();
    return { fileId, path: `${this.#context.dataDir}/${historyFileName(this.#version.tableId, fileId)}` };
  }

  async #finish(fileId: number, path: string, rowCount: number): Promise<HistoryFile> {
    const { fileSystem } = this.#context;
    await fileSystem.syncFile(path);
    await fileSystem.syncFolder(path.slice(0, path.lastIndexOf('/')));
    return { fileId, rowCount, ...(await checksumFile(fileSystem, path)) };
  }
}
