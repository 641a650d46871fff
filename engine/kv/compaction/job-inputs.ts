import { AlopexError, SqlState } from '../../errors.ts';
import type { FileSystem } from '../../ports/file-system.ts';
import type { KvCompactJob } from '../../ports/kv-jobs.ts';
import { compareKeys } from '../bytes.ts';
import type { EntryCursor, RangeDelete } from '../entry.ts';
import { mergedCursor } from '../merge/merge-cursor.ts';
import { BlockCache } from '../segment/block-cache.ts';
import { SegmentReader } from '../segment/segment-reader.ts';
import { kvSegmentName } from '../segment-state.ts';
import type { KvSegmentState } from '../segment-state.ts';
import { ChainCursor } from './chain-cursor.ts';
import type { ChainLink } from './chain-cursor.ts';

/** What a job reads. To be closed. */
export interface JobInputs {
  readonly cursor: EntryCursor;
  readonly rangeDeletes: readonly RangeDelete[];
  readonly bytesRead: number;
  close(): void;
}

/** Opens the segments of a compaction: those of level 0 each for itself, those of any other level one after the other. */
export function openInputs(fileSystem: FileSystem, job: KvCompactJob): JobInputs {
  const open = (state: KvSegmentState): SegmentReader =>
    // Every block is read once, so none is worth keeping.
    SegmentReader.open(fileSystem, `${job.dataDir}/${kvSegmentName(state.fileId)}`, state, new BlockCache(0));
  const rangeDeletes: RangeDelete[] = [];
  for (const state of job.inputs) {
    if (state.rangeDeleteCount === 0) continue;
    const reader = open(state);
    try {
      rangeDeletes.push(...reader.rangeDeletes);
    } finally {
      reader.close();
    }
  }
  const chains = sequencesOf(job.inputs).map(
    (sequence) => new ChainCursor(sequence.map((state) => linkTo(state, () => open(state)))),
  );
  return {
    cursor: mergedCursor(chains),
    rangeDeletes,
    bytesRead: job.inputs.reduce((sum, state) => sum + state.sizeBytes, 0),
    close: () => {
      for (const chain of chains) chain.close();
    },
  };
}

function linkTo(state: KvSegmentState, openReader: () => SegmentReader): ChainLink {
  let reader: SegmentReader | undefined;
  return {
    open: () => {
      reader = openReader();
      return reader.sequentialCursor();
    },
    check: (entryCount) => {
      if (entryCount === state.entryCount) return;
      throw new AlopexError(
        SqlState.dataCorrupted,
        `key-value segment ${kvSegmentName(state.fileId)} has ${entryCount} entries instead of ${state.entryCount}`,
        { hint: 'Run: alopex check. Restore the file from a backup.' },
      );
    },
    close: () => reader?.close(),
  };
}

/** Groups of segments in key order that do not overlap within a group, newest first. */
function sequencesOf(inputs: readonly KvSegmentState[]): KvSegmentState[][] {
  const level0 = inputs.filter((state) => state.level === 0).sort((left, right) => right.maxSeq - left.maxSeq);
  const byLevel = new Map<number, KvSegmentState[]>();
  for (const state of inputs) {
    if (state.level > 0) byLevel.set(state.level, [...(byLevel.get(state.level) ?? []), state]);
  }
  const deeper = [...byLevel].sort(([left], [right]) => left - right).map(([, states]) => states);
  for (const states of deeper) states.sort((left, right) => compareKeys(left.smallest, right.smallest));
  return [...level0.map((state) => [state]), ...deeper];
}
