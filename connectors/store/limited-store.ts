import type { ObjectStore, RequestOptions } from '../../engine/ports/object-store.ts';
import { Semaphore } from '../../engine/semaphore.ts';
import { untilAborted } from './abort.ts';
import { StoreLayer, type StoreRequest } from './store-layer.ts';

/** Sends so many requests at a time; others wait their turn, in order, and can be aborted while they do. */
export class LimitedStore extends StoreLayer {
  readonly #places: Semaphore;

  constructor(inner: ObjectStore, concurrency: number) {
    super(inner);
    this.#places = new Semaphore(concurrency);
  }

  protected around<T>(
    _request: StoreRequest,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    const sent = this.#places.run(() => {
      options.signal?.throwIfAborted();
      return send(options);
    });
    return untilAborted(sent, options.signal);
  }
}
