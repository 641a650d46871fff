/** Time, as core code sees it. Order never comes from here (invariant 1): it is for labels, ages and durations. */
export interface Clock {
  /** Wall clock, milliseconds since 1970-01-01 UTC. */
  nowMs(): number;
  /** Monotonic milliseconds, for durations only. */
  monotonicMs(): number;
  /** Lets whatever else is ready to run in this process run first. */
  pause(): Promise<void>;
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}
