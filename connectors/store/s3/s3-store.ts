import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type GetObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
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
import { absent, checkKey, checkRange } from '../object-key.ts';
import { listPages } from '../paging.ts';
import { cutShort } from '../service-error.ts';
import { StoreError } from '../store-error.ts';
import { TOKEN_NAME } from '../token.ts';
import { isAbsentObject, isPreconditionFailure, s3Error, statusOf } from './s3-error.ts';
import { copyInParts, MAX_COPY_BYTES, uploadFile, type Condition, type HttpOptions } from './s3-upload.ts';

/** What one request deletes at most. */
const DELETE_BATCH = 1000;

export interface S3Place {
  readonly uri: string;
  readonly client: S3Client;
  readonly bucket: string;
  readonly keys: KeyPrefix;
  readonly ports: ServicePorts;
}

/** Objects in a bucket of S3, or of a service that speaks its protocol. One request each, not repeated; a version is an ETag. */
export class S3ObjectStore implements ObjectStore {
  readonly uri: string;
  readonly #place: S3Place;

  constructor(place: S3Place) {
    this.uri = place.uri;
    this.#place = place;
  }

  async get(key: string, options: RequestOptions = {}): Promise<Uint8Array | undefined> {
    return (await this.getVersion(key, options))?.bytes;
  }

  async getVersion(key: string, options: RequestOptions = {}): Promise<VersionedObject | undefined> {
    const target = this.#target(key);
    return this.#send(`get ${this.uri}/${key}`, options, async (http) => {
      try {
        const answer = await this.#place.client.send(new GetObjectCommand(target), http);
        return { bytes: await bodyOf(`get ${this.uri}/${key}`, answer), version: versionOf(answer.ETag) };
      } catch (error) {
        if (isAbsentObject(error)) return undefined;
        throw error;
      }
    });
  }

  async getRange(key: string, offset: number, length: number, options: RequestOptions = {}): Promise<Uint8Array> {
    const target = this.#target(key);
    checkRange(offset, length);
    if (length === 0) return this.#nothingOf(key, options);
    const what = `get ${this.uri}/${key} at ${offset}`;
    return this.#send(what, options, async (http) => {
      try {
        const Range = `bytes=${offset}-${offset + length - 1}`;
        return await bodyOf(what, await this.#place.client.send(new GetObjectCommand({ ...target, Range }), http));
      } catch (error) {
        if (isAbsentObject(error)) throw absent(this.uri, key);
        // The range begins at or behind the end of the object.
        if (statusOf(error) === 416) return new Uint8Array(0);
        throw error;
      }
    });
  }

  async head(key: string, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    const target = this.#target(key);
    return this.#send(`look up ${this.uri}/${key}`, options, async (http) => {
      try {
        const answer = await this.#place.client.send(new HeadObjectCommand(target), http);
        const token = answer.Metadata?.[TOKEN_NAME];
        return {
          key,
          sizeBytes: answer.ContentLength ?? 0,
          modifiedMs: answer.LastModified?.getTime() ?? 0,
          version: versionOf(answer.ETag),
          ...(token === undefined ? {} : { token }),
        };
      } catch (error) {
        if (isAbsentObject(error)) return undefined;
        throw error;
      }
    });
  }

  async put(key: string, bytes: Uint8Array, options: RequestOptions = {}): Promise<void> {
    await this.#put(key, bytes, {}, options);
  }

  async create(key: string, bytes: Uint8Array, options: ConditionalOptions = {}): Promise<'created' | 'exists'> {
    return (await this.#put(key, bytes, { IfNoneMatch: '*' }, options)) ? 'created' : 'exists';
  }

  async replace(
    key: string,
    bytes: Uint8Array,
    version: string,
    options: ConditionalOptions = {},
  ): Promise<'replaced' | 'changed'> {
    return (await this.#put(key, bytes, { IfMatch: version }, options)) ? 'replaced' : 'changed';
  }

  async putFile(key: string, localPath: string, options: RequestOptions = {}): Promise<void> {
    await this.#putFile(key, localPath, {}, options);
  }

  async createFile(key: string, localPath: string, options: ConditionalOptions = {}): Promise<'created' | 'exists'> {
    return (await this.#putFile(key, localPath, { IfNoneMatch: '*' }, options)) ? 'created' : 'exists';
  }

  async copy(from: string, to: string, options: RequestOptions = {}): Promise<void> {
    const target = this.#target(to);
    const source = await this.head(from, options);
    if (source === undefined) throw absent(this.uri, from);
    const CopySource = encodeURIComponent(`${target.Bucket}/${this.#place.keys.full(from)}`);
    await this.#send(`copy ${this.uri}/${from} to ${to}`, options, async (http) => {
      if (source.sizeBytes > MAX_COPY_BYTES) {
        await copyInParts(this.#place, { ...target, CopySource }, source.sizeBytes, http);
      } else {
        await this.#place.client.send(new CopyObjectCommand({ ...target, CopySource }), http);
      }
    });
  }

  list(prefix: string, options: RequestOptions = {}): AsyncIterable<ObjectInfo> {
    return listPages(this, prefix, options);
  }

  async listPage(prefix: string, cursor?: string, options: RequestOptions = {}): Promise<ObjectPage> {
    const { bucket, client, keys, ports } = this.#place;
    const { pageLength } = ports;
    return this.#send(`list ${this.uri}/${prefix}`, options, async (http) => {
      const answer = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: keys.fullPrefix(prefix),
          ...(cursor === undefined ? {} : { ContinuationToken: cursor }),
          ...(pageLength === undefined ? {} : { MaxKeys: pageLength }),
        }),
        http,
      );
      const next = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
      return {
        objects: (answer.Contents ?? []).map((object) => ({
          key: keys.relative(object.Key ?? ''),
          sizeBytes: object.Size ?? 0,
          modifiedMs: object.LastModified?.getTime() ?? 0,
          version: versionOf(object.ETag),
        })),
        ...(next === undefined ? {} : { next }),
      };
    });
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    const objects = keys.map((key) => ({ Key: this.#place.keys.full(key) }));
    for (let at = 0; at < objects.length; at += DELETE_BATCH) {
      const what = `delete objects of ${this.uri}`;
      await this.#send(what, options, async (http) => {
        const answer = await this.#place.client.send(
          new DeleteObjectsCommand({
            Bucket: this.#place.bucket,
            Delete: { Objects: objects.slice(at, at + DELETE_BATCH), Quiet: true },
          }),
          http,
        );
        const [failed] = answer.Errors ?? [];
        if (failed === undefined) return;
        const isDenied = failed.Code === 'AccessDenied';
        throw new StoreError(
          isDenied ? 'denied' : 'unavailable',
          `could not delete ${this.uri}/${this.#place.keys.relative(failed.Key ?? '')}: ${failed.Code ?? 'no reason was given'}`,
        );
      });
    }
  }

  localPath(key: string): undefined {
    checkKey(key);
    return undefined;
  }

  close(): Promise<void> {
    this.#place.client.destroy();
    return Promise.resolve();
  }

  /** Returns whether the condition held. */
  #put(key: string, bytes: Uint8Array, condition: Condition, options: ConditionalOptions): Promise<boolean> {
    const target = this.#target(key);
    // The caller may change its bytes as soon as it has its promise.
    const Body = bytes.slice();
    return this.#send(`put ${this.uri}/${key}`, options, (http) =>
      whetherHeld(condition, () =>
        this.#place.client.send(
          new PutObjectCommand({ ...target, ...condition, ...tokenOf(options), Body, ContentLength: Body.length }),
          http,
        ),
      ),
    );
  }

  #putFile(key: string, localPath: string, condition: Condition, options: ConditionalOptions): Promise<boolean> {
    const target = { ...this.#target(key), ...tokenOf(options) };
    return this.#send(`put ${this.uri}/${key}`, options, (http) =>
      whetherHeld(condition, () => uploadFile(this.#place, target, localPath, condition, http)),
    );
  }

  async #nothingOf(key: string, options: RequestOptions): Promise<Uint8Array> {
    if ((await this.head(key, options)) === undefined) throw absent(this.uri, key);
    return new Uint8Array(0);
  }

  #target(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#place.bucket, Key: this.#place.keys.full(key) };
  }

  async #send<T>(what: string, { signal }: RequestOptions, send: (http: HttpOptions) => Promise<T>): Promise<T> {
    try {
      return await send(signal === undefined ? {} : { abortSignal: signal });
    } catch (error) {
      throw s3Error(what, error, signal);
    }
  }
}

/** False when the condition of a write did not hold. A replace of what is absent is answered with 404. */
async function whetherHeld(condition: Condition, write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (condition.IfNoneMatch !== undefined && isPreconditionFailure(error)) return false;
    if (condition.IfMatch !== undefined && (isPreconditionFailure(error) || isAbsentObject(error))) return false;
    throw error;
  }
}

function tokenOf({ token }: ConditionalOptions): { Metadata?: Record<string, string> } {
  return token === undefined ? {} : { Metadata: { [TOKEN_NAME]: token } };
}

/** The whole body; fewer bytes than were promised are an error. */
async function bodyOf(what: string, answer: GetObjectCommandOutput): Promise<Uint8Array> {
  const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array(0);
  if (answer.ContentLength !== undefined && bytes.length !== answer.ContentLength) {
    throw cutShort(what, answer.ContentLength, bytes.length);
  }
  return bytes;
}

function versionOf(etag: string | undefined): string {
  return etag ?? '';
}
