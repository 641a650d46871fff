import type { Clock } from '../../engine/ports/clock.ts';
import type { RestResponse } from './protocol.ts';
import { badRequest } from './rest-error.ts';

/** How long an answer is kept for a request that comes again. */
export const IDEMPOTENCY_LIFETIME_MS = 30 * 60 * 1000;
export const IDEMPOTENCY_LIFETIME = 'PT30M';

const MAX_KEYS = 10_000;

interface Kept {
  /** What the key was used for: it must not be used for anything else. */
  readonly request: string;
  readonly response: Promise<RestResponse>;
  readonly firstMs: number;
}

/**
 * Answers a request that comes again with the same `Idempotency-Key` as it was answered before, and runs it once. Answers of status 5xx are
 * not kept. The keys are in the memory of this process: after a restart a request runs again, and is told by its requirements.
 */
export class Idempotency {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async run(key: string, request: string, action: () => Promise<RestResponse>): Promise<RestResponse> {
    if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(key)) {
      throw badRequest(`Invalid Idempotency-Key: ${key} is no UUID`);
    }
    this.#forgetOld();
    const known = this.#kept.get(key);
    if (known !== undefined) {
      if (known.request !== request) throw badRequest('The Idempotency-Key was used for another request');
      return await known.response;
    }
    const response = action();
    this.#kept.set(key, { request, response, firstMs: this.#clock.monotonicMs() });
    try {
      const { status } = await response;
      if (status >= 500) this.#kept.delete(key);
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
    return await response;
  }

  /** The oldest come first. */
  #forgetOld(): void {
    const sinceMs = this.#clock.monotonicMs() - IDEMPOTENCY_LIFETIME_MS;
    for (const [key, { firstMs }] of this.#kept) {
      if (firstMs > sinceMs && this.#kept.size < MAX_KEYS) return;
      this.#kept.delete(key);
    }
  }
}
