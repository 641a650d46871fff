import { AlopexError, SqlState } from '../engine/errors.ts';
import { deletedPaths } from './cold-file.ts';
import { comparePaths } from './compare.ts';
import type { LiveFile, LiveFiles } from './live-files.ts';
import type { ContentFile } from './manifest.ts';
import { partitionsEqual } from './partition.ts';

/** A change in terms of the table's own files. */
export interface FileChange {
  /** Written under the table's current partition spec. */
  readonly addData: readonly LiveFile[];
  readonly addDeletes: readonly ContentFile[];
  readonly removeData: ReadonlySet<string>;
  readonly removeDeletes: ReadonlySet<string>;
}

/** Why a change that was planned on `base` cannot be made to `current`; `undefined` when it can. */
export function findConflict(base: LiveFiles, current: LiveFiles, change: FileChange): string | undefined {
  return (
    notLive(change.removeData, current.data) ??
    notLive(change.removeDeletes, current.deletes) ??
    deletesOfNothing(current, change) ??
    (base === current ? undefined : (lostDeletes(base, current, change) ?? movedRows(base, current, change)))
  );
}

function notLive(paths: ReadonlySet<string>, live: ReadonlyMap<string, LiveFile>): string | undefined {
  const missing = Array.from(paths).find((path) => !live.has(path));
  return missing === undefined ? undefined : `${missing} is not in the table`;
}

function deletesOfNothing(current: LiveFiles, change: FileChange): string | undefined {
  const added = new Set(change.addData.map(({ file }) => file.path));
  for (const file of change.addDeletes) {
    const { minPath, maxPath } = deletedPaths(file);
    const missing = [minPath, maxPath].find((path) => !current.data.has(path) && !added.has(path));
    if (missing !== undefined) return `${missing}, which ${file.path} deletes from, is not in the table`;
  }
  return undefined;
}

/** Others have deleted rows from a file that this change replaces: its replacement would bring them back. */
function lostDeletes(base: LiveFiles, current: LiveFiles, change: FileChange): string | undefined {
  for (const [path, deletes] of current.deletes) {
    if (base.deletes.has(path) || change.removeDeletes.has(path)) continue;
    for (const removed of change.removeData) {
      const data = current.data.get(removed);
      if (data !== undefined && concerns(deletes, data)) return `${path} has come to delete rows from ${removed}`;
    }
  }
  return undefined;
}

/** Others have replaced a file that this change deletes rows from: the rows live on elsewhere. */
function movedRows(base: LiveFiles, current: LiveFiles, change: FileChange): string | undefined {
  for (const file of change.addDeletes) {
    const specId = specOfDeletes(file, current, change.addData);
    for (const [path, data] of base.data) {
      if (!current.data.has(path) && concerns({ specId, file }, data)) return `${path} has left the table`;
    }
  }
  return undefined;
}

function concerns(deletes: LiveFile, data: LiveFile): boolean {
  const { minPath, maxPath } = deletedPaths(deletes.file);
  return (
    deletes.specId === data.specId &&
    partitionsEqual(deletes.file.partition, data.file.partition) &&
    comparePaths(minPath, data.file.path) <= 0 &&
    comparePaths(data.file.path, maxPath) <= 0
  );
}

/**
 * The partition spec of the data files that a delete file concerns: readers apply it to no others. To be called when
 * the files at both ends of its range are known to be there. Throws `XX000` when they are of different partitions.
 */
export function specOfDeletes(file: ContentFile, current: LiveFiles, addData: readonly LiveFile[]): number {
  const { minPath, maxPath } = deletedPaths(file);
  const ends = [minPath, maxPath].map(
    (path) => current.data.get(path) ?? addData.find((added) => added.file.path === path),
  );
  const [first, last] = ends;
  const fits = (end: LiveFile | undefined): end is LiveFile =>
    end !== undefined && partitionsEqual(end.file.partition, file.partition);
  if (!fits(first) || !fits(last) || first.specId !== last.specId) {
    throw new AlopexError(
      SqlState.internalError,
      `delete file ${file.path} is not in the partition of the data files that it concerns`,
    );
  }
  return first.specId;
}
