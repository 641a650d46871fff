import { openColdTable, tableState, type EngineContext } from '../../context.ts';
import { historyBytes } from '../../lsm/table-history.ts';
import type { DataFile } from '../../table/data-file.ts';
import { liveMemtableRows, type DatabaseVersion, type TableVersion } from '../../table/version.ts';
import { definitionTables } from '../definitions/system-tables.ts';
import { literalRows, type Cell, type Columns, type SystemTable } from './literal-rows.ts';
import { describeOptions } from './table-options.ts';

/** The relations of the schema `alopex` as queries over literal rows. Only the last asks the cold storage, and only when it is among `names`. */
export async function systemTables(
  context: EngineContext,
  version: DatabaseVersion,
  names: ReadonlySet<string>,
): Promise<SystemTable[]> {
  const tables = [...version.tables.values()];
  const snapshots: Cell[][] = [];
  if (names.has('snapshots')) for (const table of tables) snapshots.push(...(await snapshotRows(context, table)));
  return [
    {
      name: 'tables',
      sql: literalRows(
        TABLES,
        tables.map((table) => tableRow(context, table)),
      ),
    },
    { name: 'segments', sql: literalRows(SEGMENTS, tables.flatMap(segmentRows)) },
    { name: 'snapshots', sql: literalRows(SNAPSHOTS, snapshots) },
    {
      name: 'history',
      sql: literalRows(
        HISTORY,
        tables.flatMap((table) => historyRows(context, table)),
      ),
    },
    ...definitionTables(version),
  ];
}

const TABLES: Columns = [
  ['name', 'VARCHAR'],
  ['table_id', 'INTEGER'],
  ['row_count', 'BIGINT'],
  ['memory_rows', 'BIGINT'],
  ['hot_rows', 'BIGINT'],
  ['cold_rows', 'BIGINT'],
  ['hot_files', 'INTEGER'],
  ['cold_files', 'INTEGER'],
  ['hot_bytes', 'BIGINT'],
  ['cold_bytes', 'BIGINT'],
  ['primary_key', 'VARCHAR'],
  ['sort_by', 'VARCHAR'],
  ['partition_by', 'VARCHAR'],
  ['tier_column', 'VARCHAR'],
  ['tier_after', 'VARCHAR'],
  ['tier_min_age', 'VARCHAR'],
  ['expire_after', 'VARCHAR'],
  ['cold_storage', 'VARCHAR'],
  ['metadata_location', 'VARCHAR'],
  ['schema_name', 'VARCHAR'],
  ['comment', 'VARCHAR'],
  ['history_retention', 'VARCHAR'],
  ['history_bytes', 'BIGINT'],
];

function tableRow(context: EngineContext, table: TableVersion): Cell[] {
  const hot = table.files.filter((file) => file.tier === 'hot');
  const cold = table.files.filter((file) => file.tier === 'cold');
  const memoryRows = liveMemtableRows(table);
  const hotRows = liveRows(table, hot);
  const coldRows = liveRows(table, cold);
  const options = describeOptions(table.options, table.schema);
  const names = new Map(table.schema.columns.map((column) => [column.id, column.name]));
  const primaryKey = table.schema.primaryKey.map((id) => names.get(id)).join(', ');
  const { store } = context.storage.open(table.options.coldStorage);
  const { history } = context.manifest.state.tables.get(table.tableId) ?? {};
  return [
    table.name,
    table.tableId,
    memoryRows + hotRows + coldRows,
    memoryRows,
    hotRows,
    coldRows,
    hot.length,
    cold.length,
    bytes(hot),
    bytes(cold),
    primaryKey === '' ? null : primaryKey,
    options.sort_by,
    options.partition_by,
    options.tier_column,
    options.tier_after,
    options.tier_min_age,
    options.expire_after,
    store.uri,
    table.cold?.metadataUri ?? null,
    table.schemaName,
    table.comments?.table ?? null,
    options.history_retention,
    history === undefined ? 0 : historyBytes(history),
  ];
}

function liveRows(table: TableVersion, files: readonly DataFile[]): number {
  return files.reduce((sum, file) => sum + file.rowCount - (table.deletedRows.get(file.fileId) ?? 0), 0);
}

function bytes(files: readonly DataFile[]): number {
  return files.reduce((sum, file) => sum + file.sizeBytes, 0);
}

const SEGMENTS: Columns = [
  ['table_name', 'VARCHAR'],
  ['tier', 'VARCHAR'],
  ['name', 'VARCHAR'],
  ['row_count', 'BIGINT'],
  ['deleted_rows', 'BIGINT'],
  ['size_bytes', 'BIGINT'],
  ['schema_id', 'INTEGER'],
  ['path', 'VARCHAR'],
];

function segmentRows(table: TableVersion): Cell[][] {
  return table.files.map((file) => [
    table.name,
    file.tier,
    file.name,
    file.rowCount,
    table.deletedRows.get(file.fileId) ?? 0,
    file.sizeBytes,
    file.schemaId ?? null,
    file.path,
  ]);
}

const HISTORY: Columns = [
  ['schema_name', 'VARCHAR'],
  ['table_name', 'VARCHAR'],
  ['first_version', 'BIGINT'],
  ['last_version', 'BIGINT'],
  ['valid_from', 'TIMESTAMP WITH TIME ZONE'],
  ['valid_until', 'TIMESTAMP WITH TIME ZONE'],
  ['is_current', 'BOOLEAN'],
];

/** The periods of a table's history, oldest first; the last one goes on. */
function historyRows(context: EngineContext, { schemaName, name, tableId, seq }: TableVersion): Cell[][] {
  const { history } = context.manifest.state.tables.get(tableId) ?? {};
  if (history === undefined) return [];
  const past = history.periods.map(({ fromSeq, fromMs, untilSeq, untilMs }): Cell[] => [
    schemaName,
    name,
    fromSeq,
    untilSeq - 1,
    `epoch_ms:${fromMs}`,
    `epoch_ms:${untilMs}`,
    'false',
  ]);
  return [
    ...past,
    [schemaName, name, history.fromSeq, Math.max(seq, history.fromSeq), `epoch_ms:${history.fromMs}`, null, 'true'],
  ];
}

const SNAPSHOTS: Columns = [
  ['table_name', 'VARCHAR'],
  ['snapshot_id', 'BIGINT'],
  ['parent_id', 'BIGINT'],
  ['sequence_number', 'BIGINT'],
  ['committed_at', 'TIMESTAMP WITH TIME ZONE'],
  ['operation', 'VARCHAR'],
  ['job_id', 'VARCHAR'],
  ['is_current', 'BOOLEAN'],
];

async function snapshotRows(context: EngineContext, table: TableVersion): Promise<Cell[][]> {
  if (table.cold === undefined) return [];
  const snapshots = await openColdTable(context, tableState(context, table)).table.snapshots();
  return snapshots.map((snapshot) => [
    table.name,
    snapshot.snapshotId,
    snapshot.parentId ?? null,
    snapshot.sequenceNumber,
    `epoch_ms:${snapshot.timestampMs}`,
    snapshot.operation,
    snapshot.summary['alopex.job-id'] ?? null,
    snapshot.snapshotId === table.cold?.snapshotId ? 'true' : 'false',
  ]);
}
