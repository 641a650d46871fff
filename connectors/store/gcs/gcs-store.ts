import type { EventEmitter } from 'node:events';
import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Bucket, File } from '@google-cloud/storage';
import type {
  ConditionalOptions,
  ObjectInfo,
  ObjectPage,
  ObjectStore,
  RequestOptions,
  VersionedObject,
} from '../../../engine/ports/object-store.ts';
import { fileError } from '../../node/node-error.ts';
import { untilAborted } from '../abort.ts';
import type { KeyPrefix } from '../key-prefix.ts';
import type { ServicePorts } from '../open-store.ts';
import { absent, checkKey, checkRange } from '../object-key.ts';
import { listPages } from '../paging.ts';
import { cutShort } from '../service-error.ts';
import { TOKEN_NAME } from '../token.ts';
import { gcsError, isAbsentObject, isPreconditionFailure, statusOf } from './gcs-error.ts';

export interface GcsPlace {
  readonly uri: string;
  /** Sends each request once. */
  readonly bucket: Bucket;
  /** The same bucket without a limit on the time of a request, for files. */
  readonly uploads: Bucket;
  readonly keys: KeyPrefix;
  readonly ports: ServicePorts;
}

const PAGE_LENGTH = 1000;
const PARALLEL_DELETES = 16;
const ANSWER_LISTENERS = 30;

/** When a write takes place: when the object has this generation; 0 stands for none at all. */
type Condition = { readonly ifGenerationMatch: string | number } | undefined;

/** Objects in a bucket of Google Cloud Storage. One request each, not repeated; a version is a generation. */
export class GcsObjectStore implements ObjectStore {
  readonly uri: string;
  readonly #place: GcsPlace;

  constructor(place: GcsPlace) {
    this.uri = place.uri;
    this.#place = place;
  }

  async get(key: string, options: RequestOptions = {}): Promise<Uint8Array | undefined> {
    return (await this.getVersion(key, options))?.bytes;
  }

  async getVersion(key: string, options: RequestOptions = {}): Promise<VersionedObject | undefined> {
    const file = this.#file(key);
    const what = `get ${this.uri}/${key}`;
    return this.#send(what, options, async () => {
      try {
        return await download(what, file, {}, options.signal);
      } catch (error) {
        if (isAbsentObject(error)) return undefined;
        throw error;
      }
    });
  }

  async getRange(key: string, offset: number, length: number, options: RequestOptions = {}): Promise<Uint8Array> {
    const file = this.#file(key);
    checkRange(offset, length);
    if (length === 0) {
      if ((await this.head(key, options)) === undefined) throw absent(this.uri, key);
      return new Uint8Array(0);
    }
    const what = `get ${this.uri}/${key} at ${offset}`;
    return this.#send(what, options, async () => {
      try {
        const range = { start: offset, end: offset + length - 1 };
        return (await download(what, file, range, options.signal)).bytes;
      } catch (error) {
        if (isAbsentObject(error)) throw absent(this.uri, key);
        // The range begins at or behind the end of the object.
        if (statusOf(error) === 416) return new Uint8Array(0);
        throw error;
      }
    });
  }

  async head(key: string, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    const file = this.#file(key);
    return this.#send(`look up ${this.uri}/${key}`, options, async () => {
      try {
        const [metadata] = await file.getMetadata();
        return infoOf(key, metadata);
      } catch (error) {
        if (isAbsentObject(error)) return undefined;
        throw error;
      }
    });
  }

  async put(key: string, bytes: Uint8Array, options: RequestOptions = {}): Promise<void> {
    await this.#put(key, bytes, undefined, options);
  }

  async create(key: string, bytes: Uint8Array, options: ConditionalOptions = {}): Promise<'created' | 'exists'> {
    return (await this.#put(key, bytes, { ifGenerationMatch: 0 }, options)) ? 'created' : 'exists';
  }

  async replace(
    key: string,
    bytes: Uint8Array,
    version: string,
    options: ConditionalOptions = {},
  ): Promise<'replaced' | 'changed'> {
    const held = await this.#put(key, bytes, { ifGenerationMatch: version }, options);
    return held ? 'replaced' : 'changed';
  }

  async putFile(key: string, localPath: string, options: RequestOptions = {}): Promise<void> {
    await this.#putFile(key, localPath, undefined, options);
  }

  async createFile(key: string, localPath: string, options: ConditionalOptions = {}): Promise<'created' | 'exists'> {
    return (await this.#putFile(key, localPath, { ifGenerationMatch: 0 }, options)) ? 'created' : 'exists';
  }

  async copy(from: string, to: string, options: RequestOptions = {}): Promise<void> {
    const [source, target] = [this.#file(from), this.#file(to)];
    await this.#send(`copy ${this.uri}/${from} to ${to}`, options, async () => {
      try {
        await source.copy(target);
      } catch (error) {
        if (isAbsentObject(error)) throw absent(this.uri, from);
        throw error;
      }
    });
  }

  list(prefix: string, options: RequestOptions = {}): AsyncIterable<ObjectInfo> {
    return listPages(this, prefix, options);
  }

  async listPage(prefix: string, cursor?: string, options: RequestOptions = {}): Promise<ObjectPage> {
    const { bucket, keys, ports } = this.#place;
    return this.#send(`list ${this.uri}/${prefix}`, options, async () => {
      const [files, , answer] = await bucket.getFiles({
        prefix: keys.fullPrefix(prefix),
        autoPaginate: false,
        maxResults: ports.pageLength ?? PAGE_LENGTH,
        ...(cursor === undefined ? {} : { pageToken: cursor }),
      });
      const objects = files.map((file) => infoOf(keys.relative(file.name), file.metadata));
      const next = (answer as { nextPageToken?: string } | undefined)?.nextPageToken;
      return next === undefined || next === '' ? { objects } : { objects, next };
    });
  }

  /** One request each: the service has batches, and the SDK has not. Each is repeated by itself, for of many some always fail. */
  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    const files = keys.map((key) => this.#file(key)).values();
    let failure: { readonly error: unknown } | undefined;
    const work = async (): Promise<void> => {
      for (const file of files) {
        if (failure !== undefined) return;
        try {
          await this.#place.ports.retries.run(
            () =>
              this.#send(`delete ${this.uri}/${this.#place.keys.relative(file.name)}`, options, () =>
                file.delete({ ignoreNotFound: true }),
              ),
            options.signal,
          );
        } catch (error) {
          failure ??= { error };
        }
      }
    };
    options.signal?.throwIfAborted();
    await Promise.all(Array.from({ length: Math.min(keys.length, PARALLEL_DELETES) }, work));
    if (failure !== undefined) throw failure.error;
  }

  localPath(key: string): undefined {
    checkKey(key);
    return undefined;
  }

  /** Idle connections are Node's own, which keep no process alive and end by themselves after some seconds. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Returns whether the condition held. */
  #put(key: string, bytes: Uint8Array, condition: Condition, options: ConditionalOptions): Promise<boolean> {
    const file = this.#file(key);
    // The caller may change its bytes as soon as it has its promise.
    const body = Buffer.from(bytes);
    return this.#send(`put ${this.uri}/${key}`, options, () =>
      whetherHeld(condition, () => file.save(body, { resumable: false, ...uploadOf(condition, options, md5Of(body)) })),
    );
  }

  /**
   * One request, whose body is read from the file as it is sent. The SDK's uploads in chunks can be resumed, but after some failures they throw where nobody can catch it.
   */
  #putFile(key: string, localPath: string, condition: Condition, options: ConditionalOptions): Promise<boolean> {
    const file = this.#place.uploads.file(this.#place.keys.full(key));
    const { signal } = options;
    const abort = signal === undefined ? {} : { signal };
    return this.#send(`put ${this.uri}/${key}`, options, () =>
      whetherHeld(condition, async () => {
        const md5 = await md5OfFile(localPath);
        const target = file.createWriteStream({ resumable: false, ...uploadOf(condition, options, md5) });
        await pipeline(createReadStream(localPath), target, abort);
      }),
    );
  }

  #file(key: string): File {
    return this.#place.bucket.file(this.#place.keys.full(key));
  }

  /** The SDK takes no signals: an aborted request is left to itself. */
  async #send<T>(what: string, { signal }: RequestOptions, send: () => Promise<T>): Promise<T> {
    try {
      signal?.throwIfAborted();
      return await untilAborted(send(), signal);
    } catch (error) {
      throw gcsError(what, error, signal);
    }
  }
}

function uploadOf(condition: Condition, { token }: ConditionalOptions, md5Hash: string) {
  return {
    // The SDK's own check deletes an object whose checksum differs, by name: whoever wrote it meanwhile. The service checks the one that is sent with the object.
    validation: false,
    metadata: {
      contentType: 'application/octet-stream',
      md5Hash,
      ...(token === undefined ? {} : { metadata: { [TOKEN_NAME]: token } }),
    },
    ...(condition === undefined ? {} : { preconditionOpts: condition }),
  };
}

function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** Throws `58P01` when the file is absent. */
async function md5OfFile(path: string): Promise<string> {
  const hash = createHash('md5');
  try {
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  } catch (error) {
    throw fileError(`read ${path}`, error);
  }
  return hash.digest('base64');
}

/** False when the condition of a write did not hold. */
async function whetherHeld(condition: Condition, write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (condition !== undefined && isPreconditionFailure(error)) return false;
    throw error;
  }
}

interface Answer extends EventEmitter {
  readonly body?: EventEmitter;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

async function download(
  what: string,
  file: File,
  range: { readonly start?: number; readonly end?: number },
  signal: AbortSignal | undefined,
): Promise<VersionedObject> {
  // Ranges cannot be checked against the object's checksum; whole objects are.
  const stream = file.createReadStream({ ...range, decompress: false });
  let answer: Answer | undefined;
  stream.once('response', (response: Answer) => {
    answer = response;
    // The SDK's own layers listen to an answer more often than Node thinks right, which would be told on standard error.
    for (const emitter of [response, response.body]) emitter?.setMaxListeners(ANSWER_LISTENERS);
  });
  const abort = (): void => void stream.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece as Buffer);
    const bytes = Buffer.concat(pieces);
    const expected = Number(answer?.headers['content-length'] ?? bytes.length);
    if (bytes.length !== expected) throw cutShort(what, expected, bytes.length);
    return {
      bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
      version: answer?.headers['x-goog-generation'] ?? '',
    };
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

interface Metadata {
  readonly size?: string | number;
  readonly updated?: string;
  readonly generation?: string | number;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

function infoOf(key: string, metadata: Metadata): ObjectInfo {
  const token = metadata.metadata?.[TOKEN_NAME];
  const info = {
    key,
    sizeBytes: Number(metadata.size ?? 0),
    modifiedMs: Date.parse(metadata.updated ?? '') || 0,
    version: String(metadata.generation ?? ''),
  };
  return typeof token === 'string' ? { ...info, token } : info;
}
