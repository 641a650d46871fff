import type { SharedMemtable } from '../kv/memtable/kv-memtable.ts';
import type { KvSegmentState } from '../kv/segment-state.ts';

/** Keys from `smallest` to `largest`, both included. */
export interface KeyRange {
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

/** What every job is told. */
export interface KvJobBase {
  /** Segments are at `kvSegmentName(fileId)` below it. */
  readonly dataDir: string;
  /** File ids that belong to this job: `firstFileId` and the `fileIdCount` − 1 after it. `outputFileCount` says how many suffice. */
  readonly firstFileId: number;
  readonly fileIdCount: number;
  /**
   * Ascending seqs of the snapshots that stay readable. One that is taken after the job was made must either be among them or be at least as new as
   * everything in the job's inputs: so the newest readable seq belongs here as long as the inputs may hold newer entries.
   */
  readonly snapshots: readonly number[];
  /** What expired by then is written as a deletion. */
  readonly nowMs: number;
  /** Upper bound of what is written; 0 for none. */
  readonly bytesPerSecond: number;
}

/** Writes a memtable to one segment of level 0. */
export interface KvFlushJob extends KvJobBase {
  readonly kind: 'flush';
  readonly memtable: SharedMemtable;
}

/** Merges segments into segments of one level. */
export interface KvCompactJob extends KvJobBase {
  readonly kind: 'compact';
  readonly inputs: readonly KvSegmentState[];
  readonly outputLevel: number;
  /** Ranges of all segments with older entries that are not among the inputs: where there are none, deletions are dropped. */
  readonly older: readonly KeyRange[];
  /** Size at which the next output is begun; 0 for one output. */
  readonly targetBytes: number;
}

/** Work that reads and writes segments, as plain data that can be posted to a worker. */
export type KvJob = KvFlushJob | KvCompactJob;

export interface KvJobStatistics {
  readonly entriesIn: number;
  readonly entriesOut: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Finished, durable segments that nothing names yet. */
export interface KvJobResult {
  readonly segments: readonly KvSegmentState[];
  readonly statistics: KvJobStatistics;
}

/** Runs jobs of the key-value tree, in this thread or in others. */
export interface KvJobRunner {
  /** A job that fails or is aborted leaves no files behind as far as it can remove them. */
  run(job: KvJob, signal?: AbortSignal): Promise<KvJobResult>;
  /** Aborts what is running and waits for its end. */
  close(): Promise<void>;
}
