import type { BlockBlobClient, ContainerClient, ContainerListBlobFlatSegmentResponse } from '@azure/storage-blob';
import type {
  ConditionalOptions,
  ObjectInfo,
  ObjectPage,
  ObjectStore,
  RequestOptions,
  VersionedObject,
} from '../../../engine/ports/object-store.ts';
import type { KeyPrefix } from '../key-prefix.ts';
import type { ServicePorts } from '../open-store.ts';
import { absent, checkKey, checkRange, compareKeys } from '../object-key.ts';
import { listPages } from '../paging.ts';
import { cutShort } from '../service-error.ts';
import { TOKEN_NAME } from '../token.ts';
import { azureError, isAbsentBlob, isPreconditionFailure, statusOf } from './azure-error.ts';
import { deleteBlobs } from './azure-delete.ts';
import { uploadFile, type Conditions } from './azure-upload.ts';

export interface AzurePlace {
  readonly uri: string;
  readonly container: ContainerClient;
  readonly keys: KeyPrefix;
  readonly ports: ServicePorts;
  readonly close: () => void;
}

/** Objects as block blobs in a container of Azure. One request each, not repeated; a version is an ETag. */
export class AzureObjectStore implements ObjectStore {
  readonly uri: string;
  readonly #place: AzurePlace;

  constructor(place: AzurePlace) {
    this.uri = place.uri;
    this.#place = place;
  }

  async get(key: string, options: RequestOptions = {}): Promise<Uint8Array | undefined> {
    return (await this.getVersion(key, options))?.bytes;
  }

  async getVersion(key: string, options: RequestOptions = {}): Promise<VersionedObject | undefined> {
    const blob = this.#blob(key);
    const what = `get ${this.uri}/${key}`;
    return this.#send(what, options, async (http) => {
      try {
        const { bytes, version } = await download(what, blob, 0, undefined, http);
        return { bytes, version };
      } catch (error) {
        if (isAbsentBlob(error)) return undefined;
        throw error;
      }
    });
  }

  async getRange(key: string, offset: number, length: number, options: RequestOptions = {}): Promise<Uint8Array> {
    const blob = this.#blob(key);
    checkRange(offset, length);
    if (length === 0) {
      if ((await this.head(key, options)) === undefined) throw absent(this.uri, key);
      return new Uint8Array(0);
    }
    const what = `get ${this.uri}/${key} at ${offset}`;
    return this.#send(what, options, async (http) => {
      try {
        return (await download(what, blob, offset, length, http)).bytes;
      } catch (error) {
        if (isAbsentBlob(error)) throw absent(this.uri, key);
        // The range begins at or behind the end of the object.
        if (statusOf(error) === 416) return new Uint8Array(0);
        throw error;
      }
    });
  }

  async head(key: string, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    const blob = this.#blob(key);
    return this.#send(`look up ${this.uri}/${key}`, options, async (http) => {
      try {
        const found = await blob.getProperties(http);
        const token = found.metadata?.[TOKEN_NAME];
        const info = {
          key,
          sizeBytes: found.contentLength ?? 0,
          modifiedMs: found.lastModified?.getTime() ?? 0,
          version: versionOf(found.etag),
        };
        return token === undefined ? info : { ...info, token };
      } catch (error) {
        if (isAbsentBlob(error)) return undefined;
        throw error;
      }
    });
  }

  async put(key: string, bytes: Uint8Array, options: RequestOptions = {}): Promise<void> {
    await this.#put(key, bytes, {}, options);
  }

  async create(key: string, bytes: Uint8Array, options: ConditionalOptions = {}): Promise<'created' | 'exists'> {
    return (await this.#put(key, bytes, { ifNoneMatch: '*' }, options)) ? 'created' : 'exists';
  }

  async replace(
    key: string,
    bytes: Uint8Array,
    version: string,
    options: ConditionalOptions = {},
  ): Promise<'replaced' | 'changed'> {
    return (await this.#put(key, bytes, { ifMatch: version }, options)) ? 'replaced' : 'changed';
  }

  async putFile(key: string, localPath: string, options: RequestOptions = {}): Promise<void> {
    await this.#putFile(key, localPath, {}, options);
  }

  async createFile(key: string, localPath: string, options: ConditionalOptions = {}): Promise<'created' | 'exists'> {
    return (await this.#putFile(key, localPath, { ifNoneMatch: '*' }, options)) ? 'created' : 'exists';
  }

  async copy(from: string, to: string, options: RequestOptions = {}): Promise<void> {
    const [source, target] = [this.#blob(from), this.#blob(to)];
    await this.#send(`copy ${this.uri}/${from} to ${to}`, options, async (http) => {
      try {
        const poller = await target.beginCopyFromURL(source.url, { ...http, intervalInMs: COPY_POLL_MS });
        await poller.pollUntilDone();
      } catch (error) {
        if (isAbsentBlob(error)) throw absent(this.uri, from);
        throw error;
      }
    });
  }

  list(prefix: string, options: RequestOptions = {}): AsyncIterable<ObjectInfo> {
    return listPages(this, prefix, options);
  }

  async listPage(prefix: string, cursor?: string, options: RequestOptions = {}): Promise<ObjectPage> {
    const { container, keys, ports } = this.#place;
    const { pageLength } = ports;
    return this.#send(`list ${this.uri}/${prefix}`, options, async (http) => {
      const pages = container.listBlobsFlat({ prefix: keys.fullPrefix(prefix), ...http }).byPage({
        ...(cursor === undefined ? {} : { continuationToken: cursor }),
        ...(pageLength === undefined ? {} : { maxPageSize: pageLength }),
      });
      const result = await pages.next();
      if (result.done === true) return { objects: [] };
      const page: ContainerListBlobFlatSegmentResponse = result.value;
      const objects = page.segment.blobItems.map(({ name, properties }) => ({
        key: keys.relative(name),
        sizeBytes: properties.contentLength ?? 0,
        modifiedMs: properties.lastModified.getTime(),
        version: versionOf(properties.etag),
      }));
      // A page may be in the order of UTF-16, which differs beyond U+FFFF.
      objects.sort((left, right) => compareKeys(left.key, right.key));
      const next = page.continuationToken;
      return next === undefined || next === '' ? { objects } : { objects, next };
    });
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    const blobs = keys.map((key) => this.#blob(key));
    await this.#send(`delete objects of ${this.uri}`, options, (http) =>
      deleteBlobs(this.#place.container, blobs, http),
    );
  }

  localPath(key: string): undefined {
    checkKey(key);
    return undefined;
  }

  close(): Promise<void> {
    this.#place.close();
    return Promise.resolve();
  }

  /** Returns whether the condition held. */
  #put(key: string, bytes: Uint8Array, conditions: Conditions, options: ConditionalOptions): Promise<boolean> {
    const blob = this.#blob(key);
    // The caller may change its bytes as soon as it has its promise.
    const body = bytes.slice();
    return this.#send(`put ${this.uri}/${key}`, options, (http) =>
      whetherHeld(conditions, () => blob.upload(body, body.length, { ...http, conditions, ...tokenOf(options) })),
    );
  }

  #putFile(key: string, localPath: string, conditions: Conditions, options: ConditionalOptions): Promise<boolean> {
    const blob = this.#blob(key);
    return this.#send(`put ${this.uri}/${key}`, options, (http) =>
      whetherHeld(conditions, () =>
        uploadFile(this.#place, blob, localPath, { ...http, conditions, ...tokenOf(options) }),
      ),
    );
  }

  #blob(key: string): BlockBlobClient {
    return this.#place.container.getBlockBlobClient(this.#place.keys.full(key));
  }

  async #send<T>(what: string, { signal }: RequestOptions, send: (http: HttpOptions) => Promise<T>): Promise<T> {
    try {
      return await send(signal === undefined ? {} : { abortSignal: signal });
    } catch (error) {
      throw azureError(what, error, signal);
    }
  }
}

/** Copies within an account are done when the first answer comes, but for large ones. */
const COPY_POLL_MS = 500;

export interface HttpOptions {
  readonly abortSignal?: AbortSignal;
}

/** False when the condition of a write did not hold. A replace of what is absent may be answered with 404. */
async function whetherHeld(conditions: Conditions, write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    const isConditional = conditions.ifMatch !== undefined || conditions.ifNoneMatch !== undefined;
    if (isConditional && isPreconditionFailure(error)) return false;
    if (conditions.ifMatch !== undefined && isAbsentBlob(error)) return false;
    throw error;
  }
}

async function download(
  what: string,
  blob: BlockBlobClient,
  offset: number,
  length: number | undefined,
  http: HttpOptions,
): Promise<VersionedObject> {
  const answer = await blob.download(offset, length, { ...http, maxRetryRequests: 0 });
  const pieces: Uint8Array[] = [];
  for await (const piece of answer.readableStreamBody ?? []) pieces.push(piece as Buffer);
  const bytes = Buffer.concat(pieces);
  if (answer.contentLength !== undefined && bytes.length !== answer.contentLength) {
    throw cutShort(what, answer.contentLength, bytes.length);
  }
  return { bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), version: versionOf(answer.etag) };
}

function tokenOf({ token }: ConditionalOptions): { metadata?: Record<string, string> } {
  return token === undefined ? {} : { metadata: { [TOKEN_NAME]: token } };
}

/** With quotes everywhere: lists leave them out, and conditions need them. */
function versionOf(etag: string | undefined): string {
  if (etag === undefined) return '';
  return etag.startsWith('"') ? etag : `"${etag}"`;
}
