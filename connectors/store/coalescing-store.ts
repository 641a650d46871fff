import type { Clock } from '../../engine/ports/clock.ts';
import type { ObjectStore, RequestOptions } from '../../engine/ports/object-store.ts';
import { untilAborted } from './abort.ts';
import { checkKey, checkRange } from './object-key.ts';
import { StoreLayer, type StoreRequest } from './store-layer.ts';

export interface CoalescingOptions {
  /** Ranges with no more than this between them are fetched as one: a request costs about as much time as these bytes. */
  readonly maxGapBytes: number;
  /** Ranges are not put together beyond this. */
  readonly maxRequestBytes: number;
}

export const DEFAULT_COALESCING: CoalescingOptions = { maxGapBytes: 256 << 10, maxRequestBytes: 16 << 20 };

interface Asked {
  readonly offset: number;
  readonly end: number;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
  isWanted: boolean;
}

/** One request that serves several ranges. */
interface Flight {
  readonly offset: number;
  readonly end: number;
  readonly served: Asked[];
  readonly controller: AbortController;
  /** Later requests may be served by it too. */
  isOpen: boolean;
}

/**
 * Ranges of one object that are asked for in the same turn of the event loop and lie near each other become one request, and a range that is already on its way is not fetched
 * again. It is aborted only when nobody waits for it any more. For objects that do not change: a range may be as old as the request that it joins. Writes through this store are
 * seen by ranges that are asked for after them.
 */
export class CoalescingStore extends StoreLayer {
  readonly #options: CoalescingOptions;
  readonly #clock: Clock;
  readonly #asked = new Map<string, Asked[]>();
  readonly #flights = new Map<string, Set<Flight>>();

  constructor(inner: ObjectStore, clock: Clock, options: Partial<CoalescingOptions> = {}) {
    super(inner);
    this.#clock = clock;
    this.#options = { ...DEFAULT_COALESCING, ...options };
  }

  override async getRange(
    key: string,
    offset: number,
    length: number,
    options: RequestOptions = {},
  ): Promise<Uint8Array> {
    checkKey(key);
    checkRange(offset, length);
    options.signal?.throwIfAborted();
    if (length === 0) return this.inner.getRange(key, offset, length, options);
    let asked: Asked | undefined;
    const answer = new Promise<Uint8Array>((resolve, reject) => {
      asked = { offset, end: offset + length, resolve, reject, isWanted: true };
      this.#ask(key, asked);
    });
    options.signal?.addEventListener('abort', () => asked !== undefined && this.#leave(key, asked), { once: true });
    return untilAborted(answer, options.signal);
  }

  protected async around<T>(
    request: StoreRequest,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    const isRead = ['get', 'getVersion', 'head', 'listPage'].includes(request.kind);
    if (isRead) return send(options);
    try {
      return await send(options);
    } finally {
      // A delete names several keys, and its first alone is known here.
      for (const [key, flights] of this.#flights) {
        if (request.kind !== 'delete' && key !== request.key) continue;
        for (const flight of flights) flight.isOpen = false;
      }
    }
  }

  #ask(key: string, asked: Asked): void {
    const flight = this.#flights
      .get(key)
      ?.values()
      .find(({ offset, end, isOpen }) => isOpen && offset <= asked.offset && asked.end <= end);
    if (flight !== undefined) {
      flight.served.push(asked);
      return;
    }
    const waiting = this.#asked.get(key);
    if (waiting !== undefined) {
      waiting.push(asked);
      return;
    }
    this.#asked.set(key, [asked]);
    void this.#clock.pause().then(() => this.#depart(key));
  }

  #depart(key: string): void {
    const asked = (this.#asked.get(key) ?? []).filter(({ isWanted }) => isWanted);
    this.#asked.delete(key);
    for (const flight of flightsOf(asked, this.#options)) void this.#fly(key, flight);
  }

  async #fly(key: string, flight: Flight): Promise<void> {
    const flights = this.#flights.get(key) ?? new Set();
    flights.add(flight);
    this.#flights.set(key, flights);
    const { offset, end, served, controller } = flight;
    try {
      const bytes = await this.inner.getRange(key, offset, end - offset, { signal: controller.signal });
      const isShared = served.length > 1;
      for (const asked of served) {
        const [from, to] = [asked.offset - offset, asked.end - offset];
        asked.resolve(isShared ? bytes.slice(from, to) : bytes.subarray(from, to));
      }
    } catch (error) {
      for (const asked of served) asked.reject(error);
    } finally {
      flights.delete(flight);
      if (flights.size === 0) this.#flights.delete(key);
    }
  }

  #leave(key: string, asked: Asked): void {
    asked.isWanted = false;
    const flight = this.#flights
      .get(key)
      ?.values()
      .find(({ served }) => served.includes(asked));
    if (flight === undefined || flight.served.some(({ isWanted }) => isWanted)) return;
    // Whoever asks from now on must not join a request that ends here.
    flight.isOpen = false;
    flight.controller.abort();
  }
}

/** Puts ranges together that lie near each other. */
function flightsOf(asked: readonly Asked[], options: CoalescingOptions): Flight[] {
  const flights: (Omit<Flight, 'end'> & { end: number })[] = [];
  for (const range of [...asked].sort((left, right) => left.offset - right.offset)) {
    const last = flights.at(-1);
    const end = Math.max(last?.end ?? 0, range.end);
    const isNear =
      last !== undefined &&
      (range.end <= last.end ||
        (range.offset - last.end <= options.maxGapBytes && end - last.offset <= options.maxRequestBytes));
    if (isNear) {
      last.end = end;
      last.served.push(range);
    } else {
      flights.push({
        offset: range.offset,
        end: range.end,
        served: [range],
        controller: new AbortController(),
        isOpen: true,
      });
    }
  }
  return flights;
}
