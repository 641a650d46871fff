import type { Commits } from '../../commits.ts';
import type { EngineContext } from '../../context.ts';
import { RateLimit } from '../../kv/compaction/rate-limit.ts';
import { Mutex } from '../../mutex.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import type { FileWork } from '../../table/file-work.ts';
import { segmentName } from '../../table/data-file.ts';
import type { TableVersion } from '../../table/version.ts';
import type { Writer } from '../../writer.ts';
import type { Pin } from '../pins.ts';
import type { TableState } from '../state.ts';
import { compactionSegments, type CompactionSegment } from './compaction-segment.ts';
import { finishCompaction } from './finish-compaction.ts';
import { mergeSegments } from './merge.ts';
import type { TableCounters } from './metrics.ts';
import type { CompactionOptions, CompactionPlan } from './plan.ts';

/** What a compaction needs of the engine. */
export interface CompactionParts {
  readonly context: EngineContext;
  readonly commits: Commits;
  readonly fileWork: FileWork;
  readonly pin: () => Pin;
  /** Takes the write lock. */
  readonly maintain: <T>(body: (writer: Writer) => Promise<T>) => Promise<T>;
}

/** Chooses what to do with the hot segments of a table. */
export type Chooser = (
  segments: readonly CompactionSegment[],
  options: CompactionOptions,
  busy: ReadonlySet<number>,
) => CompactionPlan | undefined;

/**
 * Compactions, one at a time: each reads a pinned version of a table, writes new segments past the write lock, and makes them current in a short turn of it.
 */
export class CompactionJobs {
  readonly #parts: CompactionParts;
  readonly #counters: TableCounters;
  readonly #rate: RateLimit;
  readonly #turns = new Mutex();

  constructor(parts: CompactionParts, counters: TableCounters) {
    this.#parts = parts;
    this.#counters = counters;
    this.#rate = new RateLimit(parts.context.clock, parts.context.limits.compactionBytesPerSecond);
  }

  /** Returns whether there was something to do, and it was done. */
  run(connection: KernelConnection, tableId: number, choose: Chooser, signal: AbortSignal): Promise<boolean> {
    const compact = (): Promise<boolean> => this.#compact(connection, tableId, choose, signal);
    // In this order: a move between tiers may hold a table for long, and must not keep others from their turn.
    return this.#parts.fileWork.run(tableId, () => this.#turns.run(compact));
  }

  /** Resolves when nothing is running. */
  async ended(): Promise<void> {
    await this.#turns.run(() => Promise.resolve());
  }

  async #compact(
    connection: KernelConnection,
    tableId: number,
    choose: Chooser,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { context } = this.#parts;
    signal.throwIfAborted();
    const pin = this.#parts.pin();
    try {
      const version = [...pin.version.tables.values()].find((table) => table.tableId === tableId);
      const state = context.manifest.state.tables.get(tableId);
      if (version === undefined || state === undefined) return false;
      const plan = planFor(context, version, state, choose);
      return plan !== undefined && (await this.#run(connection, version, plan, signal));
    } finally {
      pin.release();
    }
  }

  async #run(
    connection: KernelConnection,
    base: TableVersion,
    plan: CompactionPlan,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { context, maintain } = this.#parts;
    const { fileSystem } = context;
    const names = new Set(plan.inputs.map((segment) => segment.name));
    // In the order of their numbers, which is the order of rows that are equal in the sort order.
    const sources = base.files.filter((file) => names.has(file.name)).sort((a, b) => a.fileId - b.fileId);
    const folder = `${context.dataDir}/tmp/compaction-${context.random.uuid()}`;
    const written: string[] = [];
    const { outputCount, generation } = plan;
    let inDoubt = false;
    let done = false;
    try {
      await fileSystem.makeFolder(folder);
      const request = { version: base, sources, outputCount, generation, folder, written, rate: this.#rate, signal };
      const merged = await mergeSegments(context, connection, request);
      const onCommit = (): void => {
        inDoubt = true;
      };
      const merge = { ...merged, base, sources, folder, written, onCommit };
      done = await maintain((writer) => finishCompaction(context, connection, writer, merge));
      if (done) this.#count(plan, merged.segments);
    } finally {
      if (!done) this.#counters.abandonedCompactions++;
      // An edit whose fsync failed may be durable all the same: its files must stay (invariant 6).
      if (!inDoubt) for (const path of written) await fileSystem.remove(path);
      if (!done) await fileSystem.removeFolder(folder);
    }
    return done;
  }

  #count(plan: CompactionPlan, segments: readonly { readonly sizeBytes: number }[]): void {
    this.#counters.compactions++;
    this.#counters.inputSegments += plan.inputs.length;
    this.#counters.outputSegments += segments.length;
    for (const segment of plan.inputs) this.#counters.inputBytes += segment.sizeBytes;
    for (const segment of segments) this.#counters.outputBytes += segment.sizeBytes;
  }
}

/** What `choose` says of a table as it is. Sources of a move that is not settled are busy. */
function planFor(
  context: EngineContext,
  version: TableVersion,
  state: TableState,
  choose: Chooser,
): CompactionPlan | undefined {
  const { mergeSegments, segmentBytes } = context.limits;
  const moving = new Set<string>();
  for (const job of context.manifest.state.jobs.values()) {
    for (const name of job.tableId === version.tableId ? (job.prepared?.sources ?? []) : []) moving.add(name);
  }
  const busy = new Set(
    state.segments
      .filter((segment) => moving.has(segmentName(version.tableId, segment.fileId)))
      .map((segment) => segment.fileId),
  );
  const options = { mergeSegments, segmentBytes, isSorted: version.options.sortBy.length > 0 };
  return choose(compactionSegments(context, version, state), options, busy);
}
