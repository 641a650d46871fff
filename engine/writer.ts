import type { AcceptedChange, CommitTarget, Garbage } from './commits.ts';
import type { EngineContext } from './context.ts';
import { AlopexError, SqlState } from './errors.ts';
import type { KernelConnection } from './ports/kernel.ts';
import { commitToLog, prepareSegments, type CommittedChange, type TableChangeRequest } from './table/commit.ts';
import { dropKernelTable } from './table/kernel-tables.ts';
import { displayName, lookUp, MAIN_PATH, objectKey, type ObjectName, type SearchPath } from './table/object-name.ts';
import { wrongKind } from './table/relations.ts';
import { deleteCount } from './table/staged.ts';
import type { DatabaseVersion, TableVersion } from './table/version.ts';

/** Where statements read and change tables: the write lock, or a transaction. */
export interface TableWriter {
  readonly context: EngineContext;
  readonly latest: DatabaseVersion;
  /** Where it looks for plain names: set for each statement. */
  searchPath: SearchPath;
  /** Runs before anything is committed: set for each statement. */
  beforeCommit: (() => Promise<void>) | undefined;
  /** Throws `42P01`, and `42809` for a view. */
  table(name: ObjectName): TableVersion;
  /** Told of the tables that a statement which changes rows depends on. */
  reads(tableIds: readonly number[]): void;
  commit(connection: KernelConnection, request: TableChangeRequest): Promise<void>;
}

/**
 * The write lock of tables, held. Tables change through it alone; commits of other kinds may come in between. Where its changes go is up to `commits`: a transaction that defines
 * something keeps them to itself until it commits.
 */
export class Writer implements TableWriter {
  readonly context: EngineContext;
  searchPath: SearchPath = MAIN_PATH;
  beforeCommit: (() => Promise<void>) | undefined;
  #published: Promise<void> | undefined;
  readonly #commits: CommitTarget;
  readonly #maintenance: KernelConnection;

  constructor(context: EngineContext, commits: CommitTarget, maintenance: KernelConnection) {
    this.context = context;
    this.#commits = commits;
    this.#maintenance = maintenance;
  }

  /** Resolves when the last of its commits is published; nothing without one. Those of others are none of its business. */
  get published(): Promise<void> | undefined {
    return this.#published;
  }

  /** The newest version: every earlier commit is in it, acknowledged or about to be. */
  get latest(): DatabaseVersion {
    return this.#commits.latest;
  }

  table(name: ObjectName): TableVersion {
    return requireTable(this.latest, name, this.searchPath);
  }

  /** Whether what it does can still be undone. */
  get isInTransaction(): boolean {
    return false;
  }

  reads(): void {
    // It holds the lock: what it reads stays as it is.
  }

  /** Runs the part of a change that needs its number, which ends with `accept`. Meanwhile nothing else commits, so it is short. */
  async sequenced<T>(body: (seq: number) => Promise<T>): Promise<T> {
    await this.beforeCommit?.();
    return this.#commits.run(body);
  }

  /** Commits the rows and deletes of one statement: small ones by the log, large ones by segments. */
  async commit(connection: KernelConnection, request: TableChangeRequest): Promise<void> {
    const rowCount = Math.max(request.rows?.rowCount ?? 0, deleteCount(request.deletes));
    if (rowCount === 0) return;
    const { limits } = this.context;
    const full = request.version.memtable.sizeBytes > limits.memtableBytes;
    if (rowCount > limits.largeRows || full) {
      refuseMoreSegments(request.version, limits.maxSegments);
      await this.commitToSegments(connection, request);
      return;
    }
    // Rows stay in the order of their commits.
    await request.version.memtable.pending.load();
    await this.sequenced(async (seq) => {
      const { versions, durable } = await commitToLog(this.context, connection, seq, [request]);
      for (const version of versions) this.#acceptTable({ version, durable }, []);
    });
  }

  /** Writes a table's memtable and deletes to files; does nothing when there are none. */
  async flush(connection: KernelConnection, name: ObjectName): Promise<void> {
    const version = this.table(name);
    if (version.memtable.sizeBytes > 0) await this.commitToSegments(connection, { version });
  }

  /** Commits them by segments, whatever their size. */
  async commitToSegments(connection: KernelConnection, request: TableChangeRequest): Promise<void> {
    const { version } = request;
    const prepared = await prepareSegments(this.context, connection, request);
    await this.sequenced(async (seq) => {
      const change = await prepared.commit(seq, () => this.settle());
      this.#acceptTable(change, [
        this.context.movedRows.add(version.tableId, change.flushed),
        async () => {
          await dropKernelTable(this.#maintenance, version.memtable.table);
          await this.#maintenance.run(
            `DELETE FROM ${version.deletesTable} WHERE file_id = 0 AND pos < ${version.memtable.nextRid}`,
          );
        },
      ]);
    });
  }

  /** Waits until all earlier commits are durable: a manifest edit must not overtake the log. */
  settle(): Promise<void> {
    return this.#commits.settle();
  }

  #acceptTable(change: CommittedChange, garbage: readonly Garbage[]): void {
    this.accept({
      version: withTable(this.latest, change.version),
      durable: change.durable,
      garbage,
    });
  }

  /** Takes a change that this writer's caller has made durable by a manifest edit, or that the log is about to. Within `sequenced`. */
  accept(change: AcceptedChange): void {
    this.#published = this.#commits.accept(change);
  }

  /** For what becomes garbage: it outlives the statement. */
  get maintenance(): KernelConnection {
    return this.#maintenance;
  }
}

/** A database version with one table replaced or added. */
export function withTable(version: DatabaseVersion, table: TableVersion): DatabaseVersion {
  return {
    ...version,
    seq: table.seq,
    tables: new Map(version.tables).set(objectKey(table.schemaName, table.name), table),
  };
}

/** Throws `42P01`, and `42809` for a view. */
export function requireTable(version: DatabaseVersion, name: ObjectName, path: SearchPath): TableVersion {
  const table = lookUp(version.tables, name, path);
  if (table !== undefined) return table;
  const shown = displayName(name);
  if (version.definitions.find('view', name, path) !== undefined) {
    throw wrongKind(name, 'view', 'Rows are changed in the tables below it; DROP VIEW and ALTER VIEW are for views.');
  }
  throw new AlopexError(SqlState.undefinedTable, `table "${shown}" does not exist`, {
    hint: 'SELECT schema_name, name FROM alopex.tables lists the tables.',
  });
}

/** Compaction keeps the number far below, unless it fails or is switched off. */
function refuseMoreSegments({ name, files }: TableVersion, maxSegments: number): void {
  if (files.length < maxSegments) return;
  const hot = files.filter((file) => file.tier === 'hot').length;
  if (hot < maxSegments) return;
  throw new AlopexError(
    SqlState.configurationLimitExceeded,
    `table "${name}" has ${hot} hot segments, and the limit is ${maxSegments}`,
    { hint: `Run VACUUM ${name}, move rows to the cold tier, or raise the limit maxSegments.` },
  );
}
