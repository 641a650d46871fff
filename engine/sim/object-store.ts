import { AlopexError, SqlState } from '../errors.ts';
import type {
  ConditionalOptions,
  ObjectInfo,
  ObjectPage,
  ObjectStore,
  VersionedObject,
} from '../ports/object-store.ts';
import type { SimTime } from './clock.ts';
import { isInjected, type Extent } from './fault.ts';
import type { SimIo } from './io.ts';

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
  readonly version: string;
  readonly token: string | undefined;
}

/** The objects of a remote store: they outlive every crash. */
export type StoredObjects = Map<string, StoredObject>;

/** The `ObjectStore` port of one simulated process: objects in memory, behind a network that loses requests and answers. */
export class SimObjectStore implements ObjectStore {
  readonly uri = 'sim://store';
  readonly #objects: StoredObjects;
  readonly #io: SimIo;
  readonly #time: SimTime;
  readonly #localFile: (path: string) => Uint8Array;

  /** `localFile` reads a file of the simulated disk. */
  constructor(objects: StoredObjects, io: SimIo, time: SimTime, localFile: (path: string) => Uint8Array) {
    this.#objects = objects;
    this.#io = io;
    this.#time = time;
    this.#localFile = localFile;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#read(`get ${key}`, () => this.#objects.get(key)?.bytes.slice());
  }

  getVersion(key: string): Promise<VersionedObject | undefined> {
    return this.#read(`get ${key}`, () => {
      const object = this.#objects.get(key);
      return object && { bytes: object.bytes.slice(), version: object.version };
    });
  }

  getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#read(`get ${key}`, () => {
      const object = this.#objects.get(key);
      if (object === undefined) throw new AlopexError(SqlState.undefinedFile, `there is no object ${this.uri}/${key}`);
      return object.bytes.slice(offset, offset + length);
    });
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    return this.#read(`head ${key}`, () => this.#info(key));
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice();
    return this.#change(`put ${key}`, () => this.#set(key, copy));
  }

  create(key: string, bytes: Uint8Array, options?: ConditionalOptions): Promise<'created' | 'exists'> {
    const copy = bytes.slice();
    return this.#create(key, () => copy, options);
  }

  replace(
    key: string,
    bytes: Uint8Array,
    version: string,
    options?: ConditionalOptions,
  ): Promise<'replaced' | 'changed'> {
    const copy = bytes.slice();
    return this.#change(`replace ${key}`, () => {
      if (this.#objects.get(key)?.version !== version) return 'changed';
      this.#set(key, copy, options?.token);
      return 'replaced';
    });
  }

  putFile(key: string, localPath: string): Promise<void> {
    return this.#change(`put ${key}`, () => this.#set(key, this.#localFile(localPath).slice()));
  }

  createFile(key: string, localPath: string, options?: ConditionalOptions): Promise<'created' | 'exists'> {
    return this.#create(key, () => this.#localFile(localPath).slice(), options);
  }

  copy(from: string, to: string): Promise<void> {
    return this.#change(`copy ${from} ${to}`, () => {
      const object = this.#objects.get(from);
      if (object === undefined) throw new AlopexError(SqlState.undefinedFile, `there is no object ${this.uri}/${from}`);
      this.#set(to, object.bytes);
    });
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    yield* (await this.listPage(prefix)).objects;
  }

  listPage(prefix: string): Promise<ObjectPage> {
    return this.#read(`list ${prefix}`, () => {
      const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
      return { objects: keys.flatMap((key) => this.#info(key) ?? []) };
    });
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#change(`delete ${key}`, () => void this.#objects.delete(key));
  }

  localPath(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    // The store is remote, and there is no connection to it that could end.
  }

  #create(key: string, bytes: () => Uint8Array, options?: ConditionalOptions): Promise<'created' | 'exists'> {
    return this.#change(`create ${key}`, () => {
      if (this.#objects.has(key)) return 'exists';
      this.#set(key, bytes(), options?.token);
      return 'created';
    });
  }

  #set(key: string, bytes: Uint8Array, token?: string): void {
    const version = String(Number(this.#objects.get(key)?.version ?? 0) + 1);
    this.#objects.set(key, { bytes, modifiedMs: this.#time.nowMs, version, token });
  }

  #info(key: string): ObjectInfo | undefined {
    const object = this.#objects.get(key);
    if (object === undefined) return undefined;
    const { bytes, modifiedMs, version, token } = object;
    const info = { key, sizeBytes: bytes.length, modifiedMs, version };
    return token === undefined ? info : { ...info, token };
  }

  #read<T>(target: string, perform: () => T): Promise<T> {
    return this.#io.call({ kind: 'store-read', target }, perform).catch(asStoreError);
  }

  /** An object is there or not: what is done in part has not been done. */
  #change<T>(target: string, perform: () => T): Promise<T> {
    const whole = (extent: Extent): T => {
      if (extent === 'part') throw new AlopexError(SqlState.ioError, 'the request did not reach the store');
      return perform();
    };
    return this.#io.call({ kind: 'store-write', target }, whole).catch(asStoreError);
  }
}

function asStoreError(error: unknown): never {
  if (!isInjected(error)) throw error;
  throw new AlopexError(SqlState.ioError, 'the store does not answer', { cause: error });
}
