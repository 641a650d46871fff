/** All so small that flushes, compactions, large statements and evictions happen all the time. */
export const LIMITS = {
  memtableBytes: 6_000,
  largeRows: 25,
  logBytes: 64_000,
  kvMemtableBytes: 16_000,
  blockCacheBytes: 32_000,
  openFiles: 4,
  segmentBytes: 3_000,
  mergeSegments: 2,
  slowSegments: 6,
  stopSegments: 10,
};
