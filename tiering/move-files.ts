import { AlopexError, SqlState } from '../engine/errors.ts';
import type { EngineContext } from '../engine/context.ts';
import type { MoveOutput } from '../engine/lsm/state.ts';
import type { ColdDataFile, ColdDeleteFile, ColdTableDefinition } from '../engine/ports/cold-table.ts';
import type { KernelConnection } from '../engine/ports/kernel.ts';
import type { ObjectStore } from '../engine/ports/object-store.ts';
import type { SegmentBatch } from '../engine/table/commit.ts';
import { segmentName, type DataFile } from '../engine/table/data-file.ts';
import { fileIdsRelation } from '../engine/table/kernel-tables.ts';
import { checksumFile, writeParquet } from '../engine/table/parquet-writer.ts';
import { SOURCE_ORDER, SourceRows } from '../engine/table/source-rows.ts';
import { coldFileName } from '../engine/table/table-files.ts';
import type { TableVersion } from '../engine/table/version.ts';
import { partitionExpression, partitionGroup, partitionGroupsSql, type PartitionGroup } from './partition-sql.ts';
import { writePositionDeletes } from './position-deletes.ts';

/** Writes the files of one move: data files of both tiers with their row maps, and position deletes. Pure output: nothing becomes current here. */
export class MoveFiles {
  readonly dataFiles: ColdDataFile[] = [];
  readonly deleteFiles: ColdDeleteFile[] = [];
  readonly outputs: MoveOutput[] = [];
  readonly checksums: [string, number][] = [];
  /** Rows written so far; must be all live rows of the sources in the end. */
  rowCount = 0;
  readonly #context: EngineContext;
  readonly #connection: KernelConnection;
  readonly #store: ObjectStore;
  readonly #job: { jobId: string; folder: string; coldPrefix: string };
  readonly #version: TableVersion;
  readonly #sources: readonly DataFile[];
  readonly #rows: SourceRows;

  constructor(
    context: EngineContext,
    connection: KernelConnection,
    store: ObjectStore,
    job: { jobId: string; folder: string; coldPrefix: string },
    version: TableVersion,
    sources: readonly DataFile[],
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#store = store;
    this.#job = job;
    this.#version = version;
    this.#sources = sources;
    this.#rows = new SourceRows(context, connection, version, sources);
  }

  /** The rows of the sources for which `condition` is true, as cold files: one for each partition, sorted. */
  async writeCold(definition: ColdTableDefinition, condition: string): Promise<number> {
    let rowCount = 0;
    for (const group of await this.#partitions(definition, condition)) {
      const key = coldFileName(
        this.#job.coldPrefix,
        this.#job.jobId,
        this.#version.schema.schemaId,
        this.outputs.length,
      );
      const path = `${this.#job.folder}/${this.outputs.length}.parquet`;
      const where = `(${condition}) AND ${group.condition}`;
      const { crc32, ...file } = await writeParquet(this.#connection, this.#context.fileSystem, {
        selectSql: this.#rows.ordered(where),
        columns: this.#version.schema.columns,
        path,
        compression: 'snappy',
      });
      await this.#store.putFile(key, path);
      await this.#context.fileSystem.remove(path);
      this.checksums.push([key, crc32]);
      this.dataFiles.push({ key, ...file, partition: group.values });
      await this.#writeRowMap(key, where);
      rowCount += file.rowCount;
    }
    this.rowCount += rowCount;
    return rowCount;
  }

  /** The rows of the sources for which `condition` is true, as one hot segment; none when there is no such row. */
  async writeHot(batch: SegmentBatch, condition: string): Promise<number> {
    if ((await this.#rows.count(condition)) === 0) return 0;
    const segment = await batch.segment(`SELECT * FROM ${this.#rows.relation(condition)}`, SOURCE_ORDER);
    await this.#writeRowMap(segmentName(this.#version.tableId, segment.fileId), condition);
    this.rowCount += segment.rowCount;
    return segment.rowCount;
  }

  /** Deletes of cold rows that Iceberg does not know of yet, one delete file for each partition. */
  async writeDeletes(afterSeq: number): Promise<void> {
    const sources = new Set(this.#sources.map((file) => file.fileId));
    const dirty = this.#version.files.filter(
      (file) => file.tier === 'cold' && !sources.has(file.fileId) && this.#version.deletedRows.has(file.fileId),
    );
    for (const { partition, files } of this.#byPartition(dirty)) {
      const uris = fileIdsRelation(files.map((file) => [`${this.#store.uri}/${file.name}`, file.fileId]));
      const select = `SELECT name AS file_path, pos FROM ${this.#version.deletesTable} JOIN ${uris} ON id = file_id WHERE seq > ${afterSeq} AND seq <= ${this.#version.seq} ORDER BY file_path, pos`;
      const path = `${this.#job.folder}/deletes-${this.deleteFiles.length}.parquet`;
      const written = await writePositionDeletes(this.#connection, this.#context.fileSystem, select, path);
      if (written === undefined) continue;
      const key = `${this.#job.coldPrefix}/data/${this.#job.jobId}-deletes-${String(this.deleteFiles.length).padStart(5, '0')}.parquet`;
      const { sizeBytes, crc32 } = await checksumFile(this.#context.fileSystem, path);
      await this.#store.putFile(key, path);
      await this.#context.fileSystem.remove(path);
      this.checksums.push([key, crc32]);
      this.deleteFiles.push({ key, ...written, sizeBytes, partition });
    }
  }

  async #partitions(definition: ColdTableDefinition, condition: string): Promise<PartitionGroup[]> {
    const from = this.#rows.relation(condition);
    if (definition.partition.length === 0) {
      const [row] = await this.#connection.rows(`SELECT 1 AS found FROM ${from} LIMIT 1`);
      return row === undefined ? [] : [{ values: [], condition: 'true' }];
    }
    const expressions = definition.partition.map((field) => partitionExpression(field, this.#version.schema));
    let rows: readonly Readonly<Record<string, unknown>>[];
    try {
      rows = await this.#connection.rows(partitionGroupsSql(expressions, from));
    } catch (error) {
      throw partitionError(error, definition.partition);
    }
    return rows.map((row) => partitionGroup(expressions, row));
  }

  /** Which source row each row of an output was. */
  async #writeRowMap(name: string, condition: string): Promise<void> {
    const path = `${this.#job.folder}/map-${this.outputs.length}.parquet`;
    this.outputs.push(await this.#rows.writeRowMap(name, condition, path));
  }

  #byPartition(files: readonly DataFile[]): { partition: ColdDataFile['partition']; files: DataFile[] }[] {
    const groups = new Map<string, { partition: ColdDataFile['partition']; files: DataFile[] }>();
    for (const file of files) {
      const partition = this.#version.cold?.dataFiles.find((candidate) => candidate.key === file.name)?.partition ?? [];
      const key = partition.map((value) => `${typeof value}:${String(value)}`).join('/');
      const group = groups.get(key) ?? { partition, files: [] };
      group.files.push(file);
      groups.set(key, group);
    }
    return [...groups.values()];
  }
}

/** The least numbers of a type have no partition by `truncate`. */
function partitionError(error: unknown, fields: ColdTableDefinition['partition']): unknown {
  const field = fields.find(({ transform }) => transform.startsWith('truncate['));
  if (!(error instanceof AlopexError) || error.code !== SqlState.numericOutOfRange || field === undefined) return error;
  return new AlopexError(
    error.code,
    `a row cannot be tiered: its value is among the least of its type, which have no partition by ${field.name} (${field.transform})`,
    { hint: 'Leave such rows out of TIER PARTITION WHERE …, or change partition_by.', cause: error },
  );
}
