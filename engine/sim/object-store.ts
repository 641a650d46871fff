import { AlopexError, SqlState } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts';
import type { SimTime } from './clock.ts';
import { isInjected, type Extent } from './fault.ts';
import type { SimIo } from './io.ts';

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
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

  create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    const copy = bytes.slice();
    return this.#change(`create ${key}`, () => {
      if (this.#objects.has(key)) return 'exists';
      this.#set(key, copy);
      return 'created';
    });
  }

  putFile(key: string, localPath: string): Promise<void> {
    return this.#change(`put ${key}`, () => this.#set(key, this.#localFile(localPath).slice()));
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    const keys = await this.#read(`list ${prefix}`, () =>
      [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
    );
    for (const key of keys) {
      const info = this.#info(key);
      if (info !== undefined) yield info;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#change(`delete ${key}`, () => void this.#objects.delete(key));
  }

  localPath(): undefined {
    return undefined;
  }

  #set(key: string, bytes: Uint8Array): void {
    this.#objects.set(key, { bytes, modifiedMs: this.#time.nowMs });
  }

  #info(key: string): ObjectInfo | undefined {
    const object = this.#objects.get(key);
    return object && { key, sizeBytes: object.bytes.length, modifiedMs: object.modifiedMs };
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
