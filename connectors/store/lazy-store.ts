import type {
  ConditionalOptions,
  ObjectInfo,
  ObjectPage,
  ObjectStore,
  RequestOptions,
  VersionedObject,
} from '../../engine/ports/object-store.ts';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import { listPages } from './paging.ts';

/** A store that is opened by its first request, so that a client that nobody uses is never loaded. */
export class LazyStore implements ObjectStore {
  readonly uri: string;
  readonly #open: () => Promise<ObjectStore>;
  #opened: Promise<ObjectStore> | undefined;
  #isClosed = false;

  constructor(uri: string, open: () => Promise<ObjectStore>) {
    this.uri = uri;
    this.#open = open;
  }

  async get(key: string, options?: RequestOptions): Promise<Uint8Array | undefined> {
    return (await this.#store()).get(key, options);
  }

  async getVersion(key: string, options?: RequestOptions): Promise<VersionedObject | undefined> {
    return (await this.#store()).getVersion(key, options);
  }

  async getRange(key: string, offset: number, length: number, options?: RequestOptions): Promise<Uint8Array> {
    return (await this.#store()).getRange(key, offset, length, options);
  }

  async head(key: string, options?: RequestOptions): Promise<ObjectInfo | undefined> {
    return (await this.#store()).head(key, options);
  }

  async put(key: string, bytes: Uint8Array, options?: RequestOptions): Promise<void> {
    return (await this.#store()).put(key, bytes, options);
  }

  async create(key: string, bytes: Uint8Array, options?: ConditionalOptions): Promise<'created' | 'exists'> {
    return (await this.#store()).create(key, bytes, options);
  }

  async replace(
    key: string,
    bytes: Uint8Array,
    version: string,
    options?: ConditionalOptions,
  ): Promise<'replaced' | 'changed'> {
    return (await this.#store()).replace(key, bytes, version, options);
  }

  async putFile(key: string, localPath: string, options?: RequestOptions): Promise<void> {
    return (await this.#store()).putFile(key, localPath, options);
  }

  async createFile(key: string, localPath: string, options?: ConditionalOptions): Promise<'created' | 'exists'> {
    return (await this.#store()).createFile(key, localPath, options);
  }

  async copy(from: string, to: string, options?: RequestOptions): Promise<void> {
    return (await this.#store()).copy(from, to, options);
  }

  list(prefix: string, options?: RequestOptions): AsyncIterable<ObjectInfo> {
    return listPages(this, prefix, options);
  }

  async listPage(prefix: string, cursor?: string, options?: RequestOptions): Promise<ObjectPage> {
    return (await this.#store()).listPage(prefix, cursor, options);
  }

  async delete(keys: readonly string[], options?: RequestOptions): Promise<void> {
    return (await this.#store()).delete(keys, options);
  }

  localPath(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.close();
  }

  #store(): Promise<ObjectStore> {
    if (this.#isClosed) throw new AlopexError(SqlState.connectionFailure, `${this.uri} has been closed`);
    if (this.#opened === undefined) {
      this.#opened = this.#open();
      this.#opened.catch(() => (this.#opened = undefined));
    }
    return this.#opened;
  }
}
