import type { EngineContext } from '../context.ts';
import type { DataFile } from './data-file.ts';
import { admitFiles, type Reading } from './table-files.ts';
import type { TableVersion } from './version.ts';

declare const READABLE: unique symbol;

/** A version whose rows are all in the kernel: what a scan of a memtable takes, so that nobody forgets the rows that are pending. */
export type ReadableTable = TableVersion & { readonly [READABLE]: true };

/** Loads a version's pending rows into the kernel and sees to it that the files that a statement will read, or those columns of them, can be read. */
export async function makeReadable(
  context: EngineContext,
  version: TableVersion,
  files: readonly DataFile[],
  reading?: Reading,
): Promise<ReadableTable> {
  await version.memtable.pending.load();
  await admitFiles(context, version, files, reading);
  return version as ReadableTable;
}
