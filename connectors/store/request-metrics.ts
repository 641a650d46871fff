import type { RequestKind } from './store-layer.ts';

/** What services bill requests by: writes, copies and lists; reads; deletes, which are free. */
export type RequestClass = 'write' | 'read' | 'free';

export const REQUEST_CLASS: Readonly<Record<RequestKind, RequestClass>> = {
  get: 'read',
  getVersion: 'read',
  getRange: 'read',
  head: 'read',
  put: 'write',
  create: 'write',
  replace: 'write',
  putFile: 'write',
  createFile: 'write',
  copy: 'write',
  listPage: 'write',
  delete: 'free',
};

/** Upper bounds of the histogram's buckets but the last, which has none. */
export const LATENCY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 60_000] as const;

export interface KindMetrics {
  readonly requests: number;
  readonly failures: number;
  /** Bytes of objects, without those of HTTP. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly totalMs: number;
  /** Requests by how long they took: one count for each of `LATENCY_BOUNDS_MS`, and one more for longer ones. */
  readonly latencies: readonly number[];
}

export interface RequestPrices {
  /** In any currency, for a thousand requests. */
  readonly perThousandWrites: number;
  readonly perThousandReads: number;
}

/** Counts of requests, by kind and by what they cost. */
export class RequestMetrics {
  readonly #kinds = new Map<
    RequestKind,
    { -readonly [Name in keyof KindMetrics]: KindMetrics[Name] } & { latencies: number[] }
  >();
  readonly #classes: Record<RequestClass, number> = { write: 0, read: 0, free: 0 };

  /** `billed` is how many requests the service counts, more than one for a file that goes in parts. */
  add(
    kind: RequestKind,
    one: { billed: number; sentBytes: number; receivedBytes: number; durationMs: number; isFailure: boolean },
  ): void {
    const sums = this.#kinds.get(kind) ?? {
      requests: 0,
      failures: 0,
      sentBytes: 0,
      receivedBytes: 0,
      totalMs: 0,
      latencies: LATENCY_BOUNDS_MS.map(() => 0).concat(0),
    };
    this.#kinds.set(kind, sums);
    sums.requests++;
    if (one.isFailure) sums.failures++;
    sums.sentBytes += one.sentBytes;
    sums.receivedBytes += one.receivedBytes;
    sums.totalMs += one.durationMs;
    const bucket = LATENCY_BOUNDS_MS.findIndex((boundMs) => one.durationMs <= boundMs);
    const index = bucket === -1 ? LATENCY_BOUNDS_MS.length : bucket;
    sums.latencies[index] = (sums.latencies[index] ?? 0) + 1;
    this.#classes[REQUEST_CLASS[kind]] += one.billed;
  }

  byKind(): ReadonlyMap<RequestKind, KindMetrics> {
    return new Map([...this.#kinds].map(([kind, sums]) => [kind, { ...sums, latencies: [...sums.latencies] }]));
  }

  /** Requests as services bill them. */
  byClass(): Readonly<Record<RequestClass, number>> {
    return { ...this.#classes };
  }

  cost(prices: RequestPrices): number {
    return (this.#classes.write * prices.perThousandWrites + this.#classes.read * prices.perThousandReads) / 1000;
  }
}
