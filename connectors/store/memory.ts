import { readFile } from 'node:fs/promises';
import type {
  ConditionalOptions,
  ObjectInfo,
  ObjectPage,
  ObjectStore,
  RequestOptions,
  VersionedObject,
} from '../../engine/ports/object-store.ts';
import { fileError } from '../node/node-error.ts';
import { absent, checkKey, checkRange, compareKeys } from './object-key.ts';
import { listPages } from './paging.ts';

interface Entry {
  readonly bytes: Uint8Array;
  readonly info: ObjectInfo;
}

/** As many as services give in one page. */
const PAGE_LENGTH = 1000;

/** Objects in memory, for tests and for databases that are thrown away. */
export class MemoryObjectStore implements ObjectStore {
  readonly uri: string;
  readonly #entries = new Map<string, Entry>();
  #writes = 0;

  constructor(uri = 'memory://test') {
    this.uri = uri;
  }

  async get(key: string, options?: RequestOptions): Promise<Uint8Array | undefined> {
    return (await this.getVersion(key, options))?.bytes;
  }

  async getVersion(key: string, options?: RequestOptions): Promise<VersionedObject | undefined> {
    const entry = this.#find(key, options);
    return entry && { bytes: entry.bytes.slice(), version: entry.info.version };
  }

  async getRange(key: string, offset: number, length: number, options?: RequestOptions): Promise<Uint8Array> {
    const entry = this.#find(key, options);
    checkRange(offset, length);
    if (entry === undefined) throw absent(this.uri, key);
    return entry.bytes.slice(offset, offset + length);
  }

  async head(key: string, options?: RequestOptions): Promise<ObjectInfo | undefined> {
    return this.#find(key, options)?.info;
  }

  async put(key: string, bytes: Uint8Array, options?: RequestOptions): Promise<void> {
    this.#find(key, options);
    this.#set(key, bytes, undefined);
  }

  async create(key: string, bytes: Uint8Array, options?: ConditionalOptions): Promise<'created' | 'exists'> {
    if (this.#find(key, options) !== undefined) return 'exists';
    this.#set(key, bytes, options?.token);
    return 'created';
  }

  async replace(
    key: string,
    bytes: Uint8Array,
    version: string,
    options?: ConditionalOptions,
  ): Promise<'replaced' | 'changed'> {
    if (this.#find(key, options)?.info.version !== version) return 'changed';
    this.#set(key, bytes, options?.token);
    return 'replaced';
  }

  async putFile(key: string, localPath: string, options?: RequestOptions): Promise<void> {
    checkKey(key);
    await this.put(key, await fileBytes(localPath), options);
  }

  async createFile(key: string, localPath: string, options?: ConditionalOptions): Promise<'created' | 'exists'> {
    checkKey(key);
    return this.create(key, await fileBytes(localPath), options);
  }

  async copy(from: string, to: string, options?: RequestOptions): Promise<void> {
    checkKey(to);
    const entry = this.#find(from, options);
    if (entry === undefined) throw absent(this.uri, from);
    this.#set(to, entry.bytes, undefined);
  }

  list(prefix: string, options?: RequestOptions): AsyncIterable<ObjectInfo> {
    return listPages(this, prefix, options);
  }

  async listPage(prefix: string, cursor?: string, options?: RequestOptions): Promise<ObjectPage> {
    options?.signal?.throwIfAborted();
    const keys = [...this.#entries.keys()]
      .filter((key) => key.startsWith(prefix) && (cursor === undefined || compareKeys(key, cursor) > 0))
      .sort(compareKeys);
    const objects = keys.slice(0, PAGE_LENGTH).flatMap((key) => this.#entries.get(key)?.info ?? []);
    const last = keys.length > PAGE_LENGTH ? keys[PAGE_LENGTH - 1] : undefined;
    return last === undefined ? { objects } : { objects, next: last };
  }

  async delete(keys: readonly string[], options?: RequestOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    for (const key of keys) this.#entries.delete(key);
  }

  localPath(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    // Nothing is held open, and what is stored may be read again.
  }

  #find(key: string, options: RequestOptions | undefined): Entry | undefined {
    checkKey(key);
    options?.signal?.throwIfAborted();
    return this.#entries.get(key);
  }

  #set(key: string, bytes: Uint8Array, token: string | undefined): void {
    const version = String(++this.#writes);
    const info = { key, sizeBytes: bytes.length, modifiedMs: Date.now(), version };
    this.#entries.set(key, { bytes: Uint8Array.from(bytes), info: token === undefined ? info : { ...info, token } });
  }
}

async function fileBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw fileError(`read ${path}`, error);
  }
}
