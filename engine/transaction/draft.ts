import type { AcceptedChange, CommitTarget, Garbage } from '../commits.ts';
import type { EngineContext } from '../context.ts';
import type { Engine, HeldLock } from '../engine.ts';
import { notRemoved } from '../lsm/pins.ts';
import type { Edit, ManifestState } from '../lsm/state.ts';
import { periodFiles } from '../lsm/table-history.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { deleteFileName, historyFileName, segmentName } from '../table/data-file.ts';
import { removeTableFolders } from '../table/ddl.ts';
import { dropKernelTable } from '../table/kernel-tables.ts';
import { dropKernelSequence } from '../table/sequences.ts';
import type { DatabaseVersion, TableVersion } from '../table/version.ts';
import type { Writer } from '../writer.ts';
import { committedEdits } from './committed-edits.ts';
import { DraftManifest } from './draft-manifest.ts';
import { DraftRewrites } from './draft-rewrites.ts';
import { DraftWriter } from './draft-writer.ts';

/** Where a draft keeps its latest version. */
export interface DraftVersion {
  latest: DatabaseVersion;
}

/** A state of a draft, to go back to. */
export interface DraftMark {
  readonly steps: number;
  readonly edits: number;
  readonly rewrites: number;
  /** Number of the last change. */
  readonly seq: number;
}

interface Step {
  readonly before: DatabaseVersion;
  readonly after: DatabaseVersion;
  readonly garbage: readonly Garbage[];
}

/**
 * The next version of the database, as a transaction that defines something makes it. Nothing of it is durable or seen by others before `commit`, which makes all of it so by one edit of the
 * manifest. It has the write lock of tables from its beginning to its end.
 *
 * Files, tables of the kernel and deleted positions are made as they are by any commit. Nobody comes across them: files and tables have names that no version of others has, and the numbers of the
 * draft's changes, under which positions are deleted, are greater than that of any table that others see.
 */
export class Draft implements CommitTarget {
  readonly writer: DraftWriter;
  readonly #engine: Engine;
  readonly #lock: HeldLock;
  readonly #manifest: DraftManifest;
  readonly #rewrites: DraftRewrites;
  readonly #context: EngineContext;
  readonly #version: DraftVersion;
  #steps: Step[] = [];
  readonly #firstSeq: number;
  /** Numbers are not given out twice in one draft. */
  #seq: number;
  /** From then on it may be durable. */
  #isInDoubt = false;

  constructor(engine: Engine, lock: HeldLock, version: DraftVersion) {
    this.#engine = engine;
    this.#lock = lock;
    this.#version = version;
    this.#firstSeq = version.latest.seq;
    this.#seq = this.#firstSeq;
    this.#manifest = new DraftManifest(engine.context.manifest);
    this.#rewrites = new DraftRewrites(engine.context.movedRows);
    this.#context = { ...engine.context, manifest: this.#manifest, movedRows: this.#rewrites };
    this.writer = new DraftWriter(this.#context, this, lock.writer.maintenance);
  }

  get latest(): DatabaseVersion {
    return this.#version.latest;
  }

  run<T>(body: (seq: number) => Promise<T>): Promise<T> {
    this.#engine.commits.checkRunning();
    return body(++this.#seq);
  }

  accept({ version, garbage }: AcceptedChange): Promise<void> {
    this.#steps.push({ before: this.latest, after: version, garbage });
    this.#version.latest = version;
    return Promise.resolve();
  }

  /** Nothing is written before `commit`. */
  settle(): Promise<void> {
    return Promise.resolve();
  }

  get mark(): DraftMark {
    return {
      steps: this.#steps.length,
      edits: this.#manifest.edits.length,
      rewrites: this.#rewrites.count,
      seq: this.#seq,
    };
  }

  /** Removes what was made since the mark, and returns the tables that there are no more. The latest version is for the caller to put back. */
  async rollBackTo({ steps, edits, rewrites, seq }: DraftMark): Promise<TableVersion[]> {
    const undone = this.#steps.splice(steps);
    this.#rewrites.rollBackTo(rewrites);
    const made = madeBy(undone, this.#manifest.rollBackTo(edits), this.#manifest.state);
    await this.#removeFromKernel(made, seq);
    await this.#removeFiles(made);
    return undone.flatMap(changedTables);
  }

  async #removeFromKernel({ deletesTables, memtables, tables, sequences }: Made, seq: number): Promise<void> {
    const { maintenance } = this.#lock.writer;
    try {
      for (const table of deletesTables) await maintenance.run(`DELETE FROM ${table} WHERE seq > ${seq}`);
      for (const table of memtables) await dropKernelTable(maintenance, table);
      for (const table of tables) await dropKernelTable(maintenance, table.deletesTable);
      for (const definitionId of sequences) await dropKernelSequence(maintenance, definitionId);
    } catch (error) {
      // Positions that stay would count as deleted by the commits that get their numbers.
      this.#engine.commits.fail(error);
      throw error;
    }
  }

  /** What cannot be removed now goes at the next open. */
  async #removeFiles({ tables, paths }: Pick<Made, 'tables' | 'paths'>): Promise<void> {
    const { fileSystem, dataDir } = this.#context;
    try {
      for (const table of tables) await removeTableFolders(this.#context, table);
      for (const path of paths) await fileSystem.remove(`${dataDir}/${path}`);
    } catch (error) {
      this.#engine.warn(notRemoved(error));
    }
  }

  /** Whether nothing was defined: then there is nothing to commit but rows, if any. */
  get isEmpty(): boolean {
    return this.#manifest.edits.length === 0;
  }

  /** Makes all of it durable and published, rows too. `check` throws when that must not be. It has still to be ended. */
  async commit(connection: KernelConnection, check: () => void): Promise<void> {
    const { commits, context, sequences } = this.#engine;
    for (const table of this.latest.tables.values()) {
      if (table.overlay !== undefined) await this.writer.flush(connection, table);
    }
    const unreserved = await sequences.unreserved(this.#manifest.state.catalog);
    const published = await commits.run(async (firstSeq) => {
      check();
      const seq = Math.max(firstSeq, this.#seq);
      await commits.settle();
      this.#isInDoubt = true;
      const { edits, unused } = committedEdits(this.#manifest.edits, seq, context.commitTimes.nowMs());
      const { definitions } = context.manifest.state.catalog;
      // Others have had no values of its own sequences.
      const reserved = unreserved.filter(({ definitionId }) => !definitions.has(definitionId));
      const all = [...edits, ...reserved.map((each): Edit => ({ kind: 'reserve-sequence', ...each }))];
      await context.manifest.commit({ kind: 'batch', firstSeq, seq, edits: all }); // The commit point.
      this.#rewrites.publish();
      const remove = (): Promise<void> => this.#removeFiles({ tables: [], paths: unused });
      const garbage = [...this.#steps.flatMap((step) => step.garbage), remove];
      const published = commits.accept({ version: { ...this.latest, seq }, durable: Promise.resolve(), garbage });
      this.#steps = [];
      return { published };
    });
    await published.published;
  }

  /** Runs `body` with the write lock, past the draft. */
  async write(body: (writer: Writer) => Promise<void>): Promise<void> {
    await body(this.#lock.writer);
    await this.#engine.commits.lastDurable;
  }

  /** Gives the lock back. Of what was not committed nothing is left, but for what may be durable after a failed commit. Returns the tables that there are no more. */
  async end(): Promise<TableVersion[]> {
    try {
      return this.#isInDoubt ? [] : await this.rollBackTo({ steps: 0, edits: 0, rewrites: 0, seq: this.#firstSeq });
    } finally {
      await this.#lock.release();
    }
  }
}

/** What changes that are undone have made, and nobody needs any more. */
interface Made {
  readonly tables: readonly TableVersion[];
  /** Of tables that stay. */
  readonly memtables: ReadonlySet<string>;
  readonly deletesTables: ReadonlySet<string>;
  /** Files of tables that stay, below the data directory. */
  readonly paths: readonly string[];
  readonly sequences: readonly number[];
}

function changedTables({ before, after }: Step): TableVersion[] {
  const known = new Set(before.tables.values());
  return [...after.tables.values()].filter((table) => !known.has(table));
}

/** `state` is that without the changes. */
function madeBy(steps: readonly Step[], edits: readonly Edit[], { nextTableId, catalog }: ManifestState): Made {
  const tables = new Map<number, TableVersion>();
  const memtables = new Set<string>();
  const deletesTables = new Set<string>();
  for (const step of steps) {
    const kept = new Set([...step.before.tables.values()].map(({ memtable }) => memtable.table));
    for (const table of changedTables(step)) {
      if (table.tableId >= nextTableId && !tables.has(table.tableId)) tables.set(table.tableId, table);
      if (!kept.has(table.memtable.table)) memtables.add(table.memtable.table);
      if (table.tableId < nextTableId) deletesTables.add(table.deletesTable);
    }
  }
  const paths = edits.flatMap((edit) => {
    if ((edit.kind !== 'change-files' && edit.kind !== 'alter-table') || edit.tableId >= nextTableId) return [];
    const past = edit.period === undefined ? [] : periodFiles(edit.period);
    const names = past.map(({ fileId }) => historyFileName(edit.tableId, fileId));
    if (edit.kind === 'alter-table') return names;
    return [
      ...names,
      ...edit.addSegments.map(({ fileId }) => segmentName(edit.tableId, fileId)),
      ...edit.addDeleteFiles.map(({ fileId }) => deleteFileName(edit.tableId, fileId)),
    ];
  });
  const sequences = edits
    .flatMap((edit) => {
      if (edit.kind === 'put-definition') return [edit.definition];
      return edit.kind === 'create-table' || edit.kind === 'alter-table' ? (edit.sequences ?? []) : [];
    })
    .filter(({ kind, definitionId }) => kind === 'sequence' && definitionId >= catalog.nextDefinitionId)
    .map(({ definitionId }) => definitionId);
  return { tables: [...tables.values()], memtables, deletesTables, paths, sequences };
}
