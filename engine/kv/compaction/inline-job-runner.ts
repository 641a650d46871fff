import type { Clock } from '../../ports/clock.ts';
import type { FileSystem } from '../../ports/file-system.ts';
import type { KvJob, KvJobResult, KvJobRunner } from '../../ports/kv-jobs.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import { runKvJob } from './job.ts';

/** Runs jobs in this thread, taking turns with everything else at every write. */
export class InlineJobRunner implements KvJobRunner {
  readonly #fileSystem: FileSystem;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<KvJobResult>>();

  constructor(fileSystem: FileSystem, clock: Clock) {
    this.#fileSystem = fileSystem;
    this.#clock = clock;
  }

  async run(job: KvJob, signal?: AbortSignal): Promise<KvJobResult> {
    const either = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    const result = runKvJob(this.#fileSystem, this.#clock, job, either);
    this.#running.add(result);
    try {
      return await result;
    } finally {
      this.#running.delete(result);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new AlopexError(SqlState.queryCanceled, 'the database is being closed'));
    await Promise.allSettled(this.#running);
  }
}
