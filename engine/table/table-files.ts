import { crc32 } from 'node:zlib';
import type { CacheUse } from '../cache/cache-space.ts';
import type { RemoteFile } from '../cache/cached-file.ts';
import type { ColumnSelection } from '../cache/parquet-layout.ts';
import type { EngineContext } from '../context.ts';
import type { SegmentState, TableState } from '../lsm/state.ts';
import type { ColdSnapshot } from '../ports/cold-table.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { segmentName, type DataFile } from './data-file.ts';
import type { TableVersion } from './version.ts';

/** A hot segment of the manifest as a file that can be scanned. */
export function segmentFile(context: EngineContext, tableId: number, segment: SegmentState): DataFile {
  const name = segmentName(tableId, segment.fileId);
  return {
    fileId: context.fileIds.idOf(tableId, name),
    tier: 'hot',
    name,
    path: `${context.dataDir}/${name}`,
    schemaId: segment.schemaId,
    rowCount: segment.rowCount,
    sizeBytes: segment.sizeBytes,
    crc32: segment.crc32,
    stats: new Map(segment.stats),
  };
}

/** Our own cold files carry the schema they were written in in their name. */
const OWN_COLD_FILE = /-s(\d+)-\d+\.parquet$/;

export function coldFileName(coldPrefix: string, jobId: string, schemaId: number, index: number): string {
  return `${coldPrefix}/data/${jobId}-s${schemaId}-${String(index).padStart(5, '0')}.parquet`;
}

/** The data files of a cold snapshot as files that can be scanned. */
export function coldFiles(
  context: EngineContext,
  table: TableState,
  checksums: ReadonlyMap<string, number>,
  snapshot: ColdSnapshot | undefined,
  store: ObjectStore,
): DataFile[] {
  return (snapshot?.dataFiles ?? []).map((file) => {
    const checksum = checksums.get(file.key);
    const schemaId = checksum === undefined ? undefined : OWN_COLD_FILE.exec(file.key)?.[1];
    return {
      fileId: context.fileIds.idOf(table.tableId, file.key),
      tier: 'cold' as const,
      name: file.key,
      path: store.localPath(file.key) ?? cachePath(context, table, file.key),
      schemaId: schemaId === undefined ? undefined : Number(schemaId),
      rowCount: file.rowCount,
      sizeBytes: file.sizeBytes,
      crc32: checksum,
      stats: file.stats,
    };
  });
}

/**
 * Files that deleted positions may concern, by name: the live ones, and the sources of a move that is to be finished. After a crash, the
 * Iceberg snapshot may have dropped those already, and the deletes on them have still to follow the rows.
 */
export function knownFiles(
  context: EngineContext,
  version: Pick<TableVersion, 'tableId' | 'files'>,
): ReadonlyMap<string, number> {
  const names = new Map(version.files.map((file) => [file.name, file.fileId]));
  for (const job of context.manifest.state.jobs.values()) {
    if (job.tableId !== version.tableId) continue;
    for (const name of job.prepared?.sources ?? []) names.set(name, context.fileIds.idOf(version.tableId, name));
  }
  return names;
}

/** The columns that a statement reads of a table, by their names in its schema; all when absent. */
export type ReadColumns = ReadonlySet<string> | undefined;

/** How a statement reads files. */
export interface Reading {
  readonly columns?: ReadColumns;
  readonly use?: CacheUse | undefined;
}

/** Whether some files of a version have to be fetched. */
export function areRemote(context: EngineContext, version: TableVersion, files: readonly DataFile[]): boolean {
  if (!files.some(({ tier }) => tier === 'cold')) return false;
  const { store } = context.storage.open(version.options.coldStorage);
  return files.some((file) => file.tier === 'cold' && store.localPath(file.name) === undefined);
}

/** For `use`, sees to it that the kernel can read what a statement will read of some files: local ones are checked, and what is remote is brought. */
export async function admitFiles(
  context: EngineContext,
  version: TableVersion,
  files: readonly DataFile[],
  { columns, use }: Reading = {},
): Promise<void> {
  if (files.length === 0) return;
  const { store } = context.storage.open(version.options.coldStorage);
  const isRemote = (file: DataFile): boolean => file.tier === 'cold' && store.localPath(file.name) === undefined;
  const remote = files.filter(isRemote);
  await context.gate.admit(remote.length === 0 ? files : files.filter((file) => !isRemote(file)));
  if (remote.length === 0) return;
  await context.cache.ensure(
    remote.map((file) => ({ file: remoteFile(store, file), columns: selectionOf(version, file, columns) })),
    use,
  );
}

/** Brings whole objects that are no data files of a version, such as delete files. */
export async function admitWhole(
  context: EngineContext,
  files: readonly DataFile[],
  store: ObjectStore,
): Promise<void> {
  const isRemote = (file: DataFile): boolean => store.localPath(file.name) === undefined;
  await context.gate.admit(files.filter((file) => !isRemote(file)));
  const remote = files.filter(isRemote);
  if (remote.length === 0) return;
  await context.cache.ensure(remote.map((file) => ({ file: remoteFile(store, file), columns: 'all' })));
}

/** Where the kernel reads a remote object: a name of bounded length that no other object has, for keys contain random parts. */
export function cachePath(context: EngineContext, { tableId }: Pick<TableState, 'tableId'>, key: string): string {
  const end = key.replaceAll(/[^\w.-]/g, '_').slice(-150);
  return `${context.dataDir}/cache/${tableId}-${crc32(key).toString(16)}-${end}`;
}

function remoteFile(store: ObjectStore, file: DataFile): RemoteFile {
  const { name, path, sizeBytes, rowCount } = file;
  return {
    path,
    address: `${store.uri}/${name}`,
    sizeBytes,
    rowCount,
    leaves: file.stats.size,
    crc32: file.crc32,
    read: (offset, length) => store.getRange(name, offset, length),
  };
}

/** Columns by the names that they had when the file was written; a file of another writer knows them by their ids. */
function selectionOf({ schema, schemas }: TableVersion, { schemaId }: DataFile, columns: ReadColumns): ColumnSelection {
  if (columns === undefined) return 'all';
  const ids = new Set(schema.columns.filter(({ name }) => columns.has(name)).map(({ id }) => id));
  const written = schemas.find((candidate) => candidate.schemaId === schemaId);
  if (written === undefined) return { by: 'id', ids };
  return { by: 'name', names: new Set(written.columns.filter(({ id }) => ids.has(id)).map(({ name }) => name)) };
}
