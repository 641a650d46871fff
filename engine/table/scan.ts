import { MEMTABLE_FILE_ID, OVERLAY_FILE_ID, type DataFile } from './data-file.ts';
import { quoteIdentifier, quoteList, quoteLiteral, sameType, storageType, typeSql } from './data-type.ts';
import type { Column, TableSchema } from './schema.ts';
import { liveMemtableRows, type Overlay, type TableVersion } from './version.ts';

export interface ScanOptions {
  /** Files to read, out of the version's; all when absent. */
  readonly files?: readonly DataFile[];
  /** Leaves the memtable out. */
  readonly withoutMemtable?: boolean;
  /** Adds `__file` (file id) and `__pos` (row position; row id in the memtable) in front of the columns. */
  readonly positions?: boolean;
}

/**
 * A query that yields the live rows of a table at a version: memtable ∪ files, minus deletes. One scan for all clean files of a schema and one
 * for the dirty ones, for applying deletes costs more than reading.
 */
export function scanSql(version: TableVersion, options: ScanOptions = {}): string {
  const positions = options.positions ?? false;
  const files = options.files ?? version.files;
  const parts: string[] = [];
  if (options.withoutMemtable !== true && liveMemtableRows(version) > 0) parts.push(memtableScan(version, positions));
  if (options.withoutMemtable !== true && version.overlay !== undefined) {
    parts.push(overlayScan(version, version.overlay, positions));
  }
  for (const group of groupBySchema(files)) {
    const clean = group.files.filter((file) => !version.deletedRows.has(file.fileId));
    const dirty = group.files.filter((file) => version.deletedRows.has(file.fileId));
    if (clean.length > 0) parts.push(fileScan(version, group.schemaId, clean, positions, ''));
    if (dirty.length > 0) parts.push(fileScan(version, group.schemaId, dirty, positions, deletesJoin(version, dirty)));
  }
  return parts.length === 0 ? emptyScan(version.schema, positions) : parts.join('\nUNION ALL ');
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
): string {
  const written = version.schemas.find((schema) => schema.schemaId === schemaId);
  const columns = version.schema.columns.map((column) => readColumn(column, written));
  const select = positions
    ? [`${fileIdExpression(files)} AS __file`, 'p.file_row_number AS __pos', ...columns]
    : columns;
  const paths = quoteList(files.map((file) => file.path));
  const source = written === undefined ? `${paths}, ${fieldIdSchema(version.schema)}` : paths;
  return `SELECT ${select.join(', ')} FROM read_parquet(${source}) AS p${join}`;
}

/** A column as it is now, out of a file written when the schema was `written`: found by id, cast if its type is wider now, null if it is newer. */
function readColumn(column: Column, written: TableSchema | undefined): string {
  const name = quoteIdentifier(column.name);
  if (written === undefined) return `p.${name}`;
  const source = written.columns.find((candidate) => candidate.id === column.id);
  if (source === undefined) return `CAST(NULL AS ${typeSql(column.type)}) AS ${name}`;
  const read = `p.${quoteIdentifier(source.name)}`;
  return sameType(storageType(source.type), column.type)
    ? `${read} AS ${name}`
    : `CAST(${read} AS ${typeSql(column.type)}) AS ${name}`;
}

/** Reads by field id. It costs up to twice a read by name, so only files of other writers are read so. */
function fieldIdSchema(schema: TableSchema): string {
  const entries = schema.columns.map(
    (column) =>
      `${column.id}: {name: ${quoteLiteral(column.name)}, type: ${quoteLiteral(typeSql(column.type))}, default_value: NULL}`,
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
  const deleted = `SELECT list_position([${ids.join(', ')}], file_id) - 1 AS file_index, pos FROM ${deletedPositions(version, ids)}`;
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
