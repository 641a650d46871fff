import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { lookUp, MAIN_PATH } from '../../table/object-name.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';
import { CompactionJobs, type Chooser, type CompactionParts } from './compaction-jobs.ts';
import { emptyTableCounters, type TableMetrics } from './metrics.ts';
import { planCompaction, planVacuum } from './plan.ts';
import { TableBackpressure } from './table-backpressure.ts';

/**
 * Compacts the hot tiers of tables in the background, one compaction at a time, on a connection of its own: after every commit that added a segment, as long as there is
 * something to do. What fails is tried again after the next such commit; until then all is as it was.
 */
export class TableCompaction {
  readonly #parts: CompactionParts;
  readonly #onWarning: (warning: AlopexError) => void;
  readonly #counters = emptyTableCounters();
  readonly #jobs: CompactionJobs;
  readonly #backpressure: TableBackpressure;
  readonly #stop = new AbortController();
  /** Tables that may have something to compact, in the order in which they were found. */
  readonly #due = new Set<number>();
  #running: Promise<void> | undefined;
  #connection: KernelConnection | undefined;
  #waiting: (() => void)[] = [];

  constructor(parts: CompactionParts, onWarning: (warning: AlopexError) => void) {
    this.#parts = parts;
    this.#onWarning = onWarning;
    this.#jobs = new CompactionJobs(parts, this.#counters);
    this.#backpressure = new TableBackpressure(parts.context, this.#counters, () => this.#progress());
  }

  get metrics(): TableMetrics {
    return { ...this.#counters };
  }

  /** After a commit: starts what it has made due, and makes its caller wait when compaction does not keep up. Not for whoever holds a lock. */
  async committed(before: DatabaseVersion, after: DatabaseVersion): Promise<void> {
    if (this.#parts.context.limits.mergeSegments === 0) return;
    for (const table of after.tables.values()) {
      const old = lookUp(before.tables, table, MAIN_PATH);
      if (old === table) continue;
      if (old?.files !== table.files && table.files.length > 0) this.#wake(table.tableId);
      const now = (): TableVersion | undefined => tableById(this.#parts.commits.published, table.tableId);
      await this.#backpressure.slowDown(old?.tableId === table.tableId ? old : undefined, table, now);
    }
  }

  /** Merges the hot tier of a table into as few segments as there can be, without deleted rows; returns when that is done. */
  async vacuum(connection: KernelConnection, tableId: number): Promise<void> {
    // What is there now: it goes on to the end also when others add segments all the time.
    const end = this.#parts.context.fileNumbers.reserve(0);
    const choose: Chooser = (segments, options, busy) =>
      planVacuum(
        segments.filter((segment) => segment.fileId < end),
        options,
        busy,
      )[0];
    let again = true;
    while (again) again = await this.#jobs.run(connection, tableId, choose, this.#stop.signal);
  }

  /** Interrupts what is running, and waits for its end. */
  async close(): Promise<void> {
    this.#stop.abort(new AlopexError(SqlState.cannotConnectNow, 'the database is closed'));
    this.#connection?.interrupt();
    await this.#running;
    await this.#jobs.ended();
    this.#tell();
  }

  #wake(tableId: number): void {
    if (this.#stop.signal.aborted) return;
    this.#due.add(tableId);
    this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    try {
      this.#connection = await this.#parts.context.kernel.connect();
      for (const tableId of this.#due) await this.#compact(this.#connection, tableId);
    } catch (error) {
      this.#due.clear();
      this.#warn(error);
    } finally {
      this.#connection?.close();
      this.#connection = undefined;
      this.#running = undefined;
      this.#tell();
    }
  }

  /** Compacts a table until nothing is due, or it fails. */
  async #compact(connection: KernelConnection, tableId: number): Promise<void> {
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        this.#due.delete(tableId); // Whatever is added from now on makes it due again.
        // Its turn comes with the next segment after the move that holds it.
        if (!this.#parts.fileWork.isFree(tableId)) return;
        if (!(await this.#jobs.run(connection, tableId, planCompaction, signal))) return;
        this.#tell();
      }
    } catch (error) {
      this.#warn(error);
    }
  }

  #warn(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#onWarning(new AlopexError(SqlState.ioError, 'a compaction of a table failed', { cause: error }));
  }

  /** Resolves after the next compaction of any table; to false when none is under way, so that waiting would be in vain. */
  async #progress(): Promise<boolean> {
    if (this.#running === undefined || this.#stop.signal.aborted) return false;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return !this.#stop.signal.aborted;
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function tableById(version: DatabaseVersion, tableId: number): TableVersion | undefined {
  return [...version.tables.values()].find((table) => table.tableId === tableId);
}
