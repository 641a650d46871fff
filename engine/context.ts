import { AlopexError, SqlState } from './errors.ts';
import type { EngineLimits } from './limits.ts';
import type { ReadCache } from './cache/read-cache.ts';
import type { CommitTimes } from './history/commit-times.ts';
import type { CommitLog } from './log/log.ts';
import type { ManifestEdits } from './lsm/manifest.ts';
import type { Pins } from './lsm/pins.ts';
import type { TableState } from './lsm/state.ts';
import type { Clock } from './ports/clock.ts';
import type { ColdStorage, ColdStorageResolver } from './ports/cold-storage.ts';
import type { ColdTable } from './ports/cold-table.ts';
import type { FileSystem } from './ports/file-system.ts';
import type { Kernel } from './ports/kernel.ts';
import type { KvJobRunner } from './ports/kv-jobs.ts';
import type { Random } from './ports/random.ts';
import type { FileGate } from './table/file-gate.ts';
import type { Rewrites } from './table/moved-rows.ts';
import type { RowLoader } from './table/row-loader.ts';
import type { TableVersion } from './table/version.ts';

/** Everything outside that the engine needs. */
export interface EnginePorts {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly kernel: Kernel;
  readonly storage: ColdStorageResolver;
  readonly jobs: KvJobRunner;
}

/** What the parts of the engine share. */
export interface EngineContext extends EnginePorts {
  readonly dataDir: string;
  readonly limits: EngineLimits;
  readonly manifest: ManifestEdits;
  readonly log: CommitLog;
  readonly gate: FileGate;
  /** Where remote files are read. */
  readonly cache: ReadCache;
  readonly pins: Pins;
  readonly fileIds: FileIds;
  readonly fileNumbers: FileNumbers;
  readonly loader: RowLoader;
  readonly movedRows: Rewrites;
  readonly commitTimes: CommitTimes;
}

/** Numbers new segments and delete files. A number is never given out twice, also when its file comes to nothing. */
export class FileNumbers {
  #next: number;

  constructor(next: number) {
    this.#next = next;
  }

  next(): number {
    return this.#next++;
  }

  /** The first of `count` numbers that belong to the caller. */
  reserve(count: number): number {
    const first = this.#next;
    this.#next += count;
    return first;
  }
}

/** Numbers data files for this process: positions in the kernel name files by number. */
export class FileIds {
  readonly #ids = new Map<string, number>();

  idOf(tableId: number, name: string): number {
    const key = `${tableId}/${name}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#ids.size + 1;
      this.#ids.set(key, id);
    }
    return id;
  }
}

/** The store and the Iceberg table behind a table. */
export function openColdTable(context: EnginePorts, table: TableState): ColdStorage & { readonly table: ColdTable } {
  const storage = context.storage.open(table.options.coldStorage);
  return { ...storage, table: storage.catalog.table(table.coldPrefix) };
}

export function tableState(
  context: Pick<EngineContext, 'manifest'>,
  version: Pick<TableVersion, 'tableId'>,
): TableState {
  const state = context.manifest.state.tables.get(version.tableId);
  if (state === undefined) throw new AlopexError(SqlState.undefinedTable, 'the table was dropped meanwhile');
  return state;
}
