import type { ObjectStore, RequestOptions } from '../../engine/ports/object-store.ts';
import { untilAborted } from './abort.ts';
import { localFileSize } from './local-file-size.ts';
import { StoreError } from './store-error.ts';
import { StoreLayer, type StoreRequest } from './store-layer.ts';

export interface TimeLimits {
  /** For a request, before its bytes are counted. */
  readonly timeoutMs: number;
  /** Slower than this is taken for hanging. */
  readonly minBytesPerSecond: number;
  /** What is allowed for whole objects, whose size nobody knows before. */
  readonly wholeObjectBytes: number;
}

export const DEFAULT_TIME_LIMITS: TimeLimits = {
  timeoutMs: 20_000,
  minBytesPerSecond: 512 << 10,
  wholeObjectBytes: 32 << 20,
};

/** Ends a request that takes too long, whether the store below heeds its signal or not. */
export class TimedStore extends StoreLayer {
  readonly #limits: TimeLimits;

  constructor(inner: ObjectStore, limits: Partial<TimeLimits> = {}) {
    super(inner);
    this.#limits = { ...DEFAULT_TIME_LIMITS, ...limits };
  }

  protected async around<T>(
    request: StoreRequest,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    const limitMs = Math.ceil(await this.#limitMs(request));
    const timeout = AbortSignal.timeout(limitMs);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
    try {
      return await untilAborted(send({ ...options, signal }), signal);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!timeout.aborted) throw error;
      throw new StoreError(
        'timeout',
        `${this.uri} did not answer in ${limitMs} ms: ${request.kind} ${JSON.stringify(request.key)}`,
      );
    }
  }

  async #limitMs(request: StoreRequest): Promise<number> {
    const { timeoutMs, minBytesPerSecond, wholeObjectBytes } = this.#limits;
    const isWhole = request.kind === 'get' || request.kind === 'getVersion' || request.kind === 'copy';
    const bytes =
      request.sentBytes +
      (request.askedBytes ?? 0) +
      (isWhole ? wholeObjectBytes : 0) +
      (request.localPath === undefined ? 0 : await localFileSize(request.localPath));
    return timeoutMs + (bytes / minBytesPerSecond) * 1000;
  }
}
