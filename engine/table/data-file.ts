import type { ColumnStats } from './bound.ts';

/**
 * An immutable Parquet file of rows, in either tier. `name` is its identity for ever (in the log, delete files and jobs): the path below
 * the data directory for a hot segment, the object key for a cold file. `fileId` is its number in this process, by which the kernel's table of
 * deleted positions knows it.
 */
export interface DataFile {
  readonly fileId: number;
  readonly tier: 'hot' | 'cold';
  readonly name: string;
  /** Where the kernel reads it. */
  readonly path: string;
  /** Schema it was written in; `undefined` for a file of another writer, which is read by field id. */
  readonly schemaId: number | undefined;
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** CRC-32 of the whole file, unknown for files of other writers. */
  readonly crc32: number | undefined;
  readonly stats: ReadonlyMap<number, ColumnStats>;
}

/** Stands for the memtable where positions name a file. */
export const MEMTABLE_FILE_ID = 0;

/** Stands for the rows that a transaction has added and not committed. */
export const OVERLAY_FILE_ID = -1;

export function segmentName(tableId: number, fileId: number): string {
  return `segments/${tableId}/${String(fileId).padStart(8, '0')}.parquet`;
}

export function deleteFileName(tableId: number, fileId: number): string {
  return `deletes/${tableId}/${String(fileId).padStart(8, '0')}.parquet`;
}

export function historyFileName(tableId: number, fileId: number): string {
  return `history/${tableId}/${String(fileId).padStart(8, '0')}.parquet`;
}
