import { openColdTable, tableState, type EngineContext } from '../context.ts';
import { endPeriod } from '../history/end-period.ts';
import { historyGarbage } from '../history/forget.ts';
import type { Garbage } from '../commits.ts';
import { withTable, type Writer } from '../writer.ts';
import type { TableState } from '../lsm/state.ts';
import { newHistory } from '../lsm/table-history.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { SegmentBatch } from './commit.ts';
import { definitionsAfter, ownSequences, type NewSequence } from './owned-sequences.ts';
import { createDeletesTable, createMemtable, dropKernelTable } from './kernel-tables.ts';
import type { TableComments } from './comments.ts';
import { objectKey } from './object-name.ts';
import { refuseTaken } from './relations.ts';
import type { TableOptions } from './options.ts';
import type { TableSchema } from './schema.ts';
import type { StagedRows } from './staged.ts';
import { segmentFile } from './table-files.ts';
import type { DatabaseVersion, TableVersion } from './version.ts';

export interface NewTable {
  readonly schemaName: string;
  readonly name: string;
  readonly schema: TableSchema;
  readonly options: TableOptions;
  readonly replaces: TableVersion | undefined;
  /** Of its IDENTITY columns. */
  readonly sequences?: readonly NewSequence[];
}

/** Creates a table, with the rows of CREATE TABLE … AS where there are any: table and rows appear in one edit. */
export async function createTable(
  writer: Writer,
  connection: KernelConnection,
  definition: NewTable,
  rows: StagedRows | undefined,
): Promise<void> {
  const { context } = writer;
  const { schemaName, name, schema, options, replaces, sequences = [] } = definition;
  const tableId = context.manifest.state.nextTableId;
  for (const kind of ['segments', 'deletes'])
    await context.fileSystem.makeFolder(`${context.dataDir}/${kind}/${tableId}`);
  const version: TableVersion = {
    tableId,
    schemaName,
    name,
    schema,
    schemas: [schema],
    options,
    seq: writer.latest.seq,
    contentSeq: writer.latest.seq,
    memtable: await createMemtable(connection, context.loader, { tableId, generation: 0, schema }),
    files: [],
    deletesTable: await createDeletesTable(connection, tableId),
    deletedRows: new Map(),
    cold: undefined,
  };
  const batch = new SegmentBatch(context, connection, version, []);
  try {
    if (rows !== undefined && rows.rowCount > 0) await batch.stagedSegment(rows);
  } catch (error) {
    // The next table gets the same number.
    await removeTable(context, connection, version);
    throw error;
  }
  const owned = await ownSequences(connection, tableId, sequences);
  await writer.sequenced(async (seq) => {
    await writer.settle();
    const segments = batch.segments.map((segment) => ({ ...segment, seq }));
    const isKept = options.historyRetention !== undefined;
    const table: TableState = {
      tableId,
      schemaName,
      name,
      schemas: [schema],
      options,
      coldPrefix: coldPrefix(schemaName, name, tableId),
      flushedSeq: seq,
      segments,
      deleteFiles: [],
      cold: undefined,
      ...(isKept ? { history: newHistory(seq, context.commitTimes.nowMs()) } : {}),
    };
    const garbage = replaces === undefined ? [] : tableGarbage(writer, replaces);
    const { catalog } = await context.manifest.commit({
      kind: 'create-table',
      seq,
      table,
      ...(replaces === undefined ? {} : { replaces: replaces.tableId }),
      ...owned,
    });
    const after = definitionsAfter(writer, catalog);
    const files = segments.map((segment) => segmentFile(context, tableId, segment));
    writer.accept({
      version: withTable(
        { ...writer.latest, definitions: after.definitions },
        { ...version, seq, contentSeq: seq, files },
      ),
      durable: Promise.resolve(),
      garbage: [...garbage, ...after.garbage],
    });
  });
}

/** Folder names are for people too: the names of schema and table in safe characters, made unique by the table's number. */
function coldPrefix(schemaName: string, name: string, tableId: number): string {
  return `${safeName(schemaName)}/${safeName(name)}-${tableId}`;
}

function safeName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_');
}

export async function dropTable(writer: Writer, version: TableVersion): Promise<void> {
  await writer.sequenced(async (seq) => {
    await writer.settle();
    const garbage = tableGarbage(writer, version);
    const { catalog } = await writer.context.manifest.commit({ kind: 'drop-table', seq, tableId: version.tableId });
    const after = definitionsAfter(writer, catalog);
    writer.accept({
      version: { ...withoutTable(writer.latest, seq, version), definitions: after.definitions },
      durable: Promise.resolve(),
      garbage: [...garbage, ...after.garbage],
    });
  });
}

/** A database version with one table less. */
export function withoutTable(version: DatabaseVersion, seq: number, table: TableVersion): DatabaseVersion {
  const tables = new Map(version.tables);
  tables.delete(objectKey(table.schemaName, table.name));
  return { ...version, seq, tables };
}

/** Removes what this database holds of a table, in files and in the kernel. */
async function removeTable(context: EngineContext, connection: KernelConnection, version: TableVersion): Promise<void> {
  await dropKernelTable(connection, version.memtable.table);
  await dropKernelTable(connection, version.deletesTable);
  await removeTableFolders(context, version);
}

export async function removeTableFolders(context: EngineContext, { tableId }: TableVersion): Promise<void> {
  for (const kind of ['segments', 'deletes', 'history', 'cache']) {
    await context.fileSystem.removeFolder(`${context.dataDir}/${kind}/${tableId}`);
  }
}

/** What a dropped table leaves: local files and kernel tables go, the Iceberg table is taken out of its catalog. */
export function tableGarbage(writer: Writer, version: TableVersion): Garbage[] {
  const { context } = writer;
  const cold = version.cold === undefined ? undefined : openColdTable(context, tableState(context, version)).table;
  return [
    async () => {
      await removeTable(context, writer.maintenance, version);
      await cold?.drop();
    },
  ];
}

export interface TableAlteration {
  readonly schemaName?: string;
  readonly name?: string;
  readonly schema?: TableSchema;
  readonly options?: TableOptions;
  readonly comments?: TableComments;
}

/** Changes a table's name, columns, options or comments. Data is not rewritten: files keep the schema they were written in. */
export async function alterTable(
  writer: Writer,
  connection: KernelConnection,
  version: TableVersion,
  alteration: TableAlteration,
  newSequences: readonly NewSequence[] = [],
): Promise<void> {
  const { context } = writer;
  // The memtable has the old columns: it becomes a segment first.
  await writer.flush(connection, version);
  const current = writer.table(version);
  const schema = alteration.schema ?? current.schema;
  const name = alteration.name ?? current.name;
  const schemaName = alteration.schemaName ?? current.schemaName;
  const key = objectKey(schemaName, name);
  if (key !== objectKey(current.schemaName, current.name)) refuseTaken(writer.latest, { schemaName, name });
  const owned = await ownSequences(connection, current.tableId, newSequences);
  await writer.sequenced(async (seq) => {
    await writer.settle();
    const memtable =
      alteration.schema === undefined
        ? current.memtable
        : await createMemtable(connection, context.loader, {
            tableId: current.tableId,
            generation: seq,
            schema,
            nextRid: current.memtable.nextRid,
          });
    const period = await endPeriod(context, connection, current, seq, alteration.options);
    const { history } = tableState(context, current);
    const { catalog } = await context.manifest.commit({
      kind: 'alter-table',
      seq,
      tableId: current.tableId,
      ...alteration,
      ...owned,
      ...(period === undefined ? {} : { period }),
    });
    const past =
      history === undefined || period !== undefined
        ? []
        : [historyGarbage(context, current.tableId, history, undefined)];
    const after = definitionsAfter(writer, catalog);
    const altered: TableVersion = {
      ...current,
      schemaName,
      name,
      schema,
      schemas: alteration.schema === undefined ? current.schemas : [...current.schemas, schema],
      options: alteration.options ?? current.options,
      ...(alteration.comments === undefined ? {} : { comments: alteration.comments }),
      seq,
      contentSeq: seq,
      memtable,
    };
    const base = { ...withoutTable(writer.latest, seq, current), definitions: after.definitions };
    const leftMemtables =
      alteration.schema === undefined ? [] : [() => dropKernelTable(writer.maintenance, current.memtable.table)];
    writer.accept({
      version: withTable(base, altered),
      durable: Promise.resolve(),
      garbage: [...past, ...leftMemtables, ...after.garbage],
    });
  });
}
