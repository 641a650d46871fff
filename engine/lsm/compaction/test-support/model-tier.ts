import type { CompactionSegment } from '../compaction-segment.ts';
import type { CompactionOptions, CompactionPlan } from '../plan.ts';

/** The hot tier of a table as figures: what flushes and compactions make of it. Sort keys are numbers from 0 to 1. */
export class ModelTier {
  segments: CompactionSegment[] = [];
  flushedBytes = 0;
  compactedBytes = 0;
  compactions = 0;
  readonly #options: CompactionOptions;
  #next = 1;

  constructor(options: CompactionOptions) {
    this.#options = options;
  }

  get next(): number {
    return this.#next;
  }

  flush(sizeBytes: number, lower: number, upper: number): void {
    this.flushedBytes += sizeBytes;
    this.segments.push(this.#segment(sizeBytes, lower, upper, this.#next, 0));
  }

  deleteFrom(index: number, share: number): void {
    this.segments = this.segments.map((segment, at) =>
      at === index ? { ...segment, deletedRows: Math.floor(segment.rowCount * share) } : segment,
    );
  }

  /** Rows are spread evenly over the range of the inputs, so the parts are of the same size; `skew` makes them differ. */
  apply(plan: CompactionPlan, skew: number): void {
    const gone = new Set(plan.inputs.map((segment) => segment.fileId));
    this.segments = this.segments.filter((segment) => !gone.has(segment.fileId));
    const bytes = plan.inputs.reduce((sum, s) => sum + s.sizeBytes * (1 - s.deletedRows / s.rowCount), 0);
    this.compactions++;
    this.compactedBytes += bytes;
    const lower = Math.min(...plan.inputs.map((segment) => Number(segment.range?.lower ?? 0)));
    const upper = Math.max(...plan.inputs.map((segment) => Number(segment.range?.upper ?? 1)));
    const run = this.#next;
    const width = (upper - lower) / plan.outputCount;
    for (let part = 0; part < plan.outputCount; part++) {
      const share = (1 + skew * (part % 2 === 0 ? 1 : -1)) / plan.outputCount;
      const size = plan.outputCount === 1 ? bytes : bytes * share;
      // The next part begins where this one ends, and does not touch it.
      const end = lower + width * (part + 1) - (part + 1 < plan.outputCount ? width * 1e-9 : 0);
      this.segments.push(this.#segment(Math.ceil(size), lower + width * part, end, run, plan.generation));
    }
  }

  /** The greatest number of full segments that may hold one key. */
  get depth(): number {
    const full = this.segments.filter((segment) => segment.sizeBytes >= this.#options.segmentBytes / 2);
    const holding = (key: number): number =>
      full.filter(({ range }) => Number(range?.lower) <= key && key <= Number(range?.upper)).length;
    return Math.max(0, ...full.map((segment) => holding(Number(segment.range?.lower))));
  }

  #segment(sizeBytes: number, lower: number, upper: number, run: number, generation: number): CompactionSegment {
    const fileId = this.#next++;
    const rowCount = Math.max(1, Math.ceil(sizeBytes / 100));
    return { fileId, name: `${fileId}`, sizeBytes, rowCount, deletedRows: 0, run, generation, range: { lower, upper } };
  }
}
