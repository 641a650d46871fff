import { openColdTable, tableState, type EngineContext } from '../context.ts';
import { AlopexError, SqlState } from '../errors.ts';
import { segmentsAt, type HistoryFile, type HistoryPeriod, type TableHistory } from '../lsm/table-history.ts';
import type { TableState } from '../lsm/state.ts';
import type { ColdSnapshot } from '../ports/cold-table.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { coldDeleteFilesAsLocal, countDeleted } from '../recovery.ts';
import { historyFileName, MEMTABLE_FILE_ID, type DataFile } from '../table/data-file.ts';
import { quoteIdentifier, quoteList, quoteLiteral } from '../table/data-type.ts';
import { fileIdsRelation } from '../table/kernel-tables.ts';
import type { Column } from '../table/schema.ts';
import { fromStorageSql } from '../table/storage-sql.ts';
import { coldFiles, segmentFile } from '../table/table-files.ts';
import type { TableVersion } from '../table/version.ts';

/** A version of a table, by its number or by the time at which it was current. */
export type PastMoment =
  | { readonly kind: 'version'; readonly seq: number }
  /** Milliseconds since 1970. */
  | { readonly kind: 'time'; readonly timeMs: number };

/**
 * A table as it was. `table` is the version that the reader has pinned, which is the newest that it can see; what the past needs is on disk as long as the pin is held. Throws `22023` for a
 * version that has not been, `55000` for one that is not kept.
 */
export async function pastVersion(
  context: EngineContext,
  connection: KernelConnection,
  table: TableVersion,
  newestSeq: number,
  moment: PastMoment,
): Promise<TableVersion> {
  const state = tableState(context, table);
  const { history } = state;
  if (history === undefined) throw notKept(table);
  const seq = await seqAt(context, connection, table, newestSeq, history, moment);
  if (seq >= history.fromSeq) return inPresentPeriod(connection, table, seq);
  const period = history.periods.find(({ fromSeq, untilSeq }) => fromSeq <= seq && seq < untilSeq);
  if (period === undefined) throw await tooOld(connection, table, history, moment);
  return inPastPeriod(context, connection, table, state, period, seq);
}

async function seqAt(
  context: EngineContext,
  connection: KernelConnection,
  table: TableVersion,
  newestSeq: number,
  history: TableHistory,
  moment: PastMoment,
): Promise<number> {
  if (moment.kind === 'version') {
    if (moment.seq <= newestSeq) return moment.seq;
    throw new AlopexError(SqlState.invalidParameter, `there is no version ${moment.seq} of "${table.name}" yet`, {
      hint: `The newest is ${newestSeq}.`,
    });
  }
  const { timeMs } = moment;
  if (timeMs >= history.fromMs) {
    const last = context.commitTimes.lastUpTo(table.tableId, history.fromSeq, timeMs) ?? history.fromSeq;
    return Math.min(last, newestSeq);
  }
  const period = history.periods.findLast(({ fromMs }) => fromMs <= timeMs);
  if (period === undefined) throw await tooOld(connection, table, history, moment);
  const last = await lastCommit(context, connection, table, period, timeMs);
  return Math.min(last, newestSeq);
}

/** The last commit of a period up to a time. */
async function lastCommit(
  context: EngineContext,
  connection: KernelConnection,
  table: TableVersion,
  { fromSeq, commits }: HistoryPeriod,
  timeMs: number,
): Promise<number> {
  if (commits === undefined) return fromSeq;
  const path = await readableFile(context, table, commits);
  const [row] = await connection.rows(
    `SELECT max(seq)::BIGINT AS seq FROM read_parquet(${path}) WHERE ms <= ${timeMs}`,
  );
  const seq = row?.['seq'];
  return seq === null || seq === undefined ? fromSeq : Number(seq);
}

/** The same files and the same memtable: only rows and deletes of later commits are left out. */
async function inPresentPeriod(connection: KernelConnection, table: TableVersion, seq: number): Promise<TableVersion> {
  await table.memtable.pending.load();
  const { overlay: _, ...committed } = table;
  return withCounts(connection, { ...committed, seq });
}

async function inPastPeriod(
  context: EngineContext,
  connection: KernelConnection,
  table: TableVersion,
  state: TableState,
  period: HistoryPeriod,
  seq: number,
): Promise<TableVersion> {
  const schema = table.schemas.find(({ schemaId }) => schemaId === period.schemaId) ?? table.schema;
  const cold = await coldSnapshot(context, table, state, period);
  const { store } = openColdTable(context, state);
  const files: DataFile[] = [
    ...segmentsAt(state, period.untilSeq - 1).map((segment) => segmentFile(context, table.tableId, segment)),
    ...coldFiles(context, state, new Map(state.cold?.checksums), cold, store),
  ];
  const rows = period.rows === undefined ? undefined : await readableFile(context, table, period.rows);
  const { overlay: _, ...committed } = table;
  return withCounts(connection, {
    ...committed,
    schema,
    seq,
    files,
    cold,
    deletesTable: await deletedPositions(context, table, period, files, cold),
    memtable: {
      ...table.memtable,
      table: rows === undefined ? noRows(schema.columns) : storedRows(schema.columns, rows),
      rowCount: period.rows?.rowCount ?? 0,
    },
  });
}

/** A relation of (`file_id`, `pos`, `seq`): what was deleted in the period, and before it. A position may come twice. */
async function deletedPositions(
  context: EngineContext,
  table: TableVersion,
  { deletes }: HistoryPeriod,
  files: readonly DataFile[],
  cold: ColdSnapshot | undefined,
): Promise<string> {
  const arms = [`SELECT 0 AS file_id, 0::BIGINT AS pos, 0::BIGINT AS seq WHERE false`];
  if (deletes !== undefined) {
    const ids = files.map(({ name, fileId }): [string, number] => [name, fileId]);
    const names = fileIdsRelation([['', MEMTABLE_FILE_ID], ...ids]);
    const path = await readableFile(context, table, deletes);
    arms.push(`SELECT id, pos, seq FROM read_parquet(${path}) JOIN ${names} ON name = file`);
  }
  // After a crash in a move, those that Iceberg had of its sources were not known any more when the period ended.
  const inIceberg = cold?.deleteFiles ?? [];
  if (inIceberg.length > 0) {
    const paths = await coldDeleteFilesAsLocal(context, table, inIceberg);
    const { uri } = context.storage.open(table.options.coldStorage).store;
    const names = fileIdsRelation(files.map(({ name, fileId }): [string, number] => [`${uri}/${name}`, fileId]));
    arms.push(`SELECT id, pos, 0 FROM read_parquet(${quoteList(paths)}) JOIN ${names} ON name = file_path`);
  }
  return `(${arms.join(' UNION ALL ')})`;
}

/** The numbers of rows and of deleted ones at the version's commit. */
async function withCounts(connection: KernelConnection, version: TableVersion): Promise<TableVersion> {
  const { memtable, deletesTable, seq } = version;
  const deletedRows = await countDeleted(connection, version);
  deletedRows.delete(MEMTABLE_FILE_ID);
  if (memtable.rowCount === 0) return { ...version, deletedRows };
  const deleted = `__rid IN (SELECT pos FROM ${deletesTable} WHERE file_id = ${MEMTABLE_FILE_ID} AND xor(seq, 0) <= ${seq})`;
  const [counted] = await connection.rows(
    `SELECT count(*)::INTEGER AS n, (count(*) FILTER (WHERE ${deleted}))::INTEGER AS gone FROM ${memtable.table} WHERE xor(__seq, 0) <= ${seq}`,
  );
  const gone = Number(counted?.['gone'] ?? 0);
  if (gone > 0) deletedRows.set(MEMTABLE_FILE_ID, gone);
  return { ...version, deletedRows, memtable: { ...memtable, rowCount: Number(counted?.['n'] ?? 0) } };
}

async function coldSnapshot(
  context: EngineContext,
  table: TableVersion,
  state: TableState,
  { coldSnapshotId }: HistoryPeriod,
): Promise<ColdSnapshot | undefined> {
  if (coldSnapshotId === undefined) return undefined;
  if (coldSnapshotId === table.cold?.snapshotId) return table.cold;
  const snapshot = await openColdTable(context, state).table.load(coldSnapshotId);
  if (snapshot !== undefined) return snapshot;
  throw new AlopexError(SqlState.objectNotInState, `Iceberg snapshot ${coldSnapshotId} of "${table.name}" is gone`, {
    hint: 'Whoever takes care of the cold table has expired it; SELECT * FROM alopex.snapshots lists those that are left.',
  });
}

/** The path of a file of the history as SQL, once it is checked. */
async function readableFile(context: EngineContext, table: TableVersion, file: HistoryFile): Promise<string> {
  const name = historyFileName(table.tableId, file.fileId);
  const path = `${context.dataDir}/${name}`;
  await context.gate.admit([{ ...file, tier: 'hot', name, path, schemaId: undefined, stats: new Map() }]);
  return quoteLiteral(path);
}

function storedRows(columns: readonly Column[], path: string): string {
  const values = columns.map(({ name, type }) => {
    const quoted = quoteIdentifier(name);
    return `${fromStorageSql(quoted, type)} AS ${quoted}`;
  });
  return `(SELECT __seq, __rid, ${values.join(', ')} FROM read_parquet(${path}))`;
}

function noRows(columns: readonly Column[]): string {
  const values = columns.map(({ name }) => `NULL AS ${quoteIdentifier(name)}`);
  return `(SELECT 0::BIGINT AS __seq, 0::BIGINT AS __rid, ${values.join(', ')} WHERE false)`;
}

function notKept({ name }: TableVersion): AlopexError {
  return new AlopexError(SqlState.objectNotInState, `table "${name}" keeps no history`, {
    hint: `From now on it does after ALTER TABLE ${quoteIdentifier(name)} SET (history_retention = INTERVAL '1 day').`,
  });
}

async function tooOld(
  connection: KernelConnection,
  { name }: TableVersion,
  history: TableHistory,
  moment: PastMoment,
): Promise<AlopexError> {
  const [oldest] = history.periods;
  const { fromSeq, fromMs } = oldest ?? history;
  const timeMs = moment.kind === 'time' ? moment.timeMs : fromMs;
  const [row] = await connection.rows(
    `SELECT make_timestamptz(${fromMs * 1000})::VARCHAR AS oldest, make_timestamptz(${timeMs * 1000})::VARCHAR AS wanted`,
  );
  const wanted = moment.kind === 'version' ? `version ${moment.seq}` : `the version of ${String(row?.['wanted'])}`;
  return new AlopexError(SqlState.objectNotInState, `${wanted} of "${name}" is not kept`, {
    hint: `The oldest that is kept is version ${fromSeq}, of ${String(row?.['oldest'])}.`,
  });
}
