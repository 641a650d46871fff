import type { Commits } from '../commits.ts';
import type { EngineContext } from '../context.ts';
import type { Bound } from './bound.ts';
import { compareBounds } from './bound-text.ts';
import type { DataFile } from './data-file.ts';
import { KeyFilter } from './key-filter.ts';
import { readKeys } from './key-reading.ts';
import type { Row } from './pending-rows.ts';
import { keyShape, type KeyShape, type RowKey } from './row-key.ts';
import { RowLoader } from './row-loader.ts';
import { filesScanSql } from './scan.ts';
import { admitFiles } from './table-files.ts';
import type { TableVersion } from './version.ts';

/** A file's keys are read when it has so many for each row that asked in vain: reading them takes about as long as those rows take the long way. */
const KEYS_PER_QUESTION = 20_000;
/** Keys in all filters: these are 24 MiB at most. */
const MAX_KEYS = 8 << 20;
/** A look-up reads the keys of so many of its files: about as long again as it takes to look for a key in all of them. */
const SHARE_PER_LOOKUP = 1 / 16;
/** A look-up in fewer files than that is fast enough. */
const MIN_FILES = 8;

/** What is known of the files of one table. */
interface TableFilters {
  readonly schemaId: number;
  readonly byFile: Map<number, KeyFilter>;
  /** How often each file was asked for a key while it had no filter. */
  readonly questions: Map<number, number>;
}

/**
 * Says of most keys that are in no file of a table that they are not, without reading: by the bounds of a file's keys, and by a filter of them. Filters are made when files are asked often, from all keys
 * that are or were in them: a file never changes, so a filter holds for as long as it has the file.
 */
export class FileKeys {
  readonly #context: EngineContext;
  readonly #commits: Commits;
  readonly #reader: RowLoader;
  readonly #tables = new Map<number, TableFilters>();
  readonly #making = new Map<DataFile, Promise<void>>();

  constructor(context: EngineContext, commits: Commits) {
    this.#context = context;
    this.#commits = commits;
    this.#reader = new RowLoader(context.kernel);
  }

  /** Whether a file may hold one of the keys of these rows. */
  mayHold(version: TableVersion, rows: readonly Row[], keys: readonly RowKey[]): boolean {
    if (version.files.length === 0) return false;
    const { byFile } = this.#filters(version);
    const bounds = firstKeys(version, rows);
    return version.files.some((file) => {
      const range = keyRange(version, file);
      const filter = byFile.get(file.fileId);
      return keys.some((key, index) => isWithin(range, bounds[index]) && filter?.mayHold(key) !== false);
    });
  }

  /** The files that may hold one of some keys, as far as filters say. Makes filters of files that are looked at time and again. */
  async narrow(
    version: TableVersion,
    files: readonly DataFile[],
    keys: readonly RowKey[],
  ): Promise<readonly DataFile[]> {
    const shape = keyShape(version.schema);
    if (shape === undefined || files.length < MIN_FILES) return files;
    const { byFile, questions } = this.#filters(version);
    const unknown = files.filter((file) => !byFile.has(file.fileId));
    const most = Math.max(1, Math.floor(files.length * SHARE_PER_LOOKUP));
    const due: DataFile[] = [];
    let keyCount = this.#size();
    for (const file of unknown) {
      const asked = (questions.get(file.fileId) ?? 0) + 1;
      questions.set(file.fileId, asked);
      const isWorthIt = asked > 1 && asked * KEYS_PER_QUESTION >= file.rowCount;
      if (due.length >= most || !isWorthIt || keyCount + file.rowCount > MAX_KEYS) continue;
      keyCount += file.rowCount;
      due.push(file);
    }
    if (due.length > 0) await this.#makeAll(version, due, shape);
    return files.filter((file) => {
      const filter = byFile.get(file.fileId);
      return filter === undefined || keys.some((key) => filter.mayHold(key));
    });
  }

  /** Makes filters that are worth it for these keys; `undefined` when there is nothing to wait for. */
  prepare(version: TableVersion, rows: readonly Row[], keys: readonly RowKey[]): Promise<void> | undefined {
    const shape = keys.length === 0 || version.files.length === 0 ? undefined : keyShape(version.schema);
    if (shape === undefined) return undefined;
    const { byFile, questions } = this.#filters(version);
    if (version.files.every((file) => byFile.has(file.fileId))) return undefined;
    const bounds = firstKeys(version, rows);
    const due = version.files.filter((file) => {
      if (byFile.has(file.fileId)) return false;
      const range = keyRange(version, file);
      if (!bounds.some((bound) => isWithin(range, bound))) return false;
      const asked = (questions.get(file.fileId) ?? 0) + 1;
      questions.set(file.fileId, asked);
      return asked * KEYS_PER_QUESTION >= file.rowCount && this.#size() + file.rowCount <= MAX_KEYS;
    });
    return due.length === 0 ? undefined : this.#makeAll(version, due, shape);
  }

  async close(): Promise<void> {
    await Promise.all(this.#making.values());
    await this.#reader.close();
  }

  #size(): number {
    let keys = 0;
    for (const { byFile } of this.#tables.values()) for (const filter of byFile.values()) keys += filter.keyCount;
    return keys;
  }

  /** The filters of a table, without those of files that it no longer has. */
  #filters({ tableId, schema, files }: TableVersion): TableFilters {
    let filters = this.#tables.get(tableId);
    if (filters?.schemaId !== schema.schemaId) {
      filters = { schemaId: schema.schemaId, byFile: new Map(), questions: new Map() };
      this.#tables.set(tableId, filters);
    }
    if (filters.byFile.size + filters.questions.size > files.length * 2) {
      const live = new Set(files.map((file) => file.fileId));
      for (const map of [filters.byFile, filters.questions]) {
        for (const fileId of map.keys()) if (!live.has(fileId)) map.delete(fileId);
      }
    }
    return filters;
  }

  async #makeAll(version: TableVersion, files: readonly DataFile[], shape: KeyShape): Promise<void> {
    for (const file of files) {
      let making = this.#making.get(file);
      if (making === undefined) {
        // Without it the row goes the long way, which tells what is wrong with the file.
        making = this.#make(version, file, shape).catch(() => undefined);
        this.#making.set(file, making);
      }
      await making;
      this.#making.delete(file);
    }
  }

  async #make(version: TableVersion, file: DataFile, shape: KeyShape): Promise<void> {
    const pin = this.#context.pins.pin(this.#commits.latest);
    const use = this.#context.cache.begin();
    try {
      const { columns: all, primaryKey } = version.schema;
      const columns = new Set(all.filter(({ id }) => primaryKey.includes(id)).map(({ name }) => name));
      await admitFiles(this.#context, version, [file], { columns, use });
      const filter = new KeyFilter(file.rowCount);
      const from = `(${filesScanSql({ ...version, deletedRows: NONE }, [file], false)})`;
      await this.#reader.use((connection) =>
        readKeys(connection, version.schema, shape, from, (key) => {
          filter.add(key);
        }),
      );
      const filters = this.#filters(version);
      filters.byFile.set(file.fileId, filter);
      filters.questions.delete(file.fileId);
    } finally {
      use.end();
      pin.release();
    }
  }
}

const NONE: ReadonlyMap<number, number> = new Map();

interface KeyRange {
  readonly lower: Bound | undefined;
  readonly upper: Bound | undefined;
}

/** Of the first column of the key. */
function keyRange({ schema }: TableVersion, file: DataFile): KeyRange {
  const stats = file.stats.get(schema.primaryKey[0] ?? 0);
  return { lower: stats?.lower, upper: stats?.upper };
}

/** The value of the first column of the key, in each row. */
function firstKeys({ schema }: TableVersion, rows: readonly Row[]): Bound[] {
  const position = schema.columns.findIndex((column) => column.id === schema.primaryKey[0]);
  return rows.map((row) => {
    const value = row[position] ?? 0;
    return typeof value === 'number' ? BigInt(value) : value;
  });
}

function isWithin({ lower, upper }: KeyRange, bound: Bound | undefined): boolean {
  if (bound === undefined) return true;
  const isBelow = lower !== undefined && compareBounds(bound, lower) < 0;
  const isAbove = upper !== undefined && compareBounds(bound, upper) > 0;
  return !isBelow && !isAbove;
}
