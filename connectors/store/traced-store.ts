import type { Clock } from '../../engine/ports/clock.ts';
import type { ObjectStore, RequestOptions } from '../../engine/ports/object-store.ts';
import { receivedBytes, StoreLayer, type StoreRequest } from './store-layer.ts';

/** One request that has ended. */
export interface RequestSpan extends StoreRequest {
  readonly uri: string;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly receivedBytes: number;
  /** Why it failed; absent when it did not. */
  readonly error?: unknown;
}

/** Tells of every request when it has ended. */
export class TracedStore extends StoreLayer {
  readonly #onRequest: (span: RequestSpan) => void;
  readonly #clock: Clock;

  /** `onRequest` must not throw. `startedMs` is wall-clock time. */
  constructor(inner: ObjectStore, onRequest: (span: RequestSpan) => void, clock: Clock) {
    super(inner);
    this.#onRequest = onRequest;
    this.#clock = clock;
  }

  protected async around<T>(
    request: StoreRequest,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    const startedMs = this.#clock.nowMs();
    const from = this.#clock.monotonicMs();
    const tell = (received: number, failure: { error?: unknown }): void => {
      const durationMs = this.#clock.monotonicMs() - from;
      this.#onRequest({ ...request, uri: this.uri, startedMs, durationMs, receivedBytes: received, ...failure });
    };
    try {
      const answer = await send(options);
      tell(receivedBytes(answer), {});
      return answer;
    } catch (error) {
      tell(0, { error });
      throw error;
    }
  }
}
