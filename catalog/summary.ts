import type { FileChange } from './conflict.ts';
import type { LiveFile, LiveFiles } from './live-files.ts';

/** Keys of our own in a snapshot's summary. */
export const jobIdKey = 'alopex.job-id';
export const listChecksumKey = 'alopex.manifest-list-crc32';

export type Operation = 'append' | 'overwrite' | 'delete';

/** The snapshot's operation by the specification: what kind of files came and went. */
export function operationOf(change: FileChange): Operation {
  const hasAdded = change.addData.length > 0;
  const hasRemoved = change.removeData.size > 0 || change.addDeletes.length > 0;
  if (change.removeDeletes.size > 0) return 'overwrite';
  if (!hasRemoved) return 'append';
  return hasAdded ? 'overwrite' : 'delete';
}

/** Counts of a snapshot, as Iceberg's readers and tools show them. `after` are its own live files. */
export function summarize(before: LiveFiles, after: LiveFiles, change: FileChange): Record<string, string> {
  const removedData = pick(before.data, change.removeData);
  const removedDeletes = pick(before.deletes, change.removeDeletes);
  const addedData = change.addData.map(({ file }) => file);
  const allData = Array.from(after.data.values(), ({ file }) => file);
  const allDeletes = Array.from(after.deletes.values(), ({ file }) => file);
  const counts = {
    'added-data-files': addedData.length,
    'added-records': rows(addedData),
    'added-delete-files': change.addDeletes.length,
    'added-position-delete-files': change.addDeletes.length,
    'added-position-deletes': rows(change.addDeletes),
    'added-files-size': size(addedData) + size(change.addDeletes),
    'deleted-data-files': removedData.length,
    'deleted-records': rows(removedData),
    'removed-delete-files': removedDeletes.length,
    'removed-position-delete-files': removedDeletes.length,
    'removed-position-deletes': rows(removedDeletes),
    'removed-files-size': size(removedData) + size(removedDeletes),
  };
  const totals = {
    'total-data-files': allData.length,
    'total-delete-files': allDeletes.length,
    'total-records': rows(allData),
    'total-position-deletes': rows(allDeletes),
    'total-equality-deletes': 0,
    'total-files-size': size(allData) + size(allDeletes),
  };
  // Iceberg's writers leave out what did not happen, but always tell the totals.
  const happened = Object.entries(counts).filter(([, count]) => count > 0);
  return Object.fromEntries([...happened, ...Object.entries(totals)].map(([name, count]) => [name, String(count)]));
}

interface Measured {
  readonly recordCount: number;
  readonly sizeBytes: number;
}

function pick(files: ReadonlyMap<string, LiveFile>, paths: ReadonlySet<string>): Measured[] {
  return Array.from(paths).flatMap((path) => files.get(path)?.file ?? []);
}

function rows(files: readonly Measured[]): number {
  return files.reduce((sum, { recordCount }) => sum + recordCount, 0);
}

function size(files: readonly Measured[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
