import {
  applyCatalogEdit,
  catalogFromSnapshot,
  catalogSnapshot,
  EMPTY_CATALOG_STATE,
  withOwnedSequences,
  type CatalogEdit,
  type CatalogSnapshot,
  type CatalogState,
} from './catalog-state.ts';
import { historyAfter, historyWithout, periodFiles, type PeriodEnd, type TableHistory } from './table-history.ts';
import { applyKvEdit, EMPTY_KV_STATE, highestFileId, type KvEdit, type KvState } from './kv-state.ts';
import type { Bound, ColumnStats } from '../table/bound.ts';
import type { Definition } from '../table/definition.ts';
import { MAIN_SCHEMA } from '../table/object-name.ts';
import type { TableOptions } from '../table/options.ts';
import type { TableComments } from '../table/comments.ts';
import type { TableSchema } from '../table/schema.ts';

/**
 * What the manifest says: the state of the database apart from the log, and the edits that lead from one state to the next. `applyEdit` is the
 * only way to change a state (invariant 3). Everything here is JSON, but for bigints and bytes in bounds (see `manifest-json.ts`).
 */
export interface ManifestState {
  /** Highest commit number that an edit carries; the log may hold later ones. */
  readonly seq: number;
  readonly nextTableId: number;
  /** Numbers hot segments, delete files and key-value segments. */
  readonly nextFileId: number;
  readonly tables: ReadonlyMap<number, TableState>;
  readonly jobs: ReadonlyMap<string, TierJob>;
  readonly kv: KvState;
  readonly catalog: CatalogState;
}

export interface TableState {
  readonly tableId: number;
  /** Manifests of format version 2 leave it out: all of their tables are in `main`. */
  readonly schemaName: string;
  readonly name: string;
  /** All schemas that files may have been written in, by id; the last is the current one. */
  readonly schemas: readonly TableSchema[];
  readonly options: TableOptions;
  /** Absent when there are none. */
  readonly comments?: TableComments;
  /** Folder of the cold table within its store; given once, so that a renamed table keeps it. */
  readonly coldPrefix: string;
  /** Commits up to this number are in segments; the log's older ones are skipped on replay. */
  readonly flushedSeq: number;
  readonly segments: readonly SegmentState[];
  readonly deleteFiles: readonly DeleteFileState[];
  readonly cold: ColdState | undefined;
  /** Absent for a table that keeps none. */
  readonly history?: TableHistory;
}

/** A hot segment: an immutable Parquet file on local disk. */
export interface SegmentState {
  readonly fileId: number;
  readonly schemaId: number;
  /** Number of the commit that made it visible. */
  readonly seq: number;
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly crc32: number;
  readonly stats: readonly (readonly [number, ColumnStats])[];
  readonly createdMs: number;
  /** How often its rows have been merged with overlapping full segments; absent for never. */
  readonly generation?: number;
}

/** Positions deleted from data files: a Parquet file of (`file`, `pos`, `seq`). Names of files that are gone are ignored. */
export interface DeleteFileState {
  readonly fileId: number;
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly crc32: number;
}

export interface ColdState {
  /** The Iceberg snapshot to read; what later snapshots of other writers add is seen when the table is loaded. */
  readonly snapshotId: string;
  /** Deletes of cold rows up to this commit are in Iceberg position deletes; later ones are pending. */
  readonly deleteSeq: number;
  /** CRC-32 by object key, for every object that this database wrote. */
  readonly checksums: readonly (readonly [string, number])[];
}

/** An unfinished move between tiers. */
export interface TierJob {
  readonly jobId: string;
  readonly tableId: number;
  readonly direction: 'cold' | 'hot';
  readonly condition: string;
  readonly startedMs: number;
  /** Set once all files are written; the catalog may have committed. */
  readonly prepared?: PreparedMove;
}

/** All that step 6 needs, so that a crash after the Iceberg commit can be finished. */
export interface PreparedMove {
  /** Number of the commit whose snapshot the move read; later deletes of source rows must follow the rows. */
  readonly baseSeq: number;
  /** Names of the data files that the move replaces (hot segments and cold files), in the order that the row maps count them. */
  readonly sources: readonly string[];
  readonly addSegments: readonly SegmentState[];
  readonly removeSegments: readonly number[];
  readonly outputs: readonly MoveOutput[];
  readonly checksums: readonly (readonly [string, number])[];
}

/** A new data file, and which source row each of its rows was. */
export interface MoveOutput {
  readonly name: string;
  /** A Parquet file of (`src` index into `sources`, `pos`) in the order of the new file's rows, relative to the data directory. */
  readonly rowMap: string;
}

export type Edit =
  /** `replaces` is the table that goes in the same edit (CREATE OR REPLACE). */
  | {
      readonly kind: 'create-table';
      readonly seq: number;
      readonly table: TableState;
      readonly replaces?: number;
      /** Of its IDENTITY columns. They go with the columns. */
      readonly sequences?: readonly Definition[];
    }
  | { readonly kind: 'drop-table'; readonly seq: number; readonly tableId: number }
  | {
      readonly kind: 'alter-table';
      readonly seq: number;
      readonly tableId: number;
      readonly schemaName?: string;
      readonly name?: string;
      readonly schema?: TableSchema;
      readonly options?: TableOptions;
      readonly comments?: TableComments;
      readonly period?: PeriodEnd;
      /** Of columns that became IDENTITY columns. */
      readonly sequences?: readonly Definition[];
    }
  /** Files of one table change; with `jobId`, the end of that job in the same edit. */
  | {
      readonly kind: 'change-files';
      readonly seq: number;
      readonly tableId: number;
      readonly flushedSeq?: number;
      readonly addSegments: readonly SegmentState[];
      readonly removeSegments: readonly number[];
      readonly addDeleteFiles: readonly DeleteFileState[];
      readonly removeDeleteFiles: readonly number[];
      readonly cold?: ColdState;
      readonly endJob?: string;
      readonly period?: PeriodEnd;
    }
  /** Belongs to no commit: what ended with commit `untilSeq` or before is no longer kept. */
  | { readonly kind: 'forget-history'; readonly tableId: number; readonly untilSeq: number }
  | KvEdit
  | CatalogEdit
  /** All of them or none: what a transaction that defines something has done. Numbers of commits from `firstSeq` to `seq` are its own. Its edits have numbers of their own time, up to `seq`. */
  | { readonly kind: 'batch'; readonly firstSeq: number; readonly seq: number; readonly edits: readonly Edit[] }
  | { readonly kind: 'put-job'; readonly job: TierJob }
  | { readonly kind: 'end-job'; readonly jobId: string }
  /** The whole state, at the head of a new manifest file. */
  | {
      readonly kind: 'snapshot';
      readonly seq: number;
      readonly nextTableId: number;
      readonly nextFileId: number;
      readonly tables: readonly TableState[];
      readonly jobs: readonly TierJob[];
      readonly kv: KvState;
      readonly catalog?: CatalogSnapshot | undefined;
    };

export const EMPTY_STATE: ManifestState = {
  seq: 0,
  nextTableId: 1,
  nextFileId: 1,
  tables: new Map(),
  jobs: new Map(),
  kv: EMPTY_KV_STATE,
  catalog: EMPTY_CATALOG_STATE,
};

/** The state after an edit. Pure; throws when the edit does not fit the state, which means damage. */
export function applyEdit(state: ManifestState, edit: Edit): ManifestState {
  switch (edit.kind) {
    case 'snapshot':
      return {
        seq: edit.seq,
        nextTableId: edit.nextTableId,
        nextFileId: edit.nextFileId,
        tables: new Map(edit.tables.map((table) => [table.tableId, withSchemaName(table)])),
        jobs: new Map(edit.jobs.map((job) => [job.jobId, job])),
        kv: edit.kv,
        catalog: catalogFromSnapshot(edit.catalog),
      };
    case 'create-table': {
      const kept = edit.replaces === undefined ? state : withoutTable(state, edit.replaces);
      const nextFileId = Math.max(kept.nextFileId, ...edit.table.segments.map((segment) => segment.fileId + 1));
      const created = withTable(
        { ...kept, seq: edit.seq, nextTableId: edit.table.tableId + 1, nextFileId },
        withSchemaName(edit.table),
      );
      return withSequences(created, edit.sequences);
    }
    case 'drop-table':
      return withSequences({ ...withoutTable(state, edit.tableId), seq: edit.seq });
    case 'alter-table': {
      const table = existing(state, edit.tableId);
      const options = edit.options ?? table.options;
      const altered = withTable(
        { ...state, seq: edit.seq, nextFileId: nextFileId(state, edit.period) },
        {
          ...withHistory(table, options, edit.seq, edit.period, []),
          schemaName: edit.schemaName ?? table.schemaName,
          name: edit.name ?? table.name,
          schemas: edit.schema === undefined ? table.schemas : [...table.schemas, edit.schema],
          options,
          ...(edit.comments === undefined ? {} : { comments: edit.comments }),
        },
      );
      return withSequences(altered, edit.sequences);
    }
    case 'change-files':
      return changeFiles(state, edit);
    case 'forget-history': {
      const table = state.tables.get(edit.tableId);
      if (table?.history === undefined) return state;
      return withTable(state, { ...table, history: historyWithout(table.history, edit.untilSeq) });
    }
    case 'put-job': {
      // The job's segments are on disk already: their numbers are taken, also when it is finished after a restart.
      const taken = (edit.job.prepared?.addSegments ?? []).map((segment) => segment.fileId + 1);
      const nextFileId = Math.max(state.nextFileId, ...taken);
      return { ...state, nextFileId, jobs: new Map(state.jobs).set(edit.job.jobId, edit.job) };
    }
    case 'create-keyspace':
    case 'drop-keyspace':
    case 'change-kv-segments': {
      const nextFileId = Math.max(state.nextFileId, highestFileId(edit) + 1);
      return { ...state, nextFileId, kv: applyKvEdit(state.kv, edit) };
    }
    case 'put-definition':
      return { ...state, seq: edit.seq, catalog: applyCatalogEdit(state.catalog, edit) };
    case 'drop-definitions': {
      const kept = edit.tableIds.reduce(withoutTable, state);
      return withSequences({ ...kept, seq: edit.seq, catalog: applyCatalogEdit(state.catalog, edit) });
    }
    case 'reserve-sequence':
      return { ...state, catalog: applyCatalogEdit(state.catalog, edit) };
    case 'batch':
      return { ...edit.edits.reduce(applyEdit, state), seq: edit.seq };
    case 'end-job':
      return { ...state, jobs: withoutJob(state, edit.jobId) };
  }
}

/** The sequence of an IDENTITY column is there as long as the column is one. */
function withSequences(state: ManifestState, added: readonly Definition[] = []): ManifestState {
  const catalog = withOwnedSequences(state.catalog, added, ({ tableId, columnId }, definitionId) => {
    const table = state.tables.get(tableId);
    if (table === undefined) return false;
    const column = currentSchema(table).columns.find(({ id }) => id === columnId);
    return column?.identity?.sequenceId === definitionId;
  });
  return catalog === state.catalog ? state : { ...state, catalog };
}

function changeFiles(state: ManifestState, edit: Edit & { kind: 'change-files' }): ManifestState {
  const table = existing(state, edit.tableId);
  const removedSegments = new Set(edit.removeSegments);
  const removedDeletes = new Set(edit.removeDeleteFiles);
  const newIds = [...edit.addSegments, ...edit.addDeleteFiles].map((file) => file.fileId);
  return withTable(
    {
      ...state,
      seq: edit.seq,
      nextFileId: Math.max(nextFileId(state, edit.period), ...newIds.map((id) => id + 1)),
      jobs: edit.endJob === undefined ? state.jobs : withoutJob(state, edit.endJob),
    },
    {
      ...withHistory(table, table.options, edit.seq, edit.period, edit.removeSegments),
      flushedSeq: edit.flushedSeq ?? table.flushedSeq,
      segments: [...table.segments.filter((segment) => !removedSegments.has(segment.fileId)), ...edit.addSegments],
      deleteFiles: [...table.deleteFiles.filter((file) => !removedDeletes.has(file.fileId)), ...edit.addDeleteFiles],
      cold: edit.cold ?? table.cold,
    },
  );
}

function nextFileId(state: ManifestState, period: PeriodEnd | undefined): number {
  const written = period === undefined ? [] : periodFiles(period);
  return Math.max(state.nextFileId, ...written.map((file) => file.fileId + 1));
}

function withHistory(
  table: TableState,
  options: TableOptions,
  seq: number,
  end: PeriodEnd | undefined,
  removeSegments: readonly number[],
): TableState {
  const isKept = options.historyRetention !== undefined;
  const history = historyAfter(table, { seq, isKept, end, removeSegments });
  const { history: _, ...rest } = table;
  return history === undefined ? rest : { ...rest, history };
}

export function snapshotEdit(state: ManifestState): Edit {
  return {
    ...state,
    kind: 'snapshot',
    tables: [...state.tables.values()],
    jobs: [...state.jobs.values()],
    catalog: catalogSnapshot(state.catalog),
  };
}

export function currentSchema(table: Pick<TableState, 'schemas'>): TableSchema {
  const schema = table.schemas.at(-1);
  if (schema === undefined) throw new Error('a table has at least one schema');
  return schema;
}

function withSchemaName(table: TableState): TableState {
  const { schemaName }: Partial<TableState> = table;
  return schemaName === undefined ? { ...table, schemaName: MAIN_SCHEMA } : table;
}

function withTable(state: ManifestState, table: TableState): ManifestState {
  return { ...state, tables: new Map(state.tables).set(table.tableId, table) };
}

function withoutTable(state: ManifestState, tableId: number): ManifestState {
  const tables = new Map(state.tables);
  tables.delete(tableId);
  const jobs = new Map([...state.jobs].filter(([, job]) => job.tableId !== tableId));
  return { ...state, tables, jobs };
}

function withoutJob(state: ManifestState, jobId: string): ReadonlyMap<string, TierJob> {
  const jobs = new Map(state.jobs);
  jobs.delete(jobId);
  return jobs;
}

function existing(state: ManifestState, tableId: number): TableState {
  const table = state.tables.get(tableId);
  if (table === undefined) throw new Error(`an edit names table ${tableId}, which does not exist`);
  return table;
}

/** JSON cannot hold bigints and bytes: they are tagged. */
export function editToJson(edit: Edit): string {
  return JSON.stringify(edit, function (this: Record<string, unknown>, key, value: unknown) {
    if (typeof value === 'bigint') return { $int: value.toString() };
    // `value` of a Buffer is what its own toJSON made of it already.
    const given = this[key];
    if (given instanceof Uint8Array) return { $bytes: Buffer.from(given).toString('base64') };
    if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
    return value;
  });
}

export function editFromJson(json: string): Edit {
  return JSON.parse(json, (_key, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if ('$int' in value) return BigInt(value.$int as string);
    if ('$bytes' in value) return new Uint8Array(Buffer.from(value.$bytes as string, 'base64')) satisfies Bound;
    if ('$number' in value) return Number(value.$number);
    return value;
  }) as Edit;
}
