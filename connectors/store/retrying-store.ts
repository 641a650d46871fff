import { createHash } from 'node:crypto';
import type { ConditionalOptions, ObjectStore, RequestOptions } from '../../engine/ports/object-store.ts';
import type { Random } from '../../engine/ports/random.ts';
import type { RetryPolicy } from './retry-policy.ts';
import { isAmbiguous, StoreError } from './store-error.ts';
import { StoreLayer, type StoreRequest } from './store-layer.ts';

/**
 * Repeats failed requests. Reads, lists, deletes, copies and unconditional writes end up the same however often they are made. A conditional write is not repeated blindly: each
 * carries a token that is stored with the object, and once an attempt's outcome is unknown, a refusal is believed only after the object that is there has shown whose it is.
 */
export class RetryingStore extends StoreLayer {
  readonly #policy: RetryPolicy;
  readonly #random: Random;

  constructor(inner: ObjectStore, policy: RetryPolicy, random: Random) {
    super(inner);
    this.#policy = policy;
    this.#random = random;
  }

  protected around<T>(
    _request: StoreRequest,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    return this.#policy.run(() => send(options), options.signal);
  }

  override create(key: string, bytes: Uint8Array, options: ConditionalOptions = {}): Promise<'created' | 'exists'> {
    const write = { key, done: 'created', refused: 'exists', isFile: false } as const;
    return this.#conditional(write, options, (passed) => this.inner.create(key, bytes, passed));
  }

  override createFile(key: string, localPath: string, options: ConditionalOptions = {}): Promise<'created' | 'exists'> {
    const write = { key, done: 'created', refused: 'exists', isFile: true } as const;
    return this.#conditional(write, options, (passed) => this.inner.createFile(key, localPath, passed));
  }

  override replace(
    key: string,
    bytes: Uint8Array,
    version: string,
    options: ConditionalOptions = {},
  ): Promise<'replaced' | 'changed'> {
    const write = { key, done: 'replaced', refused: 'changed', isFile: false, over: fingerprint(version) } as const;
    return this.#conditional(write, options, (passed) => this.inner.replace(key, bytes, version, passed));
  }

  async #conditional<Done extends string, Refused extends string>(
    write: ConditionalWrite<Done, Refused>,
    options: ConditionalOptions,
    send: (options: ConditionalOptions) => Promise<Done | Refused>,
  ): Promise<Done | Refused> {
    const { key, done, refused, over } = write;
    const name = options.token ?? this.#random.uuid();
    const token = over === undefined ? name : `${name}-${over}`;
    // An upload of a file is several requests, which SDKs repeat by themselves.
    let isInDoubt = write.isFile;
    let isUnknown = false;
    try {
      return await this.#policy.run(async () => {
        try {
          const outcome = await send({ ...options, token });
          if (outcome === done || !isInDoubt) return outcome;
        } catch (error) {
          if (isAmbiguous(error)) isInDoubt = isUnknown = true;
          throw error;
        }
        const found = await this.inner.head(key, options);
        if (found?.token === token) return done;
        // A create that was refused says that an object is there, which is so. A replace may have been done before the write that is there now, unless that was over the same version.
        const isDecided = over === undefined || (found?.token?.endsWith(`-${over}`) ?? false);
        if (isUnknown && !isDecided) throw unknownOutcome(this.uri, key);
        return refused;
      }, options.signal);
    } catch (error) {
      // Whatever ended the attempts, that one of them may have been carried out is what the caller has to know.
      const isOfStore = error instanceof StoreError && error.kind !== 'unknown-outcome';
      throw isUnknown && isOfStore ? unknownOutcome(this.uri, key, error) : error;
    }
  }
}

interface ConditionalWrite<Done, Refused> {
  readonly key: string;
  readonly done: Done;
  readonly refused: Refused;
  readonly isFile: boolean;
  /** Which version a replace is over. It ends the token, so that whoever finds the object can tell. */
  readonly over?: string;
}

function fingerprint(version: string): string {
  return createHash('sha256').update(version).digest('hex').slice(0, 16);
}

function unknownOutcome(uri: string, key: string, cause?: StoreError): StoreError {
  return new StoreError('unknown-outcome', `it is not known whether ${uri}/${key} was written`, { cause });
}
