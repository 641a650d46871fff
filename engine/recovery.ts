import { RecordBatchReader, type RecordBatch } from 'apache-arrow';
import { openColdTable, type EngineContext } from './context.ts';
import { AlopexError, SqlState } from './errors.ts';
import { importArrow } from './kernel/arrow-import.ts';
import type { CommitRecord, TableChange } from './log/commit-record.ts';
import { currentSchema, type ManifestState, type TableState } from './lsm/state.ts';
import { periodFiles } from './lsm/table-history.ts';
import type { ColdDeleteFile } from './ports/cold-table.ts';
import type { FileSystem } from './ports/file-system.ts';
import type { KernelConnection } from './ports/kernel.ts';
import { deleteFileName, type DataFile } from './table/data-file.ts';
import { quoteList, quoteLiteral } from './table/data-type.ts';
import { checksumFile } from './table/parquet-writer.ts';
import { createDeletesTable, createMemtable, fileIdsRelation, loadMemtable } from './table/kernel-tables.ts';
import { admitWhole, cachePath, coldFiles, knownFiles, segmentFile } from './table/table-files.ts';
import type { Memtable, TableVersion } from './table/version.ts';

/** A change from the log with the commit it belongs to. */
interface LoggedChange extends TableChange {
  readonly seq: number;
  readonly timeMs: number | undefined;
}

/** The log's changes by table, without those that are in segments already. */
export class LoggedChanges {
  readonly #state: ManifestState;
  readonly #byTable = new Map<number, LoggedChange[]>();
  #lastSeq = 0;

  constructor(state: ManifestState) {
    this.#state = state;
  }

  add(record: CommitRecord): void {
    this.#lastSeq = record.seq;
    for (const change of record.changes) {
      const table = this.#state.tables.get(change.tableId);
      if (table === undefined || record.seq <= table.flushedSeq) continue;
      const changes = this.#byTable.get(change.tableId) ?? [];
      changes.push({ ...change, seq: record.seq, timeMs: record.timeMs });
      this.#byTable.set(change.tableId, changes);
    }
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  of(tableId: number): readonly LoggedChange[] {
    return this.#byTable.get(tableId) ?? [];
  }
}

/** Builds the version of a table as the manifest, the log and the cold catalog say it is. */
export async function recoverTable(
  context: EngineContext,
  connection: KernelConnection,
  table: TableState,
  changes: readonly LoggedChange[],
  seq: number,
): Promise<TableVersion> {
  for (const { seq, timeMs } of changes) if (timeMs !== undefined) context.commitTimes.note(table.tableId, seq, timeMs);
  const cold = openColdTable(context, table);
  const snapshot = table.cold === undefined ? undefined : await cold.table.load();
  if (table.cold !== undefined && snapshot === undefined) {
    throw new AlopexError(SqlState.dataCorrupted, `the cold table of "${table.name}" is missing in ${cold.store.uri}`, {
      hint: 'Restore the cold storage, or check the cold_storage address.',
    });
  }
  await refuseOlderSnapshot(cold, table, snapshot?.snapshotId);
  const checksums = new Map(table.cold?.checksums);
  const files = [
    ...table.segments.map((segment) => segmentFile(context, table.tableId, segment)),
    ...coldFiles(context, table, checksums, snapshot, cold.store),
  ];
  const schema = currentSchema(table);
  const deletesTable = await createDeletesTable(connection, table.tableId);
  const version: TableVersion = {
    tableId: table.tableId,
    schemaName: table.schemaName,
    name: table.name,
    ...(table.comments === undefined ? {} : { comments: table.comments }),
    schema,
    schemas: table.schemas,
    options: table.options,
    seq,
    contentSeq: seq,
    memtable: await recoverMemtable(context, connection, table, changes),
    files,
    deletesTable,
    deletedRows: new Map(),
    cold: snapshot,
  };
  await loadDeleteFiles(context, connection, table, version);
  await loadColdDeletes(context, connection, version, cold.store.uri);
  await loadLoggedDeletes(context, connection, table, version, changes);
  return { ...version, deletedRows: await countDeleted(connection, version) };
}

/** A newer snapshot is another writer's, or that of a move to be finished. One that does not know ours means that the newest pointer is lost, and rows with it. */
async function refuseOlderSnapshot(
  cold: ReturnType<typeof openColdTable>,
  table: TableState,
  loaded: string | undefined,
): Promise<void> {
  const known = table.cold?.snapshotId;
  if (known === undefined || known === loaded) return;
  const history = await cold.table.snapshots();
  if (history.some((snapshot) => snapshot.snapshotId === known)) return;
  throw new AlopexError(
    SqlState.dataCorrupted,
    `the cold table of "${table.name}" in ${cold.store.uri}/${table.coldPrefix} has lost snapshot ${known}`,
    { hint: 'Restore the newest objects of its metadata folder from a backup; nothing was changed.' },
  );
}

async function recoverMemtable(
  context: EngineContext,
  connection: KernelConnection,
  table: TableState,
  changes: readonly LoggedChange[],
): Promise<Memtable> {
  const schema = currentSchema(table);
  const memtable = await createMemtable(connection, context.loader, { tableId: table.tableId, generation: 0, schema });
  const name = memtable.table;
  // Deletes count too: what is in the log alone must be flushed before the log is trimmed.
  const sizeBytes = changes.reduce((sum, change) => sum + change.rows.length + change.deletes.length, 0);
  const batches = changes.flatMap((change) => readBatches(change.rows));
  if (batches.length === 0) return { ...memtable, sizeBytes };
  await withImported(context, batches, (path) => loadMemtable(connection, name, path, schema));
  const [counted] = await connection.rows(`SELECT count(*)::INTEGER AS n, max(__rid) AS last FROM ${name}`);
  return {
    ...memtable,
    rowCount: Number(counted?.['n'] ?? 0),
    nextRid: Number(counted?.['last'] ?? -1) + 1,
    sizeBytes,
  };
}

function readBatches(bytes: Uint8Array): RecordBatch[] {
  return bytes.length === 0 ? [] : [...RecordBatchReader.from(bytes)];
}

/** Arrow to the kernel in bulk, by way of a temporary Parquet file. */
async function withImported(
  context: EngineContext,
  batches: readonly RecordBatch[],
  use: (path: string) => Promise<void>,
): Promise<void> {
  const path = `${context.dataDir}/tmp/replay-${context.random.uuid()}.parquet`;
  try {
    const schema = batches[0]?.schema;
    if (schema === undefined) return;
    await importArrow(context.fileSystem, path, schema, batches);
    await use(path);
  } finally {
    await context.fileSystem.remove(path);
  }
}

async function loadDeleteFiles(
  context: EngineContext,
  connection: KernelConnection,
  table: TableState,
  version: TableVersion,
): Promise<void> {
  if (table.deleteFiles.length === 0) return;
  const paths: string[] = [];
  for (const file of table.deleteFiles) {
    const path = `${context.dataDir}/${deleteFileName(table.tableId, file.fileId)}`;
    if ((await checksumFile(context.fileSystem, path)).crc32 !== file.crc32) {
      throw new AlopexError(SqlState.dataCorrupted, `delete file ${path} is damaged: its checksum is wrong`, {
        hint: 'Restore the file from a backup.',
      });
    }
    paths.push(path);
  }
  await connection.run(
    `INSERT INTO ${version.deletesTable} SELECT id, pos, seq FROM read_parquet(${quoteList(paths)}) JOIN ${fileIdsRelation(knownFiles(context, version))} ON name = file WHERE ${notInIceberg(table, version)}`,
  );
}

/** Deletes of cold rows up to `deleteSeq` come from Iceberg's own delete files. */
function notInIceberg(table: TableState, version: TableVersion): string {
  const cold = version.files.filter((file) => file.tier === 'cold').map((file) => file.fileId);
  return cold.length === 0 || table.cold === undefined
    ? 'true'
    : `(seq > ${table.cold.deleteSeq} OR id NOT IN (${cold.join(', ')}))`;
}

async function loadColdDeletes(
  context: EngineContext,
  connection: KernelConnection,
  version: TableVersion,
  storeUri: string,
): Promise<void> {
  const deleteFiles = version.cold?.deleteFiles ?? [];
  if (deleteFiles.length === 0) return;
  const files = await coldDeleteFilesAsLocal(context, version, deleteFiles);
  const uris = fileIdsRelation(
    version.files.filter((file) => file.tier === 'cold').map((file) => [`${storeUri}/${file.name}`, file.fileId]),
  );
  await connection.run(
    `INSERT INTO ${version.deletesTable} SELECT DISTINCT id, pos, 0 FROM read_parquet(${quoteList(files)}) JOIN ${uris} ON name = file_path`,
  );
}

/** Brings Iceberg's delete files to local disk, checked. */
export async function coldDeleteFilesAsLocal(
  context: EngineContext,
  version: Pick<TableVersion, 'tableId' | 'options'>,
  deleteFiles: readonly ColdDeleteFile[],
): Promise<string[]> {
  const { store } = context.storage.open(version.options.coldStorage);
  const checksums = new Map(context.manifest.state.tables.get(version.tableId)?.cold?.checksums);
  const files: DataFile[] = deleteFiles.map((file) => ({
    fileId: 0,
    tier: 'cold',
    name: file.key,
    path: store.localPath(file.key) ?? cachePath(context, version, file.key),
    schemaId: undefined,
    rowCount: file.rowCount,
    sizeBytes: file.sizeBytes,
    crc32: checksums.get(file.key),
    stats: new Map(),
  }));
  await admitWhole(context, files, store);
  return files.map((file) => file.path);
}

async function loadLoggedDeletes(
  context: EngineContext,
  connection: KernelConnection,
  table: TableState,
  version: TableVersion,
  changes: readonly LoggedChange[],
): Promise<void> {
  const batches = changes.flatMap((change) => readBatches(change.deletes));
  if (batches.length === 0) return;
  await withImported(context, batches, async (path) => {
    const source = `SELECT file, pos, __seq AS seq FROM read_parquet(${quoteLiteral(path)})`;
    await connection.run(
      `INSERT INTO ${version.deletesTable} SELECT 0, pos, seq FROM (${source}) WHERE file = '' UNION ALL SELECT id, pos, seq FROM (${source}) JOIN ${fileIdsRelation(knownFiles(context, version))} ON name = file WHERE ${notInIceberg(table, version)}`,
    );
  });
}

/**
 * Number of deleted rows by file, for the memtable and the live files. A position can be there twice: when a move is finished after a crash, deletes
 * that were pending are in the new Iceberg snapshot too.
 */
export async function countDeleted(
  connection: KernelConnection,
  version: Pick<TableVersion, 'deletesTable' | 'seq' | 'files'>,
): Promise<Map<number, number>> {
  const rows = await connection.rows(
    `SELECT file_id, count(DISTINCT pos)::INTEGER AS n FROM ${version.deletesTable} WHERE seq <= ${version.seq} GROUP BY file_id`,
  );
  const live = new Set([0, ...version.files.map((file) => file.fileId)]);
  return new Map(
    rows.map((row) => [Number(row['file_id']), Number(row['n'])] as const).filter(([fileId]) => live.has(fileId)),
  );
}

/** Refuses a directory whose manifest is gone: with an empty one in its place, all files would be taken for what a crash has left, and removed. */
export async function refuseLostManifest(fileSystem: FileSystem, dataDir: string): Promise<void> {
  if ((await fileSystem.list(`${dataDir}/manifest`)).some((name) => !name.startsWith('.tmp-'))) return;
  for (const folder of ['log', 'segments', 'deletes', 'kv']) {
    if ((await fileSystem.list(`${dataDir}/${folder}`)).length === 0) continue;
    throw new AlopexError(
      SqlState.dataCorrupted,
      `${dataDir}/manifest has no manifest, though there are files in ${folder}`,
      {
        hint: 'Restore the folder manifest from a backup; nothing was changed.',
      },
    );
  }
}

/** Removes local files that no manifest names: left by a crash before their edit. Nothing is open yet, so nobody can read them. */
export async function removeOrphans(context: EngineContext): Promise<void> {
  const { fileSystem, dataDir, manifest } = context;
  const prepared = [...manifest.state.jobs.values()].filter((job) => job.prepared !== undefined);
  for (const name of await fileSystem.list(`${dataDir}/tmp`)) {
    if (!prepared.some((job) => job.jobId === name)) await fileSystem.removeFolder(`${dataDir}/tmp/${name}`);
  }
  for (const kind of ['segments', 'deletes', 'history'] as const) {
    for (const folder of await fileSystem.list(`${dataDir}/${kind}`)) {
      const table = manifest.state.tables.get(Number(folder));
      if (table === undefined) {
        await fileSystem.removeFolder(`${dataDir}/${kind}/${folder}`);
        continue;
      }
      const live = new Set(liveFiles(table)[kind].map((file) => file.fileId));
      for (const job of prepared) for (const segment of job.prepared?.addSegments ?? []) live.add(segment.fileId);
      for (const file of await fileSystem.list(`${dataDir}/${kind}/${folder}`)) {
        if (!live.has(Number.parseInt(file, 10))) await fileSystem.remove(`${dataDir}/${kind}/${folder}/${file}`);
      }
    }
  }
}

/** Files of a table on local disk, by folder. */
function liveFiles({
  segments,
  deleteFiles,
  history,
}: TableState): Record<'segments' | 'deletes' | 'history', readonly { readonly fileId: number }[]> {
  const { periods = [], retired = [] } = history ?? {};
  return {
    segments: [...segments, ...retired.map(({ segment }) => segment)],
    deletes: deleteFiles,
    history: periods.flatMap(periodFiles),
  };
}
