import type { RowCacheStatistics } from './row-cache.ts';

/** What is counted since the database was opened. */
export interface KvCounters {
  /** Bytes of operations as they were committed: keys, values and a few bytes more. */
  userBytes: number;
  flushes: number;
  compactions: number;
  /** Bytes of segments written by flushes. */
  flushedBytes: number;
  /** Bytes of segments written by compactions. */
  compactedBytes: number;
  /** Commits that had to wait for flushes or compactions, and how long in all. */
  stalls: number;
  stallMs: number;
}

/** The state of the key-value tree, and its counters. */
export interface KvMetrics extends Readonly<KvCounters> {
  readonly memtableBytes: number;
  /** By level. */
  readonly levels: readonly { readonly segmentCount: number; readonly sizeBytes: number }[];
  readonly openFiles: number;
  readonly blockCache: {
    readonly hits: number;
    readonly misses: number;
    readonly evictions: number;
    readonly sizeBytes: number;
  };
  /** Look-ups that went beyond the memtables, and were answered without a block or not. */
  readonly rowCache: RowCacheStatistics;
}

export function emptyCounters(): KvCounters {
  return {
    userBytes: 0,
    flushes: 0,
    compactions: 0,
    flushedBytes: 0,
    compactedBytes: 0,
    stalls: 0,
    stallMs: 0,
  };
}
