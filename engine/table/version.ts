import type { ColdSnapshot } from '../ports/cold-table.ts';
import type { TableComments } from './comments.ts';
import type { DataFile } from './data-file.ts';
import type { Definitions } from './definition.ts';
import type { MemtableKeys } from './memtable-keys.ts';
import type { TableOptions } from './options.ts';
import type { PendingRows } from './pending-rows.ts';
import type { TableSchema } from './schema.ts';

/** Rows of recent commits, in a table of the kernel. Rows are only ever added; `seq` says to whom each is visible. */
export interface Memtable {
  /** The kernel's name of it, qualified. */
  readonly table: string;
  /** Rows added up to this version, deleted ones included. */
  readonly rowCount: number;
  /** Greater than every `__rid` in it; goes on counting in the table's next memtable. */
  readonly nextRid: number;
  /** Bytes that its rows take in the log, as a measure of size. */
  readonly sizeBytes: number;
  /** Rows of it that the kernel does not have yet. */
  readonly pending: PendingRows;
  readonly keys: MemtableKeys;
}

/** What a transaction has done to a table and not committed: temporary tables of its connection. */
export interface Overlay {
  /** Rows added: `__op`, `__rid` and the table's columns. */
  readonly rows: string;
  /** Positions deleted: `__file`, `__pos`, `__op`. Rows of the overlay itself are in file {@link OVERLAY_FILE_ID}. */
  readonly deletes: string;
  /** Greater than every `__rid`. */
  readonly nextRid: number;
  /** Number of the last operation. */
  readonly operation: number;
  /** The table without it. */
  readonly base: TableVersion;
}

/** State of a table at one snapshot. Immutable: readers never lock. */
export interface TableVersion {
  readonly tableId: number;
  readonly schemaName: string;
  readonly name: string;
  readonly schema: TableSchema;
  /** Every schema a file may have been written in. */
  readonly schemas: readonly TableSchema[];
  readonly options: TableOptions;
  readonly comments?: TableComments;
  /** The last commit that changed the table: rows and deletes up to it are visible. */
  readonly seq: number;
  /** The last commit that changed more than where its rows are: any of them, or the definition. */
  readonly contentSeq: number;
  readonly memtable: Memtable;
  readonly files: readonly DataFile[];
  /** The kernel's table of deleted positions (`file_id`, `pos`, `seq`), qualified. */
  readonly deletesTable: string;
  /** Number of deleted rows by file id, for files that have any; id 0 is the memtable. */
  readonly deletedRows: ReadonlyMap<number, number>;
  readonly cold: ColdSnapshot | undefined;
  /** Only in the version that a transaction sees; its deletes are counted in `deletedRows`. */
  readonly overlay?: Overlay;
}

/** All tables and definitions at one commit. */
export interface DatabaseVersion {
  readonly seq: number;
  /** By `objectKey`. */
  readonly tables: ReadonlyMap<string, TableVersion>;
  readonly definitions: Definitions;
}

export function liveMemtableRows(version: TableVersion): number {
  return version.memtable.rowCount - (version.deletedRows.get(0) ?? 0);
}
