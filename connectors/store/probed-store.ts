import type { ObjectStore, RequestOptions } from '../../engine/ports/object-store.ts';
import type { Random } from '../../engine/ports/random.ts';
import { probeConditionalWrites } from './conditional-write-probe.ts';
import { StoreLayer, type StoreRequest } from './store-layer.ts';

/** What is known of each place, for the life of the process. */
const probed = new Map<string, Promise<void>>();

/** Probes conditional writes before the first one, once for each place. Whoever only reads needs no right to write. */
export class ProbedStore extends StoreLayer {
  readonly #random: Random;
  /** The service and the place there: two services may have buckets of one name. */
  readonly #place: string;

  constructor(inner: ObjectStore, place: string, random: Random) {
    super(inner);
    this.#random = random;
    this.#place = place;
  }

  protected async around<T>(
    request: StoreRequest,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    const { kind } = request;
    if (kind === 'create' || kind === 'createFile' || kind === 'replace') await this.#probe();
    return send(options);
  }

  #probe(): Promise<void> {
    let outcome = probed.get(this.#place);
    if (outcome === undefined) {
      outcome = probeConditionalWrites(this.inner, this.#random);
      probed.set(this.#place, outcome);
      // What failed, if only for a moment, is probed again.
      outcome.catch(() => probed.delete(this.#place));
    }
    return outcome;
  }
}
