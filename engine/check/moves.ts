import type { ManifestState, TableState, TierJob } from '../lsm/state.ts';
import type { ColdStorageResolver } from '../ports/cold-storage.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { segmentName } from '../table/data-file.ts';
import { contentProblem } from './data-files.ts';
import type { Finding } from './finding.ts';

/** Unfinished moves between the tiers, which the next open settles, and the files that it needs for that. */
export async function checkMoves(
  ports: { readonly fileSystem: FileSystem; readonly storage: ColdStorageResolver },
  dataDir: string,
  state: ManifestState,
): Promise<Finding[]> {
  const { fileSystem, storage } = ports;
  const findings: Finding[] = [];
  const damage = (file: string, problem: string | undefined): void => {
    if (problem !== undefined) findings.push({ severity: 'damage', kind: 'move', file, problem });
  };
  for (const job of state.jobs.values()) {
    const { jobId, tableId, direction, prepared } = job;
    const table = state.tables.get(tableId);
    findings.push({
      severity: 'warning',
      kind: 'move',
      file: `tmp/${jobId}`,
      problem: `a move of rows of table "${table?.name ?? tableId}" to the ${direction} tier is unfinished; the next open settles it`,
    });
    for (const segment of prepared?.addSegments ?? []) {
      const name = segmentName(tableId, segment.fileId);
      damage(name, await contentProblem(fileSystem, `${dataDir}/${name}`, segment));
    }
    const missing = await missingRowMaps(fileSystem, dataDir, job);
    if (table === undefined || missing.length === 0 || !(await isCommitted(storage, table, job))) continue;
    for (const rowMap of missing) damage(rowMap, 'it is missing, and the move cannot be finished without it');
  }
  return findings;
}

/** Maps from source rows to new rows that a move needs, and that are gone. */
export async function missingRowMaps(
  fileSystem: FileSystem,
  dataDir: string,
  { prepared }: TierJob,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { rowMap } of prepared?.outputs ?? []) {
    if ((await fileSystem.size(`${dataDir}/${rowMap}`)) === undefined) missing.push(rowMap);
  }
  return missing;
}

/** Whether the catalog has committed the move: one that it has not is undone, which needs no files. What cannot be found out is told where the cold table is checked. */
export async function isCommitted(
  storage: ColdStorageResolver,
  table: TableState,
  { jobId }: TierJob,
): Promise<boolean> {
  try {
    const { catalog } = storage.open(table.options.coldStorage);
    return (await catalog.table(table.coldPrefix).findJob(jobId)) !== undefined;
  } catch {
    return false;
  }
}
