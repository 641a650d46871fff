import type { Commits } from '../../commits.ts';
import type { EngineContext } from '../../context.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { KvJob, KvJobBase, KvJobResult, KvJobRunner } from '../../ports/kv-jobs.ts';
import { DEFAULT_COMPACTION } from '../compaction/options.ts';
import type { CompactionPlan } from '../compaction/compaction-plan.ts';
import { outputFileCount, pickCompaction, pickIdleCompaction } from '../compaction/plan.ts';
import type { KvSegmentState } from '../segment-state.ts';
import { BackgroundTask } from './background-task.ts';
import type { FrozenMemtable, KvStore } from './kv-store.ts';

/** Flushes frozen memtables, oldest first, and compacts: one of each at a time. What fails is tried again; nothing is lost, for the log holds what is not flushed. */
export class Background {
  readonly #context: EngineContext;
  readonly #commits: Commits;
  readonly #runner: KvJobRunner;
  readonly #store: KvStore;
  readonly #stop = new AbortController();
  readonly #flushing: BackgroundTask;
  readonly #compacting: BackgroundTask;
  #onWarning: (warning: AlopexError) => void = () => undefined;
  #onFlush: () => void = () => undefined;
  #waiting: (() => void)[] = [];

  constructor(context: EngineContext, commits: Commits, runner: KvJobRunner, store: KvStore) {
    this.#context = context;
    this.#commits = commits;
    this.#runner = runner;
    this.#store = store;
    const task = (step: () => Promise<boolean>, complaint: string): BackgroundTask =>
      new BackgroundTask({
        step,
        complaint,
        clock: context.clock,
        stop: this.#stop.signal,
        onProgress: () => this.#tell(),
        onFailure: (failure) => this.#onWarning(failure),
      });
    this.#flushing = task(() => this.#flushOldest(), 'keys in memory could not be written to disk');
    this.#compacting = task(() => this.#compact(), 'segments of keys could not be merged');
  }

  start(parts: { onWarning: (warning: AlopexError) => void; onFlush: () => void }): void {
    this.#onWarning = parts.onWarning;
    this.#onFlush = parts.onFlush;
    this.wake();
  }

  /** Starts what is due. */
  wake(): void {
    if (this.#stop.signal.aborted) return;
    if (this.#store.frozen.length > 0) this.#flushing.start();
    if (this.#compacting.isBusy) return;
    if (this.#pick() === undefined) this.#compacting.forgive();
    else this.#compacting.start();
  }

  /** Resolves when something has been done, or there is nothing to do; rejects when there is no point in waiting: what would have to be done fails, or the database was closed. */
  async progress(): Promise<void> {
    this.wake();
    this.#refuse();
    if (!this.#flushing.isBusy) {
      if (this.#compacting.failure !== undefined) throw this.#compacting.failure;
      if (!this.#compacting.isBusy) return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#refuse();
  }

  async flushed(): Promise<void> {
    this.#refuseStopped();
    while (this.#store.frozen.length > 0) await this.progress();
  }

  async settled(): Promise<void> {
    for (;;) {
      await this.flushed();
      this.wake();
      if (!this.#compacting.isBusy) return;
      await this.progress();
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#runner.close();
    await this.#flushing.ended;
    await this.#compacting.ended;
    this.#tell();
  }

  #refuse(): void {
    this.#refuseStopped();
    if (this.#flushing.failure !== undefined) throw this.#flushing.failure;
  }

  #refuseStopped(): void {
    if (this.#stop.signal.aborted) throw new AlopexError(SqlState.cannotConnectNow, 'the database is closed');
    this.#commits.checkRunning();
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  async #flushOldest(): Promise<boolean> {
    const frozen = this.#store.frozen.at(-1);
    if (frozen === undefined) return false;
    await this.#flush(frozen);
    return true;
  }

  async #flush({ memtable, durable }: FrozenMemtable): Promise<void> {
    await durable;
    // The edit must not overtake the log: a commit to keys and tables is flushed whole or not at all.
    await this.#context.log.sync();
    const { segments, statistics } = await this.#run({
      kind: 'flush',
      memtable: memtable.share(),
      ...this.#common(1),
    });
    await this.#commit({ flushedSeq: memtable.maxSeq, add: segments, remove: [] });
    this.#store.segmentsChanged(1);
    this.#store.counters.flushes++;
    this.#store.counters.flushedBytes += statistics.bytesWritten;
    this.#onFlush();
    this.wake();
  }

  #pick(): CompactionPlan | undefined {
    const levels: KvSegmentState[][] = [];
    for (const segment of this.#context.manifest.state.kv.segments) {
      while (levels.length <= segment.level) levels.push([]);
      levels[segment.level]?.push(segment);
    }
    const due = pickCompaction(levels, DEFAULT_COMPACTION, new Set());
    // After a flush that was asked for; while commits come in there is always something in memory.
    if (due !== undefined || this.#store.isDirty) return due;
    return pickIdleCompaction(levels, DEFAULT_COMPACTION);
  }

  async #compact(): Promise<boolean> {
    const plan = this.#pick();
    if (plan === undefined) return false;
    const remove = plan.inputs.map((segment) => segment.fileId);
    if (plan.kind === 'move') {
      await this.#commit({ add: plan.inputs.map((input) => ({ ...input, level: plan.outputLevel })), remove });
    } else {
      const { segments, statistics } = await this.#run({
        kind: 'compact',
        inputs: plan.inputs,
        outputLevel: plan.outputLevel,
        older: plan.older,
        targetBytes: plan.targetBytes,
        ...this.#common(outputFileCount(plan.inputs, plan.targetBytes)),
      });
      await this.#commit({ add: segments, remove });
      this.#store.counters.compactions++;
      this.#store.counters.compactedBytes += statistics.bytesWritten;
    }
    this.#store.segmentsChanged(0);
    return true;
  }

  #run(job: KvJob): Promise<KvJobResult> {
    return this.#runner.run(job, this.#stop.signal);
  }

  #common(fileIdCount: number): KvJobBase {
    const { dataDir, fileNumbers, pins, clock, limits } = this.#context;
    return {
      dataDir,
      firstFileId: fileNumbers.reserve(fileIdCount),
      fileIdCount,
      snapshots: [...new Set([...pins.pinnedSeqs, this.#commits.published.seq])].sort((a, b) => a - b),
      nowMs: clock.nowMs(),
      bytesPerSecond: limits.compactionBytesPerSecond,
    };
  }

  /** When it fails the database has stopped: the edit may be durable all the same, so its files stay (invariant 6) and the next open sorts it out. */
  async #commit(change: {
    flushedSeq?: number;
    add: readonly KvSegmentState[];
    remove: readonly number[];
  }): Promise<void> {
    await this.#context.manifest.commit({ kind: 'change-kv-segments', ...change });
  }
}
