import type { KvJob, KvJobResult } from '../../engine/ports/kv-jobs.ts';

/** From the runner to a worker. `id` is that of a job. */
export type ToWorker =
  { readonly type: 'run'; readonly id: number; readonly job: KvJob } | { readonly type: 'abort'; readonly id: number };

/** An error as plain data: posting an error loses its class and its fields. */
export interface PostedError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  /** Where it was thrown, for whoever looks at the cause. */
  readonly stack: string | undefined;
}

export type FromWorker =
  { readonly id: number; readonly result: KvJobResult } | { readonly id: number; readonly error: PostedError };
