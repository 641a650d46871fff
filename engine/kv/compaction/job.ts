import { AlopexError, SqlState } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileSystem } from '../../ports/file-system.ts';
import type { KvJob, KvJobResult } from '../../ports/kv-jobs.ts';
import { KvMemtable } from '../memtable/kv-memtable.ts';
import type { SharedMemtable } from '../memtable/kv-memtable.ts';
import { SegmentWriter } from '../segment/segment-writer.ts';
import { kvSegmentName } from '../segment-state.ts';
import { openInputs } from './job-inputs.ts';
import type { JobInputs } from './job-inputs.ts';
import { mergeEntries } from './merge-entries.ts';
import { RateLimit } from './rate-limit.ts';
import { SegmentOutputs } from './segment-outputs.ts';
import { VersionFilter } from './version-filter.ts';

/**
 * Runs a job in this thread. Once it resolves, the segments are durable; what makes them count is up to the caller. When it fails or is aborted (it rejects with the
 * signal's reason then) what it has written is removed.
 */
export async function runKvJob(
  fileSystem: FileSystem,
  clock: Clock,
  job: KvJob,
  signal?: AbortSignal,
): Promise<KvJobResult> {
  signal?.throwIfAborted();
  const pathOf = (fileId: number): string => `${job.dataDir}/${kvSegmentName(fileId)}`;
  const outputs = new SegmentOutputs({
    open: (fileId) => SegmentWriter.create(fileSystem, pathOf(fileId)),
    remove: (fileId) => fileSystem.remove(pathOf(fileId)),
    level: job.kind === 'flush' ? 0 : job.outputLevel,
    targetBytes: job.kind === 'flush' ? 0 : job.targetBytes,
    firstFileId: job.firstFileId,
    fileIdCount: job.fileIdCount,
  });
  const inputs = job.kind === 'flush' ? memtableInputs(job.memtable) : openInputs(fileSystem, job);
  const rate = new RateLimit(clock, job.bytesPerSecond);
  try {
    const { cursor, rangeDeletes } = inputs;
    const { entriesIn, entriesOut } = await mergeEntries({
      cursor,
      rangeDeletes,
      filter: new VersionFilter(
        job.snapshots,
        job.nowMs,
        rangeDeletes,
        job.kind === 'flush' ? 'everything' : job.older,
      ),
      outputs,
      pause: async (bytesWritten) => {
        signal?.throwIfAborted();
        if (bytesWritten > 0) await rate.spend(bytesWritten, signal);
        // Nothing was waited for, as when entries are dropped: others get their turn all the same.
        else await clock.pause();
      },
    });
    signal?.throwIfAborted();
    const { finished: segments, bytesWritten } = outputs;
    return { segments, statistics: { entriesIn, entriesOut, bytesRead: inputs.bytesRead, bytesWritten } };
  } catch (error) {
    const failures = await outputs.abort();
    throw failures.length === 0 ? error : withLeftovers(error, failures);
  } finally {
    inputs.close();
  }
}

/** The error that ended the job, and those of cleaning up after it. */
function withLeftovers(error: unknown, failures: readonly unknown[]): AlopexError {
  const code = error instanceof AlopexError ? error.code : SqlState.ioError;
  const message = error instanceof Error ? error.message : String(error);
  return new AlopexError(code, `${message}; unfinished segments could not be removed either`, {
    hint: 'The next open of the database removes them.',
    cause: new AggregateError([error, ...failures]),
  });
}

function memtableInputs(memtable: SharedMemtable): JobInputs {
  const { rangeDeletes } = memtable;
  return { cursor: KvMemtable.cursorOf(memtable), rangeDeletes, bytesRead: 0, close: () => undefined };
}
