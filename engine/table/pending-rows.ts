import type { Scalar } from '../ports/kernel.ts';
import type { RowLoader } from './row-loader.ts';
import type { PrimitiveType, TableSchema } from './schema.ts';

/** Values in the order of a table's columns. */
export type Row = readonly Scalar[];

/** Rows of one commit, in the log, that the kernel does not have yet. */
export interface PendingBatch {
  readonly seq: number;
  /** `__rid` of the first row; the others follow. */
  readonly firstRid: number;
  readonly rows: readonly Row[];
  readonly sizeBytes: number;
}

const BIGINT: PrimitiveType = { kind: 'primitive', name: 'BIGINT' };

/**
 * Rows of a memtable that were committed past the kernel, and are loaded into its table in bulk: before anything reads that table, or when they are many. One object for a memtable, shared by all
 * versions of the table that have it. Loading early is always right, for readers see what is up to their version; loading late never.
 */
export class PendingRows {
  readonly #loader: RowLoader;
  readonly #table: string;
  readonly #types: readonly PrimitiveType[];
  #waiting: PendingBatch[] = [];
  /** On their way into the kernel. */
  #taken: readonly PendingBatch[] = [];
  #loading: Promise<void> | undefined;
  /** A load that has not begun: whoever asks meanwhile shares it. */
  #next: Promise<void> | undefined;
  #rowCount = 0;
  #sizeBytes = 0;

  /** Columns of nested types are left out: a table with any has no pending rows. */
  constructor(loader: RowLoader, table: string, schema: TableSchema) {
    this.#loader = loader;
    this.#table = table;
    const types = schema.columns.flatMap(({ type }) => (type.kind === 'primitive' ? [type] : []));
    this.#types = [BIGINT, BIGINT, ...types];
  }

  /** Rows that wait to be loaded. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** What they take in the log. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether the kernel has every row of commits up to `seq`. */
  isLoaded(seq: number): boolean {
    const oldest = this.#taken[0] ?? this.#waiting[0];
    return oldest === undefined || oldest.seq > seq;
  }

  /** Batches come in the order of their commits. */
  add(batch: PendingBatch): void {
    this.#waiting.push(batch);
    this.#rowCount += batch.rows.length;
    this.#sizeBytes += batch.sizeBytes;
  }

  /** Resolves when every row that is pending now is in the kernel, each of them once. After a failure they are pending as before. */
  load(): Promise<void> | undefined {
    if (this.#waiting.length === 0) return this.#loading;
    this.#next ??= this.#loadAfter(this.#loading);
    return this.#next;
  }

  async #loadAfter(before: Promise<void> | undefined): Promise<void> {
    await before?.catch(() => undefined); // Told to those who waited for it; its rows are pending again.
    this.#next = undefined;
    this.#loading = this.#load();
    await this.#loading;
  }

  async #load(): Promise<void> {
    const taken = this.#waiting;
    const [rowCount, sizeBytes] = [this.#rowCount, this.#sizeBytes];
    this.#taken = taken;
    this.#waiting = [];
    this.#rowCount = this.#sizeBytes = 0;
    try {
      await this.#loader.load(this.#table, this.#types, kernelRows(taken));
    } catch (error) {
      this.#waiting = [...taken, ...this.#waiting];
      this.#rowCount += rowCount;
      this.#sizeBytes += sizeBytes;
      throw error;
    } finally {
      this.#taken = [];
      this.#loading = undefined;
    }
  }
}

function* kernelRows(batches: readonly PendingBatch[]): Generator<readonly Scalar[]> {
  for (const { seq, firstRid, rows } of batches) {
    for (const [index, row] of rows.entries()) yield [BigInt(seq), BigInt(firstRid + index), ...row];
  }
}
