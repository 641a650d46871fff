import { fromLogSql } from './log-columns.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { quoteIdentifier, quoteLiteral, typeSql } from './data-type.ts';
import { MemtableKeys } from './memtable-keys.ts';
import { PendingRows } from './pending-rows.ts';
import type { RowLoader } from './row-loader.ts';
import type { TableSchema } from './schema.ts';
import type { Memtable } from './version.ts';

/** The in-memory database of the kernel in which memtables and deleted positions live. */
export const STORE_DATABASE = 'alopex_store';

export async function createStoreDatabase(connection: KernelConnection): Promise<void> {
  await connection.run(`ATTACH ':memory:' AS ${STORE_DATABASE}`);
}

/** A new empty memtable; `generation` makes its name unique, so that readers of the old one go on. */
export async function createMemtable(
  connection: KernelConnection,
  loader: RowLoader,
  { tableId, generation, schema, nextRid = 0 }: NewMemtable,
): Promise<Memtable> {
  const name = `${STORE_DATABASE}.main.mem_${tableId}_${generation}`;
  const columns = schema.columns.map((column) => `${quoteIdentifier(column.name)} ${typeSql(column.type)}`);
  // A statement that was interrupted may have left one, and its number is given out again.
  await connection.run(`CREATE OR REPLACE TABLE ${name} (__seq BIGINT, __rid BIGINT, ${columns.join(', ')})`);
  const pending = new PendingRows(loader, name, schema);
  return { table: name, rowCount: 0, nextRid, sizeBytes: 0, pending, keys: new MemtableKeys(schema) };
}

export interface NewMemtable {
  readonly tableId: number;
  readonly generation: number;
  readonly schema: TableSchema;
  /** What the table's memtable before has counted to. */
  readonly nextRid?: number;
}

export async function createDeletesTable(connection: KernelConnection, tableId: number): Promise<string> {
  const name = `${STORE_DATABASE}.main.del_${tableId}`;
  await connection.run(`CREATE OR REPLACE TABLE ${name} (file_id INTEGER, pos BIGINT, seq BIGINT)`);
  return name;
}

export async function dropKernelTable(connection: KernelConnection, table: string): Promise<void> {
  await connection.run(`DROP TABLE IF EXISTS ${table}`);
}

/** Loads rows that were read back from the log (a Parquet file made of them). */
export async function loadMemtable(
  connection: KernelConnection,
  memtable: string,
  parquetPath: string,
  schema: TableSchema,
): Promise<void> {
  const columns = schema.columns.map(fromLogSql);
  await connection.run(
    `INSERT INTO ${memtable} SELECT __seq, __rid, ${columns.join(', ')} FROM read_parquet(${quoteLiteral(parquetPath)})`,
  );
}

/** A relation `names` of (`name`, `id`), to translate between the names and the numbers of data files. */
export function fileIdsRelation(files: Iterable<readonly [string, number]>): string {
  const rows = [...files].map(([name, id]) => `(${quoteLiteral(name)}, ${id})`);
  return rows.length === 0
    ? `(SELECT ''::VARCHAR AS name, 0 AS id WHERE false) AS names`
    : `(VALUES ${rows.join(', ')}) AS names(name, id)`;
}
