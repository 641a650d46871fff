import type { EngineContext } from '../../context.ts';
import type { DataFile } from '../../table/data-file.ts';
import type { TableVersion } from '../../table/version.ts';
import type { TableCounters } from './metrics.ts';
import { isSmall } from './plan.ts';

/** Bytes a millisecond at the first step of slowing down; half of it at each further step. */
const SLOW_BYTES_PER_MS = 32_768;
/** Steps between slowing down and stopping. */
const STEPS = 12;
/** No commit is slowed down for longer. */
const MAX_SLEEP_MS = 100;

/** Slows commits to a table down when it has many small segments: little by little first, so that no commit waits long. */
export class TableBackpressure {
  readonly #context: EngineContext;
  readonly #counters: TableCounters;
  readonly #progress: () => Promise<boolean>;
  /** Small segments by list of files: a list is counted once. */
  readonly #counted = new WeakMap<readonly DataFile[], number>();
  /** Milliseconds that commits have not waited for yet: too little for a timer. */
  #owedMs = 0;

  /** `progress` waits for a compaction, and says whether there can be another. */
  constructor(context: EngineContext, counters: TableCounters, progress: () => Promise<boolean>) {
    this.#context = context;
    this.#counters = counters;
    this.#progress = progress;
  }

  /** Makes a commit wait that took a table from `before` to `after`; `now` is the table as it becomes while waiting. */
  async slowDown(
    before: TableVersion | undefined,
    after: TableVersion,
    now: () => TableVersion | undefined,
  ): Promise<void> {
    const { slowSegments, stopSegments } = this.#context.limits;
    const excess = this.#small(after) - slowSegments;
    if (excess < 0) return;
    if (this.#small(after) >= stopSegments) {
      await this.#stalled(async () => {
        for (let table = now(); table !== undefined && this.#small(table) >= stopSegments; table = now()) {
          if (!(await this.#progress())) return;
        }
      });
      return;
    }
    const step = (excess * STEPS) / (stopSegments - slowSegments);
    this.#owedMs += (bytesAdded(before, after) / SLOW_BYTES_PER_MS) * 2 ** step;
    if (this.#owedMs < 1) return;
    const durationMs = Math.min(this.#owedMs, MAX_SLEEP_MS);
    this.#owedMs = 0;
    await this.#stalled(() => this.#context.clock.sleep(durationMs));
  }

  #small({ files }: TableVersion): number {
    let count = this.#counted.get(files);
    if (count === undefined) {
      const { segmentBytes } = this.#context.limits;
      count = files.filter((file) => file.tier === 'hot' && isSmall(file.sizeBytes, segmentBytes)).length;
      this.#counted.set(files, count);
    }
    return count;
  }

  async #stalled(wait: () => Promise<void>): Promise<void> {
    const startMs = this.#context.clock.monotonicMs();
    try {
      await wait();
    } finally {
      this.#counters.stalls++;
      this.#counters.stallMs += this.#context.clock.monotonicMs() - startMs;
    }
  }
}

/** Bytes that a commit added, in memory or in segments. */
function bytesAdded(before: TableVersion | undefined, after: TableVersion): number {
  const grown = after.memtable.sizeBytes - (before?.memtable.sizeBytes ?? 0);
  if (grown > 0) return grown;
  const known = new Set(before?.files.map((file) => file.name));
  return after.files.reduce(
    (sum, file) => sum + (file.tier === 'cold' || known.has(file.name) ? 0 : file.sizeBytes),
    0,
  );
}
