import type { EngineContext } from '../context.ts';
import type { DataFile } from './data-file.ts';
import { admitFiles } from './table-files.ts';
import type { TableVersion } from './version.ts';

declare const READABLE: unique symbol;

/** A version whose rows are all in the kernel: what a scan of a memtable takes, so that nobody forgets the rows that are pending. */
export type ReadableTable = TableVersion & { readonly [READABLE]: true };

/** Loads a version's pending rows into the kernel and lets through the gate the files that a statement will read. */
export async function makeReadable(
  context: EngineContext,
  version: TableVersion,
  files: readonly DataFile[],
): Promise<ReadableTable> {
  await version.memtable.pending.load();
  await admitFiles(context, version, files);
  return version as ReadableTable;
}
