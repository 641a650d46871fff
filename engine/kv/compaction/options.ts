/** The shape that compaction gives the tree. Sizes are those of files. */
export interface CompactionOptions {
  /** Segments in level 0 that make it due. */
  readonly level0Segments: number;
  /** Level 0 goes down when it has so many bytes, whatever they are merged with. */
  readonly level0Bytes: number;
  /** Smaller, it goes down when what it is merged with is at most so many times its size. Until then its segments are merged with each other. */
  readonly level0Ratio: number;
  /** A level is introduced above the last when its share of the last one's size would be this much. */
  readonly baseLevelBytes: number;
  /** Each level is so many times the size of the one above it. */
  readonly multiplier: number;
  /** Number of the last level. */
  readonly lastLevel: number;
  /** Size at which the next segment is begun. */
  readonly segmentBytes: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_COMPACTION: CompactionOptions = {
  level0Segments: 4,
  level0Bytes: 256 * MIB,
  level0Ratio: 8,
  baseLevelBytes: 128 * MIB,
  multiplier: 10,
  lastLevel: 6,
  segmentBytes: 32 * MIB,
};
