import {
  DEFAULT_LIMITS,
  FileIds,
  FileNumbers,
  type EngineContext,
  type EngineLimits,
  type EnginePorts,
} from './context.ts';
import { AlopexError, SqlState } from './errors.ts';
import { decodeCommit } from './log/commit-record.ts';
import { FileLog } from './log/log.ts';
import { Manifest } from './lsm/manifest.ts';
import { Pins, type Pin } from './lsm/pins.ts';
import { Mutex } from './mutex.ts';
import type { KernelConnection } from './ports/kernel.ts';
import { LoggedChanges, recoverTable, removeOrphans } from './recovery.ts';
import { createStoreDatabase, dropKernelTable } from './table/kernel-tables.ts';
import { commitToLog, commitToSegments, type CommittedChange, type TableChangeRequest } from './table/commit.ts';
import { FileGate } from './table/file-gate.ts';
import { deleteCount } from './table/staged.ts';
import type { DatabaseVersion, TableVersion } from './table/version.ts';

/** Hears of trouble that fails no statement, such as a file that could not be removed. */
export type WarningListener = (warning: AlopexError) => void;

/**
 * The storage engine: versions, and the one way in which they change. See README.md for the invariants.
 *
 * Readers pin the published version. Writers take turns (`write`), each on top of the newest version; a version is published when its commit is
 * durable, so an unacknowledged commit is never seen.
 */
export class Engine {
  readonly context: EngineContext;
  readonly #maintenance: KernelConnection;
  readonly #writers = new Mutex();
  /** What the next writer builds on; ahead of `#published` while an fsync is under way. */
  #latest: DatabaseVersion;
  #published: DatabaseVersion;
  #lastDurable: Promise<void> = Promise.resolve();
  #failure: unknown;

  private constructor(context: EngineContext, maintenance: KernelConnection, version: DatabaseVersion) {
    this.context = context;
    this.#maintenance = maintenance;
    this.#latest = version;
    this.#published = version;
  }

  /** Opens a data directory, or makes one. The caller holds the directory's lock. */
  static async open(
    ports: EnginePorts,
    dataDir: string,
    onWarning: WarningListener,
    limits: EngineLimits = DEFAULT_LIMITS,
  ): Promise<Engine> {
    const opened: { close(): Promise<void> }[] = [];
    try {
      const manifest = await Manifest.open(ports.fileSystem, `${dataDir}/manifest`);
      opened.push(manifest);
      const changes = new LoggedChanges();
      const log = await FileLog.open(ports.fileSystem, `${dataDir}/log`, (payload) => {
        const record = decodeCommit(payload);
        changes.add(record, manifest.state);
        return record.seq;
      });
      opened.push(log);
      const maintenance = await ports.kernel.connect();
      const pins = new Pins((error) =>
        onWarning(
          new AlopexError(SqlState.ioError, 'a file that is no longer needed could not be removed', { cause: error }),
        ),
      );
      const gate = new FileGate(ports.fileSystem);
      const context: EngineContext = {
        ...ports,
        dataDir,
        limits,
        manifest,
        log,
        gate,
        pins,
        fileIds: new FileIds(),
        fileNumbers: new FileNumbers(manifest.state.nextFileId),
      };
      await ports.fileSystem.makeFolder(`${dataDir}/tmp`);
      await removeOrphans(context);
      await createStoreDatabase(maintenance);
      const seq = Math.max(manifest.state.seq, changes.lastSeq);
      const tables = new Map<string, TableVersion>();
      for (const table of manifest.state.tables.values()) {
        const version = await recoverTable(context, maintenance, table, changes.of(table.tableId), seq);
        tables.set(version.name.toLowerCase(), version);
      }
      return new Engine(context, maintenance, { seq, tables, schemaEpoch: 0 });
    } catch (error) {
      for (const file of opened) await file.close();
      throw error;
    }
  }

  /** A consistent, unchanging view of all tables. Must be released. */
  pin(): Pin {
    this.#checkRunning();
    return this.context.pins.pin(this.#published);
  }

  /**
   * Runs `body` with no other writer at work; returns when what it did is durable and published. `body` changes nothing before it commits, so an
   * error leaves the database as it was.
   */
  async write<T>(body: (writer: Writer) => Promise<T>): Promise<T> {
    const { result, durable } = await this.#writers.run(async () => {
      this.#checkRunning();
      const result = await body(
        new Writer(this.context, this.#latest, this.#lastDurable, (change) => this.#accept(change)),
      );
      return { result, durable: this.#lastDurable };
    });
    await durable;
    return result;
  }

  /** Flushes every table with anything in memory, and trims the log. */
  async checkpoint(connection: KernelConnection): Promise<void> {
    await this.write(async (writer) => {
      for (const table of this.#latest.tables.values()) await writer.flush(connection, table.name);
    });
    await this.#trimLog();
  }

  async close(): Promise<void> {
    await this.#writers.run(async () => {
      await this.#lastDurable.catch(() => undefined); // Its own caller was told.
      this.#failure ??= new Error('closed');
    });
    this.context.pins.collect();
    await this.context.pins.settled();
    await this.context.log.close();
    await this.context.manifest.close();
    this.#maintenance.close();
  }

  #checkRunning(): void {
    const failure = this.#failure ?? this.context.manifest.failure;
    if (failure === undefined) return;
    throw new AlopexError(SqlState.cannotConnectNow, 'the database has stopped', {
      hint: 'Open it again: everything that was acknowledged is there.',
      cause: failure,
    });
  }

  /** Makes a change the newest version now, and the published one when it is durable. */
  #accept(change: AcceptedChange): void {
    this.#latest = change.version;
    this.#lastDurable = this.#publish(change);
    // Whoever wrote waits for it in `write`; a writer that failed after its commit must not leave it unhandled.
    this.#lastDurable.catch(() => undefined);
  }

  async #publish({ version, durable, garbage }: AcceptedChange): Promise<void> {
    try {
      await durable;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
    this.#published = version;
    for (const collect of garbage) this.context.pins.discard(version.seq, () => collect(this.#maintenance));
    this.context.pins.collect();
  }

  /** Removes log files whose commits are all in segments. */
  async #trimLog(): Promise<void> {
    await this.#writers.run(async () => {
      const dirty = [...this.#latest.tables.values()].filter((table) => table.memtable.sizeBytes > 0);
      const flushed = dirty.map((table) => this.context.manifest.state.tables.get(table.tableId)?.flushedSeq ?? 0);
      await this.context.log.seal();
      await this.context.log.trim(Math.min(...flushed.map((seq) => seq + 1), this.#latest.seq + 1));
    });
  }
}

/** What becomes removable with a change. */
export type Garbage = (connection: KernelConnection) => Promise<void>;

export interface AcceptedChange {
  readonly version: DatabaseVersion;
  readonly durable: Promise<void>;
  readonly garbage: readonly Garbage[];
}

/** The write lock, held. */
export class Writer {
  readonly context: EngineContext;
  #latest: DatabaseVersion;
  #lastDurable: Promise<void>;
  readonly #accept: (change: AcceptedChange) => void;

  constructor(
    context: EngineContext,
    latest: DatabaseVersion,
    lastDurable: Promise<void>,
    accept: (change: AcceptedChange) => void,
  ) {
    this.context = context;
    this.#latest = latest;
    this.#lastDurable = lastDurable;
    this.#accept = accept;
  }

  /** The newest version: every earlier commit is in it, acknowledged or about to be. */
  get latest(): DatabaseVersion {
    return this.#latest;
  }

  get nextSeq(): number {
    return this.#latest.seq + 1;
  }

  table(name: string): TableVersion {
    const table = this.#latest.tables.get(name.toLowerCase());
    if (table === undefined) throw undefinedTable(name);
    return table;
  }

  /** Commits the rows and deletes of one statement: small ones by the log, large ones by segments. */
  async commit(connection: KernelConnection, request: TableChangeRequest): Promise<void> {
    const rowCount = Math.max(request.rows?.rowCount ?? 0, deleteCount(request.deletes));
    if (rowCount === 0) return;
    const { limits } = this.context;
    const full = request.version.memtable.sizeBytes > limits.memtableBytes;
    if (rowCount > limits.largeRows || full) await this.#commitToSegments(connection, request);
    else this.#acceptTable(await commitToLog(this.context, connection, this.nextSeq, request), []);
  }

  /** Writes a table's memtable and deletes to files; does nothing when there are none. */
  async flush(connection: KernelConnection, name: string): Promise<void> {
    const version = this.table(name);
    if (version.memtable.sizeBytes > 0) await this.#commitToSegments(connection, { version });
  }

  async #commitToSegments(connection: KernelConnection, request: TableChangeRequest): Promise<void> {
    await this.settle();
    const { version } = request;
    const change = await commitToSegments(this.context, connection, this.nextSeq, request);
    this.#acceptTable(change, [
      async (maintenance) => {
        await dropKernelTable(maintenance, version.memtable.table);
        await maintenance.run(
          `DELETE FROM ${version.deletesTable} WHERE file_id = 0 AND pos < ${version.memtable.nextRid}`,
        );
      },
    ]);
  }

  /** Waits until all earlier commits are durable: a manifest edit must not overtake the log. */
  async settle(): Promise<void> {
    await this.#lastDurable;
  }

  #acceptTable(change: CommittedChange, garbage: readonly Garbage[]): void {
    this.accept({
      version: withTable(this.#latest, change.version),
      durable: change.durable,
      garbage,
    });
  }

  /** Takes a change that this writer's caller has made durable by a manifest edit, or that the log is about to. */
  accept(change: AcceptedChange): void {
    this.#latest = change.version;
    this.#lastDurable = change.durable;
    this.#accept(change);
  }
}

/** A database version with one table replaced or added. */
export function withTable(version: DatabaseVersion, table: TableVersion, schemaChanged = false): DatabaseVersion {
  return {
    seq: table.seq,
    tables: new Map(version.tables).set(table.name.toLowerCase(), table),
    schemaEpoch: version.schemaEpoch + Number(schemaChanged),
  };
}

export function undefinedTable(name: string): AlopexError {
  return new AlopexError(SqlState.undefinedTable, `table "${name}" does not exist`, {
    hint: 'SELECT name FROM alopex.tables lists the tables.',
  });
}
