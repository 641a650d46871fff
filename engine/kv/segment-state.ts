/** A key-value segment as the manifest names it. */
export interface KvSegmentState {
  readonly fileId: number;
  /** 0 for what was flushed, whose key ranges may overlap; the segments of any other level do not. */
  readonly level: number;
  readonly sizeBytes: number;
  readonly entryCount: number;
  /** Entries and range deletions are within `smallest` ≤ key ≤ `largest` (the end of a range deletion counts as its last key). */
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
  readonly minSeq: number;
  readonly maxSeq: number;
  readonly rangeDeleteCount: number;
  /** CRC-32 of the footer, which holds those of everything else: a file of the same name with other content is not taken for this one. */
  readonly footerCrc32: number;
}

/** Path of a key-value segment below the data directory. */
export function kvSegmentName(fileId: number): string {
  return `kv/${String(fileId).padStart(8, '0')}.seg`;
}
