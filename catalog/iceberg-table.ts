import { AlopexError, SqlState } from '../engine/errors.ts';
import type { Clock } from '../engine/ports/clock.ts';
import type {
  ColdChange,
  ColdCommit,
  ColdSnapshot,
  ColdTable,
  ColdTableDefinition,
  SnapshotInfo,
} from '../engine/ports/cold-table.ts';
import type { ObjectStore } from '../engine/ports/object-store.ts';
import type { Random } from '../engine/ports/random.ts';
import { CommitAttempt } from './commit-attempt.ts';
import type { PreparedCommit } from './commit-attempt.ts';
import { findConflict } from './conflict.ts';
import { liveFiles } from './live-files.ts';
import type { LiveFiles } from './live-files.ts';
import { currentSnapshot, snapshotById } from './metadata.ts';
import { findJob, snapshotInfo, TableReader } from './table-reader.ts';
import type { CurrentTable } from './table-reader.ts';

export interface IcebergTableOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  /** The table's folder in the store. */
  readonly prefix: string;
  readonly verify?: (key: string, bytes: Uint8Array) => void;
}

const maxAttempts = 10;

/**
 * One Iceberg table. Invariants:
 * - a commit happens in the moment in which its pointer version is created, and in no other;
 * - what a pointer version names was written before it, whole, and never changes;
 * - an answer that was lost is `unknown` until the store has shown who holds the version;
 * - nothing is deleted here: objects of attempts that lost are left to garbage collection.
 */
export class IcebergTable implements ColdTable {
  readonly #options: IcebergTableOptions;
  readonly #reader: TableReader;

  constructor(options: IcebergTableOptions) {
    this.#options = options;
    this.#reader = new TableReader(options.store, options.prefix, options.verify);
  }

  async load(snapshotId?: string): Promise<ColdSnapshot | undefined> {
    const table = await this.#reader.current();
    if (table === undefined) return undefined;
    return snapshotId === undefined ? this.#reader.coldSnapshot(table) : this.#reader.pastSnapshot(table, snapshotId);
  }

  async snapshots(): Promise<readonly SnapshotInfo[]> {
    const table = await this.#reader.current();
    return table === undefined ? [] : table.metadata.snapshots.map(snapshotInfo);
  }

  async findJob(jobId: string): Promise<SnapshotInfo | undefined> {
    const table = await this.#reader.current();
    const snapshot = table === undefined ? undefined : findJob(table.metadata, jobId);
    return snapshot === undefined ? undefined : snapshotInfo(snapshot);
  }

  /**
   * See `ColdTable.commit`. A job that is in the history already is `committed` with the current state and nothing
   * written. Throws when it fails before its pointer version is asked for: then nothing has happened.
   */
  async commit(definition: ColdTableDefinition, change: ColdChange): Promise<ColdCommit> {
    let base: { readonly uuid: string | undefined; readonly live: LiveFiles } | undefined;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const { pointerVersion, table } = await this.#reader.settled();
      if (table !== undefined && findJob(table.metadata, change.jobId) !== undefined) {
        return { kind: 'committed', snapshot: await this.#reader.coldSnapshot(table), written: [] };
      }
      const uuid = table?.metadata['table-uuid'];
      if (base?.uuid !== undefined && base.uuid !== uuid) {
        return { kind: 'conflict', reason: 'the table was dropped meanwhile' };
      }
      const manifests = table === undefined ? [] : await this.#reader.manifests(table, currentSnapshot(table.metadata));
      this.#reader.remember(manifests);
      const live = liveFiles(manifests);
      if (base === undefined) {
        const planned = await this.#plannedOn(table, live, change.baseSnapshotId);
        if (planned === undefined) {
          return {
            kind: 'conflict',
            reason: `snapshot ${String(change.baseSnapshotId)} is not in the table's history`,
          };
        }
        base = { uuid, live: planned };
      }
      const commit = new CommitAttempt(this.#options, this.#reader, definition, change, pointerVersion + 1, table);
      const reason = findConflict(base.live, live, commit.files);
      if (reason !== undefined) return { kind: 'conflict', reason };
      const prepared = await commit.prepare(manifests, live);
      const outcome = await this.#swap(prepared);
      if (outcome !== 'lost') return outcome;
    }
    return { kind: 'conflict', reason: `${String(maxAttempts)} other commits came first` };
  }

  async drop(): Promise<void> {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const { pointerVersion, table } = await this.#reader.settled();
      if (table === undefined) return;
      const version = pointerVersion + 1;
      try {
        const outcome = await this.#reader.pointers.create({ version, metadata: null, crc32: null });
        if (outcome === 'created') return;
      } catch (error) {
        const pointer = await this.#reader.pointers.read(version);
        if (pointer === undefined) throw error;
        if (pointer.metadata === null) return;
      }
    }
    throw new AlopexError(SqlState.lockNotAvailable, `${String(maxAttempts)} commits came before the table's removal`, {
      hint: 'Try again when fewer writers are at work.',
    });
  }

  /** The files of the snapshot that a change was planned on; `undefined` when the history does not know it. */
  async #plannedOn(
    table: CurrentTable | undefined,
    live: LiveFiles,
    snapshotId: string | undefined,
  ): Promise<LiveFiles | undefined> {
    if (snapshotId === undefined) return live;
    if (table === undefined) return undefined;
    const snapshot = snapshotById(table.metadata, BigInt(snapshotId));
    if (snapshot === undefined) return undefined;
    return snapshot === currentSnapshot(table.metadata)
      ? live
      : liveFiles(await this.#reader.manifests(table, snapshot));
  }

  /** The commit point, and what came of it. `lost` is proof that another writer holds the version. */
  async #swap(prepared: PreparedCommit): Promise<ColdCommit | 'lost'> {
    const { pointer } = prepared;
    let failure: unknown;
    try {
      const outcome = await this.#reader.pointers.create(pointer);
      if (outcome === 'created') return await this.#finish(prepared);
      failure = new AlopexError(SqlState.ioError, `${this.#reader.pointers.key(pointer.version)} exists but is absent`);
    } catch (error) {
      failure = error;
    }
    // Somebody holds the version, or the answer was lost: only the object itself can tell who.
    try {
      const holder = await this.#reader.pointers.read(pointer.version);
      if (holder === undefined) return { kind: 'unknown', cause: failure };
      if (holder.metadata !== pointer.metadata) return 'lost';
    } catch (error) {
      return { kind: 'unknown', cause: error };
    }
    return await this.#finish(prepared);
  }

  async #finish(prepared: PreparedCommit): Promise<ColdCommit> {
    this.#reader.remember(prepared.manifests);
    await this.#writeHint(prepared);
    return { kind: 'committed', snapshot: prepared.snapshot, written: prepared.written };
  }

  /** Lets engines that are given the table's folder find its metadata. The pointer, not this hint, says what is current. */
  async #writeHint({ pointer }: PreparedCommit): Promise<void> {
    const name = (pointer.metadata ?? '').replace(/\.metadata\.json$/, '');
    try {
      await this.#options.store.put(`${this.#reader.folder}/version-hint.text`, Buffer.from(name));
    } catch {
      // The commit has happened; the next one writes the hint again.
    }
  }
}
