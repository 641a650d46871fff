import type { Clock } from '../../engine/ports/clock.ts';
import type { ObjectStore, RequestOptions } from '../../engine/ports/object-store.ts';
import { localFileSize } from './local-file-size.ts';
import type { RequestMetrics } from './request-metrics.ts';
import { receivedBytes, StoreLayer, type StoreRequest } from './store-layer.ts';

/** Requests that services take for a file of so many bytes. */
export type FileRequests = (sizeBytes: number) => number;

/** Counts requests. Below the layer that repeats them, so that each attempt counts. */
export class MeteredStore extends StoreLayer {
  readonly #metrics: RequestMetrics;
  readonly #clock: Clock;
  readonly #fileRequests: FileRequests;

  constructor(inner: ObjectStore, metrics: RequestMetrics, clock: Clock, fileRequests: FileRequests = () => 1) {
    super(inner);
    this.#metrics = metrics;
    this.#clock = clock;
    this.#fileRequests = fileRequests;
  }

  protected async around<T>(
    request: StoreRequest,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    const fileBytes = request.localPath === undefined ? undefined : await localFileSize(request.localPath);
    const startedMs = this.#clock.monotonicMs();
    const add = (received: number, isFailure: boolean): void =>
      this.#metrics.add(request.kind, {
        billed: fileBytes === undefined ? 1 : this.#fileRequests(fileBytes),
        sentBytes: fileBytes ?? request.sentBytes,
        receivedBytes: received,
        durationMs: this.#clock.monotonicMs() - startedMs,
        isFailure,
      });
    try {
      const answer = await send(options);
      add(receivedBytes(answer), false);
      return answer;
    } catch (error) {
      add(0, true);
      throw error;
    }
  }
}
