import { MEMTABLE_FILE_ID, OVERLAY_FILE_ID, type DataFile } from './data-file.ts';
import { quoteIdentifier, quoteList, quoteLiteral, typeSql } from './data-type.ts';
import { readColumnSql } from './evolution.ts';
import type { Column, TableSchema } from './schema.ts';
import { fromStorageSql } from './storage-sql.ts';
import { storageType } from './storage-type.ts';
import { AlopexError, SqlState } from '../errors.ts';
import type { ReadableTable } from './readable.ts';
import { liveMemtableRows, type Overlay, type TableVersion } from './version.ts';

export interface ScanOptions {
  /** Files to read, out of the version's; all when absent. */
  readonly files?: readonly DataFile[];
  /** Adds `__file` (file id) and `__pos` (row position; row id in the memtable) in front of the columns. */
  readonly positions?: boolean;
}

/**
 * A query that yields the live rows of a table at a version: files ∪ memtable, minus deletes. One scan for all clean files of a schema and one
 * for the dirty ones, for applying deletes costs more than reading. Older rows come first, on the whole: cold files, hot files, memory.
 */
export function scanSql(
  version: ReadableTable,
  { files = version.files, positions = false }: ScanOptions = {},
): string {
  const arms = fileScans(version, files, positions);
  const rowCount = liveMemtableRows(version);
  if (rowCount > 0) arms.push({ sql: memtableScan(version, positions), rowCount });
  if (version.overlay !== undefined) {
    arms.push({ sql: overlayScan(version, version.overlay, positions), rowCount: version.overlay.nextRid });
  }
  return unionSql(version, positions, arms);
}

/** The same without the memtable, of some files. */
export function filesScanSql(version: TableVersion, files: readonly DataFile[], positions: boolean): string {
  return unionSql(version, positions, fileScans(version, files, positions));
}

/** One part of a scan. */
interface Arm {
  readonly sql: string;
  readonly rowCount: number;
}

function fileScans(version: TableVersion, files: readonly DataFile[], positions: boolean): Arm[] {
  const arms: Arm[] = [];
  for (const group of groupBySchema(coldFirst(files))) {
    const clean = group.files.filter((file) => !version.deletedRows.has(file.fileId));
    const dirty = group.files.filter((file) => version.deletedRows.has(file.fileId));
    if (clean.length > 0) arms.push(fileScan(version, group.schemaId, clean, positions, ''));
    if (dirty.length > 0) arms.push(fileScan(version, group.schemaId, dirty, positions, deletesJoin(version, dirty)));
  }
  return arms;
}

function unionSql(version: TableVersion, positions: boolean, arms: readonly Arm[]): string {
  if (arms.length === 0) return emptyScan(version.schema, positions);
  return typicalFirst(arms)
    .map(({ sql }) => sql)
    .join('\nUNION ALL ');
}

/** Below it no order of joins costs much. */
const LARGE_ARM_ROWS = 100_000;

/** For the number of distinct values the kernel looks at the first part alone: in a large table that is the largest. */
function typicalFirst(arms: readonly Arm[]): readonly Arm[] {
  const largest = arms.reduce((best, arm) => (arm.rowCount > best.rowCount ? arm : best));
  if (largest === arms[0] || largest.rowCount < LARGE_ARM_ROWS) return arms;
  return [largest, ...arms.filter((arm) => arm !== largest)];
}

function coldFirst(files: readonly DataFile[]): DataFile[] {
  const of = (tier: DataFile['tier']): DataFile[] => files.filter((file) => file.tier === tier);
  return [...of('cold'), ...of('hot')];
}

function groupBySchema(files: readonly DataFile[]): { schemaId: number | undefined; files: DataFile[] }[] {
  const groups = new Map<number | undefined, DataFile[]>();
  for (const file of files) {
    const group = groups.get(file.schemaId);
    if (group === undefined) groups.set(file.schemaId, [file]);
    else group.push(file);
  }
  return [...groups].map(([schemaId, members]) => ({ schemaId, files: members }));
}

function memtableScan(version: TableVersion, positions: boolean): string {
  if (!version.memtable.pending.isLoaded(version.seq)) {
    throw new AlopexError(SqlState.internalError, `rows of table "${version.name}" were not made readable`);
  }
  const columns = version.schema.columns.map((column) => quoteIdentifier(column.name));
  const select = positions ? [`${MEMTABLE_FILE_ID} AS __file`, '__rid AS __pos', ...columns] : columns;
  const deleted = version.deletedRows.has(MEMTABLE_FILE_ID)
    ? ` AND __rid NOT IN (SELECT pos FROM ${deletedPositions(version, [MEMTABLE_FILE_ID])})`
    : '';
  return `SELECT ${select.join(', ')} FROM ${version.memtable.table} WHERE ${isUpTo('__seq', version.seq)}${deleted}`;
}

function overlayScan(version: TableVersion, overlay: Overlay, positions: boolean): string {
  const columns = version.schema.columns.map((column) => quoteIdentifier(column.name));
  const select = positions ? [`${OVERLAY_FILE_ID} AS __file`, '__rid AS __pos', ...columns] : columns;
  return `SELECT ${select.join(', ')} FROM ${overlay.rows} WHERE __rid NOT IN (SELECT __pos FROM ${overlay.deletes} WHERE __file = ${OVERLAY_FILE_ID})`;
}

/** A relation (`file_id`, `pos`) of what is deleted in some files. */
function deletedPositions(version: TableVersion, fileIds: readonly number[]): string {
  const ids = fileIds.join(', ');
  const committed = `SELECT file_id, pos FROM ${version.deletesTable} WHERE file_id IN (${ids}) AND ${isUpTo('seq', version.seq)}`;
  const own =
    version.overlay === undefined
      ? ''
      : ` UNION ALL SELECT __file, __pos FROM ${version.overlay.deletes} WHERE __file IN (${ids})`;
  return `(${committed}${own})`;
}

function fileScan(
  version: TableVersion,
  schemaId: number | undefined,
  files: readonly DataFile[],
  positions: boolean,
  join: string,
): Arm {
  const written = version.schemas.find((schema) => schema.schemaId === schemaId);
  const columns = version.schema.columns.map((column) => readColumn(column, written));
  const select = positions
    ? [`${fileIdExpression(files)} AS __file`, 'p.file_row_number AS __pos', ...columns]
    : columns;
  const paths = quoteList(files.map((file) => file.path));
  const rowCount = files.reduce((sum, file) => sum + file.rowCount - (version.deletedRows.get(file.fileId) ?? 0), 0);
  // Without it the kernel takes the first file's row count times the number of files, and orders joins by that.
  const parameters = [paths, `explicit_cardinality = ${Math.max(1, rowCount)}`];
  if (written === undefined) parameters.push(fieldIdSchema(version.schema));
  return { sql: `SELECT ${select.join(', ')} FROM read_parquet(${parameters.join(', ')}) AS p${join}`, rowCount };
}

/** A column as it is now, out of a file written when the schema was `written`, or of another writer. */
function readColumn(column: Column, written: TableSchema | undefined): string {
  const name = quoteIdentifier(column.name);
  if (written === undefined) return aliased(fromStorageSql(`p.${name}`, column.type), name);
  return aliased(readColumnSql(column, written.columns, 'p'), name);
}

function aliased(expression: string, name: string): string {
  return `${expression} AS ${name}`;
}

/** Reads by field id. It costs up to twice a read by name, so only files of other writers are read so. */
function fieldIdSchema(schema: TableSchema): string {
  const entries = schema.columns.map(
    ({ id, name, type, initial }) =>
      `${id}: {name: ${quoteLiteral(name)}, type: ${quoteLiteral(typeSql(storageType(type)))}, default_value: ${initial === undefined ? 'NULL' : quoteLiteral(initial)}}`,
  );
  return `schema = MAP {${entries.join(', ')}}`;
}

function fileIdExpression(files: readonly DataFile[]): string {
  const first = files[0];
  if (files.length === 1 && first !== undefined) return String(first.fileId);
  return `list_extract([${files.map((file) => file.fileId).join(', ')}], CAST(p.file_index AS BIGINT) + 1)`;
}

function deletesJoin(version: TableVersion, files: readonly DataFile[]): string {
  const ids = files.map((file) => file.fileId);
  const deleted = `SELECT CAST(list_position([${ids.join(', ')}], file_id) - 1 AS UBIGINT) AS file_index, pos FROM ${deletedPositions(version, ids)}`;
  return ` ANTI JOIN (${deleted}) AS d ON p.file_row_number = d.pos AND p.file_index = d.file_index`;
}

function emptyScan(schema: TableSchema, positions: boolean): string {
  const columns = schema.columns.map(
    (column) => `CAST(NULL AS ${typeSql(column.type)}) AS ${quoteIdentifier(column.name)}`,
  );
  const select = positions ? ['0 AS __file', '0::BIGINT AS __pos', ...columns] : columns;
  return `SELECT ${select.join(', ')} WHERE false`;
}

/**
 * Whether a row was there at a commit. The kernel leaves a comparison out of a plan when the column's bounds say that it is true of every row, and a prepared plan may run after
 * further rows were committed; it knows no bounds of this expression, so it asks each row.
 */
function isUpTo(column: string, seq: number): string {
  return `xor(${column}, 0) <= ${seq}`;
}
