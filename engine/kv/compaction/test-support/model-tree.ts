import { expect } from 'vitest';
import { compareKeys } from '../../bytes.ts';
import { PUT } from '../../entry.ts';
import { isExpired } from '../../merge/expiry.ts';
import { MergeCursor } from '../../merge/merge-cursor.ts';
import { RangeDeleteSet } from '../../merge/range-delete-set.ts';
import { ArrayCursor } from '../../merge/test-support/array-cursor.ts';
import type { Entry } from '../../merge/test-support/array-cursor.ts';
import type { Write } from '../../merge/test-support/history.ts';
import { entriesOf, hex, rangeDeletesOf } from '../../merge/test-support/history.ts';
import { VisibleScan } from '../../merge/visible-scan.ts';
import type { KvSegmentState } from '../../segment-state.ts';
import type { CompactionPlan } from '../compaction-plan.ts';
import { mergeEntries } from '../merge-entries.ts';
import type { CompactionOptions } from '../options.ts';
import { pickCompaction } from '../plan.ts';
import { SegmentOutputs } from '../segment-outputs.ts';
import { VersionFilter } from '../version-filter.ts';
import { ArrayWriter } from './array-segment.ts';
import type { ArraySegment } from './array-segment.ts';

interface RunningJob {
  readonly plan: CompactionPlan;
  readonly outputs: readonly KvSegmentState[];
}

/** A tree of segments in memory that is flushed to and compacted by the real plans and the real merge. */
export class ModelTree {
  segments: KvSegmentState[] = [];
  flushedSeq = 0;
  readonly running: RunningJob[] = [];
  readonly #contents = new Map<number, ArraySegment>();
  readonly #history: readonly Write[];
  readonly #options: CompactionOptions;
  #nextFileId = 1;

  constructor(history: readonly Write[], options: CompactionOptions) {
    this.#history = history;
    this.#options = options;
  }

  get levels(): KvSegmentState[][] {
    return Array.from({ length: this.#options.lastLevel + 1 }, (_, level) =>
      this.segments
        .filter((segment) => segment.level === level)
        .sort((left, right) => (level === 0 ? right.maxSeq - left.maxSeq : compareKeys(left.smallest, right.smallest))),
    );
  }

  /** Writes the history up to a seq into a segment of level 0. */
  async flush(seq: number, snapshots: readonly number[], nowMs: number): Promise<void> {
    const segment = {
      entries: entriesOf(this.#history, this.flushedSeq, seq),
      rangeDeletes: rangeDeletesOf(this.#history, this.flushedSeq, seq),
    };
    this.segments.push(
      ...(await this.#merge([segment], { snapshots, nowMs, older: 'everything', level: 0, targetBytes: 0 })),
    );
    this.flushedSeq = seq;
  }

  /** Plans one job and does its work, but does not let it count yet. Returns whether one was due. */
  async start(snapshots: readonly number[], nowMs: number): Promise<boolean> {
    const busy = this.running.flatMap(({ plan }) => plan.inputs.map(({ fileId }) => fileId));
    const plan = pickCompaction(this.levels, this.#options, new Set(busy));
    if (plan === undefined) return false;
    for (const { fileId } of plan.inputs) expect(busy).not.toContain(fileId);
    if (plan.kind === 'move') {
      expect(plan.inputs).toHaveLength(1);
      this.running.push({ plan, outputs: plan.inputs.map((input) => ({ ...input, level: plan.outputLevel })) });
      return true;
    }
    const contents = plan.inputs.map(({ fileId }) => this.#contents.get(fileId) as ArraySegment);
    const { older, outputLevel: level, targetBytes } = plan;
    this.running.push({ plan, outputs: await this.#merge(contents, { snapshots, nowMs, older, level, targetBytes }) });
    return true;
  }

  /** Lets a job count. */
  finish(at: number): void {
    const [job] = this.running.splice(at, 1);
    if (job === undefined) return;
    this.segments = [...this.segments.filter((segment) => !job.plan.inputs.includes(segment)), ...job.outputs];
    this.expectLevels();
  }

  /** What a snapshot sees, by a scan. */
  view(snapshotSeq: number, nowMs: number): [string, string][] {
    const contents = this.segments.map(({ fileId }) => this.#contents.get(fileId) as ArraySegment);
    const scan = new VisibleScan({
      cursor: new MergeCursor(contents.map(({ entries }) => new ArrayCursor(entries))),
      rangeDeletes: new RangeDeleteSet(contents.flatMap(({ rangeDeletes }) => rangeDeletes)),
      snapshotSeq,
      nowMs,
    });
    const found: [string, string][] = [];
    while (scan.next()) {
      found.push([
        hex(scan.key.subarray(scan.keyStart, scan.keyEnd)),
        hex(scan.value.subarray(scan.valueStart, scan.valueEnd)),
      ]);
    }
    return found;
  }

  /** What a snapshot sees of a key, by looking from the newest segment down and taking the first entry found: right only if newer entries are above older ones. */
  get(key: Uint8Array, snapshotSeq: number, nowMs: number): string | undefined {
    let covered = 0;
    for (const [number, level] of this.levels.entries()) {
      const first = level.findIndex((segment) => compareKeys(segment.largest, key) >= 0);
      const inLevel = number === 0 ? level : level.slice(first, first + 1);
      for (const { fileId } of inLevel) {
        const { entries, rangeDeletes } = this.#contents.get(fileId) as ArraySegment;
        covered = Math.max(covered, new RangeDeleteSet(rangeDeletes).coveringSeq(key, 0, key.length, snapshotSeq));
        const found = entries.find((entry) => compareKeys(entry.key, key) === 0 && entry.seq <= snapshotSeq);
        if (found === undefined) continue;
        return found.kind === PUT && found.seq >= covered && !isExpired(found.expiresMs, nowMs)
          ? hex(found.value)
          : undefined;
      }
    }
    return undefined;
  }

  /** All entries, segment by segment. */
  entries(): Entry[] {
    return this.segments.flatMap(({ fileId }) => this.#contents.get(fileId)?.entries ?? []);
  }

  /** Number of entries and range deletions. */
  get size(): number {
    return this.segments.reduce((sum, segment) => sum + segment.entryCount + segment.rangeDeleteCount, 0);
  }

  expectLevels(): void {
    for (const level of this.levels.slice(1)) {
      for (const [at, segment] of level.entries()) {
        const before = level[at - 1];
        if (before === undefined) continue;
        // One may end where the next begins, if only with a range deletion.
        expect(compareKeys(before.largest, segment.smallest)).toBeLessThanOrEqual(0);
        const { entries } = this.#contents.get(segment.fileId) as ArraySegment;
        expect(entries.every((entry) => compareKeys(entry.key, before.largest) > 0)).toBe(true);
      }
    }
  }

  async #merge(
    inputs: readonly ArraySegment[],
    job: {
      snapshots: readonly number[];
      nowMs: number;
      older: CompactionPlan['older'] | 'everything';
      level: number;
      targetBytes: number;
    },
  ): Promise<readonly KvSegmentState[]> {
    const rangeDeletes = inputs.flatMap((input) => input.rangeDeletes);
    const outputs = new SegmentOutputs({
      open: (fileId) => {
        this.#nextFileId = fileId + 1;
        return Promise.resolve(new ArrayWriter((segment) => this.#contents.set(fileId, segment)));
      },
      remove: () => Promise.resolve(),
      level: job.level,
      targetBytes: job.targetBytes,
      firstFileId: this.#nextFileId,
      fileIdCount: 1000,
    });
    await mergeEntries({
      cursor: new MergeCursor(inputs.map(({ entries }) => new ArrayCursor(entries))),
      rangeDeletes,
      filter: new VersionFilter(job.snapshots, job.nowMs, rangeDeletes, job.older),
      outputs,
      pause: () => Promise.resolve(),
    });
    return outputs.finished;
  }
}
