import { AlopexError, SqlState } from './errors.ts';

/** Sizes at which things go from memory to files, the greatest sizes that are taken, and how long to wait. */
export interface EngineLimits {
  /** A memtable whose rows take more bytes in the log is flushed to a segment. */
  readonly memtableBytes: number;
  /** A statement that adds or removes more rows writes segments at once, past log and memtable. */
  readonly largeRows: number;
  /** When the log grows beyond it, what is in memory is flushed, so that the log can be trimmed: it bounds the time that opening takes. */
  readonly logBytes: number;
  /** Size at which the memtable of keys is flushed. There can be two, while one is being flushed. */
  readonly kvMemtableBytes: number;
  /** Memory for what was read from key-value segments: one half for blocks, one for single rows. */
  readonly blockCacheBytes: number;
  /** Key-value segments open at a time. */
  readonly openFiles: number;
  /** Greatest size of a key, without its keyspace. */
  readonly keyBytes: number;
  /** Greatest size of a value. */
  readonly valueBytes: number;
  /** Bytes that compaction may write in a second, of keys and of tables each; 0 for as many as it can. */
  readonly compactionBytesPerSecond: number;
  /** Size of the hot segments that compaction of tables makes. */
  readonly segmentBytes: number;
  /** So many hot segments of similar size in one table are merged in the background; 0 leaves that to VACUUM. */
  readonly mergeSegments: number;
  /** Small hot segments in one table from which commits to it are slowed down: compaction does not keep up. */
  readonly slowSegments: number;
  /** Small hot segments in one table from which commits to it wait for compaction. */
  readonly stopSegments: number;
  /** Bytes on local disk that one table may have for its history alone; beyond it the oldest goes first. */
  readonly historyBytes: number;
  /** Hot segments in one table at which statements that would add another are refused (53400). */
  readonly maxSegments: number;
  /** Disk space for copies of what queries read of remote cold files. */
  readonly readCacheBytes: number;
  /** So long a statement waits while a transaction that defines tables holds their write lock, before it fails (55P03), in milliseconds; 0 for ever. */
  readonly lockTimeoutMs: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  memtableBytes: 32 << 20,
  largeRows: 50_000,
  logBytes: 256 << 20,
  kvMemtableBytes: 64 << 20,
  blockCacheBytes: 64 << 20,
  openFiles: 500,
  keyBytes: 64 << 10,
  valueBytes: 64 << 20,
  compactionBytesPerSecond: 0,
  segmentBytes: 128 << 20,
  mergeSegments: 4,
  slowSegments: 64,
  stopSegments: 128,
  historyBytes: 8 * 2 ** 30,
  maxSegments: 10_000,
  readCacheBytes: 16 * (1 << 30),
  lockTimeoutMs: 60_000,
};

/** Keys above it do not fit where memtables keep them. */
const MAX_KEY_BYTES = 1 << 20;
/** A commit is one frame of the log. */
const MAX_VALUE_BYTES = 1 << 30;

/** The standard limits with some of them set; throws `22023` for what is no limit. */
export function limitsWith(given: Partial<EngineLimits>): EngineLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw refusal(`there is no limit ${JSON.stringify(name)}`);
    if (!(Number.isInteger(value) && value >= 0)) throw refusal(`limits.${name} is a whole number, and not ${value}`);
  }
  if (limits.keyBytes > MAX_KEY_BYTES) throw refusal(`limits.keyBytes is at most ${MAX_KEY_BYTES}`);
  if (limits.valueBytes > MAX_VALUE_BYTES) throw refusal(`limits.valueBytes is at most ${MAX_VALUE_BYTES}`);
  return limits;
}

function refusal(message: string): AlopexError {
  return new AlopexError(SqlState.invalidParameter, message, {
    hint: `The limits are: ${Object.keys(DEFAULT_LIMITS).join(', ')}.`,
  });
}
