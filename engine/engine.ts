import { ReadCache } from './cache/read-cache.ts';
import { Commits } from './commits.ts';
import { FileIds, FileNumbers, type EngineContext, type EnginePorts } from './context.ts';
import { DEFAULT_LIMITS, type EngineLimits } from './limits.ts';
import { AlopexError, SqlState } from './errors.ts';
import { CommitTimes } from './history/commit-times.ts';
import { forgetOld } from './history/forget.ts';
import { KvReplay, KvStore } from './kv/store/kv-store.ts';
import { decodeCommit } from './log/commit-record.ts';
import { FileLog, type LogOptions } from './log/log.ts';
import { TableCompaction } from './lsm/compaction/table-compaction.ts';
import type { TableMetrics } from './lsm/compaction/metrics.ts';
import { Manifest } from './lsm/manifest.ts';
import { notRemoved, Pins, type Pin } from './lsm/pins.ts';
import type { KernelConnection } from './ports/kernel.ts';
import { LoggedChanges, recoverTable, refuseLostManifest, removeOrphans } from './recovery.ts';
import { RowCommits, type RowInsert, type RowMetrics } from './row-commits.ts';
import { createStoreDatabase } from './table/kernel-tables.ts';
import { Definitions } from './table/definition.ts';
import { MAIN_PATH, objectKey, type ObjectName, type SearchPath } from './table/object-name.ts';
import { FileGate } from './table/file-gate.ts';
import type { FileKeys } from './table/file-keys.ts';
import { FileWork } from './table/file-work.ts';
import { MovedRows } from './table/moved-rows.ts';
import { RowLoader } from './table/row-loader.ts';
import { SequenceBounds } from './table/sequences.ts';
import type { DatabaseVersion, TableVersion } from './table/version.ts';
import { WriteLock, type LockWait } from './write-lock.ts';
import { Writer } from './writer.ts';

/** Hears of trouble that fails no statement, such as a file that could not be removed. */
export type WarningListener = (warning: AlopexError) => void;

export interface EngineOptions {
  readonly limits: EngineLimits;
  readonly log: LogOptions;
}

export const DEFAULT_ENGINE_OPTIONS: EngineOptions = {
  limits: DEFAULT_LIMITS,
  log: { durability: 'full', syncIntervalMs: 100 },
};

/**
 * The storage engine: versions, and the one way in which they change. See README.md for the invariants.
 *
 * Readers pin the published version. Writers of tables take turns (`write`); keys are written past them (`kv`). Both commit through `commits`.
 */
export class Engine {
  readonly context: EngineContext;
  readonly commits: Commits;
  readonly kv: KvStore;
  readonly sequences: SequenceBounds;
  /** Held by whoever rewrites a table's files. */
  readonly fileWork = new FileWork();
  readonly #compaction: TableCompaction;
  readonly #maintenance: KernelConnection;
  readonly #writers: WriteLock;
  /** Whoever has the write lock for more than a statement. */
  #holder: LockHolder | undefined;
  readonly #manifest: Manifest;
  readonly #rowCommits: RowCommits;
  readonly #onWarning: WarningListener;
  #background: Promise<void> = Promise.resolve();
  #isShortening = false;
  #isClosing = false;

  private constructor(
    context: EngineContext,
    manifest: Manifest,
    commits: Commits,
    kv: KvStore,
    maintenance: KernelConnection,
    onWarning: WarningListener,
  ) {
    this.context = context;
    this.#manifest = manifest;
    this.#writers = new WriteLock(context.clock);
    this.commits = commits;
    this.kv = kv;
    this.sequences = new SequenceBounds(context);
    this.#maintenance = maintenance;
    this.#onWarning = onWarning;
    const pin = (): Pin => this.pin();
    const maintain = <T>(body: (writer: Writer) => Promise<T>): Promise<T> => this.maintain(body);
    this.#compaction = new TableCompaction({ context, commits, fileWork: this.fileWork, pin, maintain }, onWarning);
    this.#rowCommits = new RowCommits(context, commits, this.#writers, (before, after) => {
      this.#shortenLog();
      return this.#compaction.committed(before, after);
    });
  }

  /** Opens a data directory, or makes one. The caller holds the directory's lock. */
  static async open(
    ports: EnginePorts,
    dataDir: string,
    onWarning: WarningListener,
    options: EngineOptions = DEFAULT_ENGINE_OPTIONS,
  ): Promise<Engine> {
    const opened: { close(): Promise<void> }[] = [];
    try {
      await refuseLostManifest(ports.fileSystem, dataDir);
      const manifest = await Manifest.open(ports.fileSystem, `${dataDir}/manifest`);
      opened.push(manifest);
      const changes = new LoggedChanges(manifest.state);
      const keys = new KvReplay(manifest.state.kv);
      const log = await FileLog.open(ports, `${dataDir}/log`, options.log, (payload) => {
        const record = decodeCommit(payload);
        changes.add(record);
        keys.add(record);
        return record.seq;
      });
      opened.push(log);
      const maintenance = await ports.kernel.connect();
      const pins = new Pins((error) => onWarning(notRemoved(error)));
      const context: EngineContext = {
        ...ports,
        dataDir,
        limits: options.limits,
        manifest,
        log,
        gate: new FileGate(ports.fileSystem),
        cache: new ReadCache({
          ...ports,
          folder: `${dataDir}/cache`,
          limitBytes: options.limits.readCacheBytes,
        }),
        pins,
        fileIds: new FileIds(),
        fileNumbers: new FileNumbers(manifest.state.nextFileId),
        loader: new RowLoader(ports.kernel),
        movedRows: new MovedRows(),
        commitTimes: new CommitTimes(ports.clock),
      };
      for (const { history } of manifest.state.tables.values()) context.commitTimes.begin(history?.fromMs ?? 0);
      await ports.fileSystem.makeFolder(`${dataDir}/tmp`);
      await removeOrphans(context);
      await createStoreDatabase(maintenance);
      const seq = Math.max(manifest.state.seq, manifest.state.kv.flushedSeq, changes.lastSeq);
      const tables = new Map<string, TableVersion>();
      for (const table of manifest.state.tables.values()) {
        const version = await recoverTable(context, maintenance, table, changes.of(table.tableId), seq);
        tables.set(objectKey(version.schemaName, version.name), version);
      }
      const commits = new Commits(context, {
        seq,
        tables,
        definitions: new Definitions(manifest.state.catalog.definitions.values()),
      });
      const hooks = { onFlush: (): void => undefined };
      const kv = await KvStore.open(context, commits, keys, {
        runner: ports.jobs,
        onWarning,
        onFlush: () => hooks.onFlush(),
      });
      const engine = new Engine(context, manifest, commits, kv, maintenance, onWarning);
      await engine.sequences.open(maintenance);
      await engine.#forgetOld();
      hooks.onFlush = () => engine.#inBackground(() => engine.#trimLog());
      return engine;
    } catch (error) {
      for (const file of opened) await file.close().catch(() => undefined); // The first failure says why.
      throw error;
    }
  }

  /** A consistent, unchanging view of all tables and keys. Must be released. */
  pin(): Pin {
    this.commits.checkRunning();
    return this.context.pins.pin(this.commits.published);
  }

  /**
   * Runs `body` with no other writer of tables at work; returns when what it did is durable and published. `body` changes nothing before it commits, so an
   * error leaves the database as it was. Throws `55P03` when the lock is not to be had in time.
   */
  async write<T>(body: (writer: Writer) => Promise<T>, wait: LockWait = this.standardWait): Promise<T> {
    const { result, before, after } = await this.#write(body, wait);
    await this.#compaction.committed(before, after);
    return result;
  }

  /** As `write`, for work on files that is no statement's: it never waits for compaction, which may be waiting for it. */
  async maintain<T>(body: (writer: Writer) => Promise<T>): Promise<T> {
    return (await this.#write(body)).result;
  }

  async #write<T>(body: (writer: Writer) => Promise<T>, wait?: LockWait): Promise<Written<T>> {
    const { durable, ...written } = await this.#writers.run(async () => {
      this.commits.checkRunning();
      const before = this.commits.latest;
      const writer = new Writer(this.context, this.commits, this.#maintenance);
      const result = await body(writer);
      await this.#forgetOld(before);
      return { result, before, after: this.commits.latest, durable: writer.published };
    }, wait);
    await durable;
    this.#shortenLog();
    return written;
  }

  /** How long a statement waits for the write lock if nobody says otherwise. */
  get standardWait(): LockWait {
    return { timeoutMs: this.context.limits.lockTimeoutMs };
  }

  /**
   * Takes the write lock for more than a statement: others wait until `release`, and what is committed meanwhile concerns no table. `holder` has to release it at once when it is told to. Throws `55P03`.
   */
  async hold(holder: LockHolder, wait: LockWait): Promise<HeldLock> {
    const release = await this.#writers.acquire(wait);
    try {
      this.commits.checkRunning();
      if (this.#isClosing) throw new AlopexError(SqlState.cannotConnectNow, 'the database is closed');
    } catch (error) {
      release();
      throw error;
    }
    this.#holder = holder;
    const before = this.commits.latest;
    return {
      writer: new Writer(this.context, this.commits, this.#maintenance),
      release: async () => {
        this.#holder = undefined;
        const after = this.commits.latest;
        release();
        this.#shortenLog();
        await this.#compaction.committed(before, after);
      },
    };
  }

  /** Tells of trouble that fails no statement. */
  warn(warning: AlopexError): void {
    this.#onWarning(warning);
  }

  /**
   * Commits rows past the kernel; returns when they are durable and published. `false` when nothing was done, because it takes more than that to add them: a key may be there already, or the memtable is
   * full.
   */
  insertRows(insert: RowInsert): Promise<boolean> {
    return this.#rowCommits.commit(insert);
  }

  /** What is known of the primary keys in files. */
  get fileKeys(): FileKeys {
    return this.#rowCommits.fileKeys;
  }

  /** Counters of rows that were committed past the kernel. */
  get rowMetrics(): RowMetrics {
    return this.#rowCommits.metrics;
  }

  /** Counters of the compaction of tables. */
  get tableMetrics(): TableMetrics {
    return this.#compaction.metrics;
  }

  /** Flushes a table, or all, and merges their hot segments into as few as there can be. Throws `42P01`. */
  async vacuum(
    connection: KernelConnection,
    name: ObjectName | undefined,
    path: SearchPath = MAIN_PATH,
    wait: LockWait = this.standardWait,
  ): Promise<void> {
    const tables = await this.write(async (writer) => {
      writer.searchPath = path;
      const names = name === undefined ? [...writer.latest.tables.values()] : [writer.table(name)];
      for (const each of names) await writer.flush(connection, each);
      await this.#forgetOld();
      return names.map((each) => writer.table(each).tableId);
    }, wait);
    for (const tableId of tables) await this.#compaction.vacuum(connection, tableId);
  }

  /** Lets go of what is older than tables keep it: of tables whose files or columns are others than `before`, or of all. */
  async #forgetOld(before?: DatabaseVersion): Promise<void> {
    const { seq, tables } = this.commits.latest;
    for (const [key, table] of tables) {
      const old = before?.tables.get(key);
      if (old !== undefined && old.files === table.files && old.options === table.options) continue;
      await forgetOld(this.context, table, seq);
    }
  }

  /** Flushes keys and every table with anything in memory, and trims the log. */
  async checkpoint(connection: KernelConnection, wait: LockWait = this.standardWait): Promise<void> {
    await this.write(async (writer) => {
      for (const table of writer.latest.tables.values()) await writer.flush(connection, table);
      await this.#forgetOld();
    }, wait);
    await this.kv.flush();
    await this.#trimLog();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#holder?.letGo();
    await this.#compaction.close();
    await this.kv.close();
    await this.#background;
    await this.#writers.run(() => this.commits.stop());
    await this.#rowCommits.close();
    await this.context.loader.close();
    await this.context.cache.close();
    this.context.pins.collect();
    await this.context.pins.close();
    this.#maintenance.close();
    try {
      await this.context.log.close();
    } finally {
      try {
        await this.sequences.close();
      } finally {
        await this.#manifest.close();
      }
    }
  }

  /** The log holds what is in memory, and must not grow with all that ever was: what keeps it long is flushed. */
  #shortenLog(): void {
    const { log, limits } = this.context;
    if (log.sizeBytes < limits.logBytes || this.#isShortening) return;
    this.#isShortening = true;
    this.#inBackground(async () => {
      const connection = await this.context.kernel.connect();
      try {
        await this.checkpoint(connection, FOR_EVER);
      } finally {
        connection.close();
        this.#isShortening = false;
      }
    });
  }

  /** What fails here is tried again by later commits; a failure of the log or the manifest they are told. */
  #inBackground(work: () => Promise<void>): void {
    this.#background = this.#background.then(work).catch((error: unknown) => {
      // Closing cuts it short; the next open starts with a longer log.
      if (this.#isClosing && error instanceof AlopexError && error.code === SqlState.cannotConnectNow) return;
      this.#onWarning(new AlopexError(SqlState.ioError, 'the log could not be shortened', { cause: error }));
    });
  }

  /** Removes log files whose commits are all in segments. */
  async #trimLog(): Promise<void> {
    const { manifest, log } = this.context;
    if (this.#isClosing) return;
    await this.commits.run(async (nextSeq) => {
      const dirty = [...this.commits.latest.tables.values()].filter((table) => table.memtable.sizeBytes > 0);
      const flushed = dirty.map((table) => manifest.state.tables.get(table.tableId)?.flushedSeq ?? 0);
      if (this.kv.isDirty) flushed.push(manifest.state.kv.flushedSeq);
      await log.seal();
      await log.trim(Math.min(...flushed.map((seq) => seq + 1), nextSeq));
    });
  }
}

/** Has the write lock for more than a statement. */
export interface LockHolder {
  /** Called when the database is closed. */
  letGo(): Promise<void>;
}

/** The write lock of tables, until it is released. */
export interface HeldLock {
  /** Commits with it. */
  readonly writer: Writer;
  /** Gives the lock back at once; returns when compaction keeps up with what was committed. */
  release(): Promise<void>;
}

const FOR_EVER: LockWait = { timeoutMs: 0 };

/** What a turn of the write lock did, and the versions between which it did it. */
interface Written<T> {
  readonly result: T;
  readonly before: DatabaseVersion;
  readonly after: DatabaseVersion;
}
