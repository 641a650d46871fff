import type { ManifestState } from '../lsm/state.ts';
import { kvSegmentName } from '../kv/segment-state.ts';
import { displayName, objectKey } from '../table/object-name.ts';
import { catalogProblems } from './catalog-problems.ts';
import { namedFiles } from './data-files.ts';

/** References within the state that lead nowhere: what no sequence of edits makes. */
export function stateProblems(state: ManifestState): string[] {
  const problems: string[] = [];
  const names = new Map<string, number>();
  const fileIds = new Map<number, string>();
  const noteFile = (fileId: number, name: string): void => {
    const other = fileIds.get(fileId);
    if (other !== undefined) problems.push(`file number ${fileId} stands for ${other} and ${name}`);
    if (fileId >= state.nextFileId) problems.push(`the number of ${name} was never given out`);
    fileIds.set(fileId, name);
  };
  for (const table of state.tables.values()) {
    const key = objectKey(table.schemaName, table.name);
    const same = names.get(key);
    if (same !== undefined) problems.push(`tables ${same} and ${table.tableId} have one name, "${displayName(table)}"`);
    names.set(key, table.tableId);
    if (table.tableId >= state.nextTableId) problems.push(`the number of table "${table.name}" was never given out`);
    if (table.schemas.length === 0) problems.push(`table "${table.name}" has no schema`);
    const schemaIds = new Set(table.schemas.map((schema) => schema.schemaId));
    for (const segment of table.segments) {
      if (!schemaIds.has(segment.schemaId)) {
        problems.push(`a segment of table "${table.name}" has the unknown schema ${segment.schemaId}`);
      }
    }
  }
  for (const file of namedFiles(state)) noteFile(file.fileId, file.name);
  for (const segment of state.kv.segments) noteFile(segment.fileId, kvSegmentName(segment.fileId));
  for (const { id, name } of state.kv.keyspaces) {
    if (id >= state.kv.nextKeyspaceId) problems.push(`the number of keyspace "${name}" was never given out`);
  }
  for (const job of state.jobs.values()) {
    if (!state.tables.has(job.tableId))
      problems.push(`move ${job.jobId} is of table ${job.tableId}, which is not there`);
  }
  return [...problems, ...catalogProblems(state)];
}
