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
      path: store.localPath(file.key) ?? `${context.dataDir}/cache/${table.tableId}/${file.key.replaceAll('/', '_')}`,
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

/** Lets every file a statement will read through the gate. */
export async function admitFiles(
  context: EngineContext,
  version: TableVersion,
  files: readonly DataFile[],
): Promise<void> {
  if (files.length === 0) return;
  const { store } = context.storage.open(version.options.coldStorage);
  await context.gate.admit(files, store);
}
