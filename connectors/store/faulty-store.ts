import type { Clock } from '../../engine/ports/clock.ts';
import type { ObjectPage, ObjectStore, RequestOptions } from '../../engine/ports/object-store.ts';
import type { Random } from '../../engine/ports/random.ts';
import { StoreError } from './store-error.ts';
import { receivedBytes, StoreLayer, type StoreRequest } from './store-layer.ts';

/** Probabilities from 0 to 1. */
export interface StoreFaults {
  /** Refused with 503: nothing happens. */
  readonly throttled?: number;
  /** The connection breaks before the service has the request. */
  readonly reset?: number;
  /** The service does what it is asked, and the answer is lost. */
  readonly lostAnswer?: number;
  /** The answer comes `slowMs` late. */
  readonly slow?: number;
  readonly slowMs?: number;
  /** The body of an object ends early, which stores tell from its length. */
  readonly truncated?: number;
  /** A page of a list is the one that was given before, whatever has been written since. */
  readonly staleList?: number;
}

export type StoreFaultKind = Exclude<keyof StoreFaults, 'slowMs'>;

/** A store that fails as services do, as often as it is told, for tests. */
export class FaultyStore extends StoreLayer {
  /** How often each fault was made. */
  readonly counts: Record<StoreFaultKind, number> = {
    throttled: 0,
    reset: 0,
    lostAnswer: 0,
    slow: 0,
    truncated: 0,
    staleList: 0,
  };
  faults: StoreFaults;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pages = new Map<string, ObjectPage>();

  constructor(inner: ObjectStore, faults: StoreFaults, ports: { readonly clock: Clock; readonly random: Random }) {
    super(inner);
    this.faults = faults;
    this.#clock = ports.clock;
    this.#random = ports.random;
  }

  override async listPage(prefix: string, cursor?: string, options?: RequestOptions): Promise<ObjectPage> {
    const page = await super.listPage(prefix, cursor, options);
    const name = JSON.stringify([prefix, cursor]);
    const before = this.#pages.get(name);
    if (before !== undefined && this.#hits('staleList')) return before;
    this.#pages.set(name, page);
    return page;
  }

  protected async around<T>(
    request: StoreRequest,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    const what = `${request.kind} ${request.key}`;
    if (this.#hits('throttled')) throw new StoreError('throttled', `slow down: ${what}`);
    if (this.#hits('reset')) throw new StoreError('broken', `the connection was reset: ${what}`);
    const answer = await send(options);
    if (this.#hits('slow')) await this.#clock.sleep(this.faults.slowMs ?? 10, options.signal);
    if (this.#hits('lostAnswer')) throw new StoreError('broken', `the answer was lost: ${what}`);
    if (receivedBytes(answer) > 0 && this.#hits('truncated')) {
      throw new StoreError('broken', `the answer was cut short: ${what}`);
    }
    return answer;
  }

  #hits(kind: StoreFaultKind): boolean {
    const probability = this.faults[kind] ?? 0;
    if (probability === 0) return false;
    const drawn = new DataView(this.#random.bytes(4).buffer).getUint32(0) / 2 ** 32;
    if (drawn >= probability) return false;
    this.counts[kind]++;
    return true;
  }
}
