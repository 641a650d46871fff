import { Worker } from 'node:worker_threads';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import type { KvJob, KvJobResult, KvJobRunner } from '../../engine/ports/kv-jobs.ts';
import type { FromWorker, PostedError, ToWorker } from './worker-job-messages.ts';

/** A flush need not wait for a compaction then. */
const DEFAULT_THREADS = 2;

interface PendingJob {
  readonly resolve: (result: KvJobResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly jobs: Map<number, PendingJob>;
}

/** Runs jobs in worker threads, which are started when they are needed and do not keep the process alive. */
export class WorkerJobRunner implements KvJobRunner {
  readonly #threadCount: number;
  readonly #main: URL;
  readonly #threads: Thread[] = [];
  readonly #ended = new Set<Promise<unknown>>();
  #nextJob = 1;
  #closing = false;

  /** `main`: what a thread runs; another one is for tests. */
  constructor(options: { threads?: number; main?: URL } = {}) {
    this.#threadCount = options.threads ?? DEFAULT_THREADS;
    this.#main = options.main ?? ownMain();
  }

  async run(job: KvJob, signal?: AbortSignal): Promise<KvJobResult> {
    signal?.throwIfAborted();
    if (this.#closing) throw closed();
    const { worker, jobs } = this.#leastBusy();
    const id = this.#nextJob++;
    const ended = new Promise<KvJobResult>((resolve, reject) => {
      jobs.set(id, { resolve, reject });
    });
    const settled = ended.catch(() => undefined);
    this.#ended.add(settled);
    const abort = (): void => post(worker, { type: 'abort', id });
    signal?.addEventListener('abort', abort);
    // While there is work the thread keeps the process alive: whoever waits for the job must get an answer.
    worker.ref();
    try {
      post(worker, { type: 'run', id, job });
      return await ended;
    } catch (error) {
      // Whoever aborts hears the reason given, as from any other runner.
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
      jobs.delete(id);
      this.#ended.delete(settled);
      if (jobs.size === 0) worker.unref();
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const { worker, jobs } of this.#threads) for (const id of jobs.keys()) post(worker, { type: 'abort', id });
    await Promise.all(this.#ended);
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  #leastBusy(): Thread {
    let least: Thread | undefined;
    for (const thread of this.#threads) {
      if (least === undefined || thread.jobs.size < least.jobs.size) least = thread;
    }
    if (least !== undefined && (least.jobs.size === 0 || this.#threads.length >= this.#threadCount)) return least;
    return this.#start();
  }

  #start(): Thread {
    const thread: Thread = { worker: new Worker(this.#main), jobs: new Map() };
    const { worker, jobs } = thread;
    worker.unref();
    worker.on('message', (answer: FromWorker) => {
      const job = jobs.get(answer.id);
      if ('result' in answer) job?.resolve(answer.result);
      else job?.reject(errorFrom(answer.error));
    });
    // An error that the thread did not catch ends it; `exit` follows.
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (status) => {
      const at = this.#threads.indexOf(thread);
      if (at !== -1) this.#threads.splice(at, 1);
      for (const job of jobs.values()) job.reject(died(status, cause));
    });
    this.#threads.push(thread);
    return thread;
  }
}

/** Beside this file, under the same extension: `.ts` as a source, `.js` once built. */
function ownMain(): URL {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`./worker-job-main${extension}`, import.meta.url);
}

function post(worker: Worker, message: ToWorker): void {
  // Nothing is transferred: memory is shared or copied.
  worker.postMessage(message, []);
}

function errorFrom({ code, message, hint, stack }: PostedError): AlopexError {
  const thrown = new Error(message);
  if (stack !== undefined) thrown.stack = stack;
  return new AlopexError(code, message, hint === undefined ? { cause: thrown } : { hint, cause: thrown });
}

function died(status: number, cause: unknown): AlopexError {
  return new AlopexError(SqlState.internalError, `a worker thread ended with status ${status} in the middle of a job`, {
    hint: 'The job will be tried again. If this goes on, look at the cause, and at the memory that is left.',
    cause,
  });
}

function closed(): AlopexError {
  return new AlopexError(SqlState.queryCanceled, 'the database is being closed');
}
