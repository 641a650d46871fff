import { openColdTable, tableState, type EngineContext } from '../engine/context.ts';
import type { Engine } from '../engine/engine.ts';
import { AlopexError, SqlState } from '../engine/errors.ts';
import type { PreparedMove, TableState, TierJob } from '../engine/lsm/state.ts';
import { currentSchema } from '../engine/lsm/state.ts';
import { Mutex } from '../engine/mutex.ts';
import type { ColdCommit, ColdTable, ColdTableDefinition } from '../engine/ports/cold-table.ts';
import type { KernelConnection } from '../engine/ports/kernel.ts';
import type { MoveRequest, TierMover } from '../engine/ports/tier-mover.ts';
import { SegmentBatch } from '../engine/table/commit.ts';
import { quoteIdentifier } from '../engine/table/data-type.ts';
import { segmentName, type DataFile } from '../engine/table/data-file.ts';
import { lookUp, MAIN_PATH, qualifiedSql } from '../engine/table/object-name.ts';
import { filesScanSql } from '../engine/table/scan.ts';
import type { TableVersion } from '../engine/table/version.ts';
import { finishMove } from './finish-move.ts';
import { MoveFiles } from './move-files.ts';
import { rollBack } from './recover.ts';
import { refuseVolatile } from './volatile.ts';

/** The tier job of DESIGN §5, one at a time. See README.md for its steps and what a crash after each of them leads to. */
export class Mover implements TierMover {
  readonly #engine: Engine;
  readonly #turns = new Mutex();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async move(request: MoveRequest): Promise<number> {
    return this.#turns.run(() => this.#move(request));
  }

  async #move(request: MoveRequest): Promise<number> {
    const { context } = this.#engine;
    const { connection, condition } = request;
    await refuseVolatile(connection, condition);
    const flushed = await this.#engine.write(async (writer) => {
      refuseUnfinished(context, writer.table(request.table));
      await writer.flush(connection, request.table);
      return writer.table(request.table);
    });
    // From here on no compaction takes away what is to be moved.
    return this.#engine.fileWork.run(flushed.tableId, () => this.#moveFlushed(request, flushed));
  }

  async #moveFlushed(request: MoveRequest, flushed: TableVersion): Promise<number> {
    const { connection, condition, direction } = request;
    const pin = this.#engine.pin();
    try {
      const version = lookUp(pin.version.tables, flushed, MAIN_PATH);
      if (version?.tableId !== flushed.tableId)
        throw new AlopexError(SqlState.undefinedTable, 'the table was dropped meanwhile');
      const query = `SELECT * FROM ${qualifiedSql(version.schemaName, version.name)} WHERE ${condition}`;
      const scans = await request.prepare(pin.version, query);
      const kept = scans.find((scan) => scan.table.tableId === version.tableId)?.files ?? version.files;
      const candidates = kept.filter((file) => file.tier === (direction === 'cold' ? 'hot' : 'cold'));
      const sources = await this.#sources(connection, version, candidates, condition);
      if (sources.all.length === 0 && !(direction === 'cold' && (await this.#hasPendingDeletes(connection, version)))) {
        return 0;
      }
      return await this.#run(connection, version, request, sources);
    } finally {
      pin.release();
    }
  }

  /** Whether cold rows were deleted that the Iceberg table still has. A move to the cold tier commits them, even when it moves nothing. */
  async #hasPendingDeletes(connection: KernelConnection, version: TableVersion): Promise<boolean> {
    const { cold } = tableState(this.#engine.context, version);
    const ids = version.files.filter((file) => file.tier === 'cold').map((file) => file.fileId);
    if (cold === undefined || ids.length === 0) return false;
    const [found] = await connection.rows(
      `SELECT 1 AS found FROM ${version.deletesTable} WHERE seq > ${cold.deleteSeq} AND seq <= ${version.seq} AND file_id IN (${ids.join(', ')}) LIMIT 1`,
    );
    return found !== undefined;
  }

  /** The files that hold a matching row, and those of them that hold others too. */
  async #sources(
    connection: KernelConnection,
    version: TableVersion,
    candidates: readonly DataFile[],
    condition: string,
  ): Promise<Sources> {
    if (candidates.length === 0) return { all: [], rowCount: 0, isPartial: false };
    const scan = filesScanSql(version, candidates, true);
    const rows = await connection.rows(
      `SELECT __file, count(*) AS total, count(*) FILTER (WHERE ${condition}) AS matched FROM (${scan}) AS ${quoteIdentifier(version.name)} GROUP BY __file HAVING matched > 0`,
    );
    const ids = new Set(rows.map((row) => Number(row['__file'])));
    return {
      all: candidates.filter((file) => ids.has(file.fileId)),
      rowCount: rows.reduce((sum, row) => sum + Number(row['total']), 0),
      isPartial: rows.some((row) => row['total'] !== row['matched']),
    };
  }

  async #run(
    connection: KernelConnection,
    version: TableVersion,
    request: MoveRequest,
    sources: Sources,
  ): Promise<number> {
    const { context } = this.#engine;
    const job: TierJob = {
      jobId: context.random.uuid(),
      tableId: version.tableId,
      direction: request.direction,
      condition: request.condition,
      startedMs: context.clock.nowMs(),
    };
    const state = tableState(context, version);
    const cold = openColdTable(context, state);
    await this.#putJob(job);
    let written: WrittenMove;
    try {
      written = await this.#write(connection, version, request, sources, job, state);
      await this.#putJob({ ...job, prepared: written.prepared });
    } catch (error) {
      // What cannot be undone now (a full disk, say) is undone when the database is opened again.
      await rollBack(this.#engine, job).catch(() => undefined);
      throw error;
    }
    const outcome = await commitCold(cold.table, version, definitionOf(state), job, written);
    switch (outcome.kind) {
      case 'conflict':
        await rollBack(this.#engine, job);
        throw new AlopexError(
          SqlState.serializationFailure,
          `another writer changed the cold table of "${version.name}": ${outcome.reason}`,
          {
            hint: 'Nothing was moved; run the statement again.',
          },
        );
      case 'unknown':
        throw new AlopexError(
          SqlState.ioError,
          `it is not known whether the cold table of "${version.name}" was changed`,
          {
            hint: 'Every row is safe. The move is finished or undone when the database is opened again and the cold storage answers.',
            cause: outcome.cause,
          },
        );
      case 'committed':
        await finishMove(this.#engine, connection, job, written.prepared, outcome.snapshot);
        return written.movedRows;
    }
  }

  /** Steps 2 to 4: everything is written, nothing is visible. */
  async #write(
    connection: KernelConnection,
    version: TableVersion,
    request: MoveRequest,
    sources: Sources,
    job: TierJob,
    state: TableState,
  ): Promise<WrittenMove> {
    const { context } = this.#engine;
    const { store } = openColdTable(context, state);
    const folder = `${context.dataDir}/tmp/${job.jobId}`;
    await context.fileSystem.makeFolder(folder);
    const location = { jobId: job.jobId, folder, coldPrefix: state.coldPrefix };
    const files = new MoveFiles(context, connection, store, location, version, sources.all);
    const batch = new SegmentBatch(context, connection, version, []);
    const definition = definitionOf(state);
    const matching = `(${request.condition})`;
    const staying = `(${request.condition}) IS NOT TRUE`;
    // One transaction: now() and the like mean the same in every query.
    await connection.run('BEGIN');
    let movedRows: number;
    try {
      if (request.direction === 'cold') {
        movedRows = await files.writeCold(definition, matching);
        if (sources.isPartial) await files.writeHot(batch, staying);
      } else {
        movedRows = await files.writeHot(batch, matching);
        if (sources.isPartial) await files.writeCold(definition, staying);
      }
    } finally {
      await connection.run('ROLLBACK');
    }
    if (files.rowCount !== sources.rowCount) {
      throw new AlopexError(
        SqlState.invalidParameter,
        `the condition gives different answers for the same row: ${request.condition}`,
        {
          hint: 'Use a condition on the columns alone, without random().',
        },
      );
    }
    await files.writeDeletes(state.cold?.deleteSeq ?? 0);
    await context.fileSystem.syncFolder(folder);
    const prepared: PreparedMove = {
      baseSeq: version.seq,
      sources: sources.all.map((file) => file.name),
      addSegments: batch.segments,
      removeSegments: state.segments
        .filter((segment) => sources.all.some((file) => file.name === segmentName(version.tableId, segment.fileId)))
        .map((segment) => segment.fileId),
      outputs: files.outputs,
      checksums: files.checksums,
    };
    return { prepared, movedRows, files };
  }

  async #putJob(job: TierJob): Promise<void> {
    await this.#engine.maintain(async (writer) => {
      await writer.settle();
      await this.#engine.context.manifest.commit({ kind: 'put-job', job });
    });
  }
}

interface Sources {
  readonly all: readonly DataFile[];
  /** Live rows in them. */
  readonly rowCount: number;
  /** Whether rows stay behind. */
  readonly isPartial: boolean;
}

interface WrittenMove {
  readonly prepared: PreparedMove;
  readonly movedRows: number;
  readonly files: MoveFiles;
}

/** Step 5. */
async function commitCold(
  table: ColdTable,
  version: TableVersion,
  definition: ColdTableDefinition,
  job: TierJob,
  written: WrittenMove,
): Promise<ColdCommit> {
  const coldSources = new Set(version.files.filter((file) => file.tier === 'cold').map((file) => file.name));
  return table.commit(definition, {
    jobId: job.jobId,
    addData: written.files.dataFiles,
    removeData: written.prepared.sources.filter((name) => coldSources.has(name)),
    addDeletes: written.files.deleteFiles,
    removeDeletes: [],
    ...(version.cold?.snapshotId === undefined ? {} : { baseSnapshotId: version.cold.snapshotId }),
  });
}

function definitionOf(state: TableState): ColdTableDefinition {
  return { schema: currentSchema(state), partition: state.options.partitionBy, sort: state.options.sortBy };
}

function refuseUnfinished(context: EngineContext, version: TableVersion): void {
  const unfinished = [...context.manifest.state.jobs.values()].find((job) => job.tableId === version.tableId);
  if (unfinished === undefined) return;
  throw new AlopexError(SqlState.objectInUse, `an earlier move of "${version.name}" is not settled yet`, {
    hint: 'Open the database again when the cold storage answers: the move is then finished or undone.',
  });
}
