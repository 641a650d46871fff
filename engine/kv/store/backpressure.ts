import type { EngineContext } from '../../context.ts';
import type { Background } from './background.ts';
import type { KvStore } from './kv-store.ts';

/** Full memtables that may wait for their flush; with more, commits wait. */
const MAX_FROZEN = 2;
/** With so many segments in level 0, commits are slowed down: reads look into each of them. */
const SLOW_SEGMENTS = 12;
/** With so many, commits wait until a compaction has made them fewer. */
const MAX_SEGMENTS = 24;
/** Bytes a millisecond at the first step of slowing down; half of it at each further step. */
const SLOW_BYTES_PER_MS = 32_768;

/** Slows commits down when flushes and compactions do not keep up: little by little first, so that no commit waits long. */
export class Backpressure {
  readonly #context: EngineContext;
  readonly #store: KvStore;
  readonly #background: Background;
  /** Milliseconds that commits have not waited for yet: too little for a timer. */
  #owedMs = 0;

  constructor(context: EngineContext, store: KvStore, background: Background) {
    this.#context = context;
    this.#store = store;
    this.#background = background;
  }

  /** What a commit of so many bytes has to wait for; `undefined` for nothing. Rejects when there is no point in waiting, as on a full disk. */
  delay(sizeBytes: number): Promise<void> | undefined {
    if (this.#mustWait()) return this.#counted(() => this.#waitForRoom());
    const excess = this.#segmentsInLevel0() - SLOW_SEGMENTS;
    if (excess < 0) return undefined;
    this.#owedMs += (sizeBytes / SLOW_BYTES_PER_MS) * 2 ** excess;
    if (this.#owedMs < 1) return undefined;
    const durationMs = Math.min(this.#owedMs, 100);
    this.#owedMs = 0;
    return this.#counted(() => this.#context.clock.sleep(durationMs));
  }

  #mustWait(): boolean {
    const { active, frozen } = this.#store;
    const full = active.sizeBytes >= this.#context.limits.kvMemtableBytes && frozen.length >= MAX_FROZEN;
    return full || this.#segmentsInLevel0() >= MAX_SEGMENTS;
  }

  #segmentsInLevel0(): number {
    return this.#store.view.levels[0]?.length ?? 0;
  }

  async #waitForRoom(): Promise<void> {
    while (this.#mustWait()) await this.#background.progress();
  }

  async #counted(wait: () => Promise<void>): Promise<void> {
    const { counters } = this.#store;
    const startMs = this.#context.clock.monotonicMs();
    try {
      await wait();
    } finally {
      counters.stalls++;
      counters.stallMs += this.#context.clock.monotonicMs() - startMs;
    }
  }
}
