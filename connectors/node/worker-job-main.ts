import { parentPort } from 'node:worker_threads';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import { runKvJob } from '../../engine/kv/compaction/job.ts';
import type { KvJob } from '../../engine/ports/kv-jobs.ts';
import { fileError } from './node-error.ts';
import { NodeFileSystem } from './node-file-system.ts';
import { SystemClock } from './system-clock.ts';
import type { FromWorker, ToWorker } from './worker-job-messages.ts';

/** What a worker thread of `WorkerJobRunner` does: runs the jobs that are posted to it, several taking turns. */
const fileSystem = new NodeFileSystem();
const clock = new SystemClock();
const running = new Map<number, AbortController>();

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'run') void answer(message);
  else running.get(message.id)?.abort(new AlopexError(SqlState.queryCanceled, 'the job was aborted'));
});

async function answer(message: Extract<ToWorker, { type: 'run' }>): Promise<void> {
  const abort = new AbortController();
  running.set(message.id, abort);
  const found = await run(message.id, message.job, abort.signal);
  running.delete(message.id);
  parentPort?.postMessage(found, []);
}

async function run(id: number, job: KvJob, signal: AbortSignal): Promise<FromWorker> {
  try {
    return { id, result: await runKvJob(fileSystem, clock, job, signal) };
  } catch (error) {
    const { code, message, hint, stack } = fileError(job.kind === 'flush' ? 'flush keys' : 'compact keys', error);
    return { id, error: { code, message, hint, stack } };
  }
}
