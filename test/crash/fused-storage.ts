import { IcebergCatalog } from '../../catalog/catalog.ts';
import { SystemClock } from '../../connectors/node/system-clock.ts';
import { SystemRandom } from '../../connectors/node/system-random.ts';
import { LocalObjectStore } from '../../connectors/store/local.ts';
import type { ColdStorage, ColdStorageResolver } from '../../engine/ports/cold-storage.ts';
import type { ObjectInfo, ObjectPage, ObjectStore, VersionedObject } from '../../engine/ports/object-store.ts';
import type { Fuse } from './fuse.ts';

/** What goes wrong between the database and its store. */
export interface StoreFaults {
  /** What is lost of the request that makes the next pointer version, if anything: all of it, or the answer to it only. */
  commit: 'request lost' | 'answer lost' | undefined;
  /** Nothing answers after that. */
  isDownAfterwards: boolean;
  /** Nothing answers now. */
  isDown: boolean;
}

const NO_FAULTS: StoreFaults = { commit: undefined, isDownAfterwards: false, isDown: false };

/** The database's own warehouse behind a fuse, which can lose requests. */
export class FusedStorage implements ColdStorageResolver {
  readonly #storage: ColdStorage;

  constructor(fuse: Fuse, folder: string, faults: StoreFaults = NO_FAULTS) {
    const store = new FusedStore(fuse, new LocalObjectStore(`${folder}/warehouse`), faults);
    this.#storage = {
      store,
      catalog: new IcebergCatalog({ store, clock: new SystemClock(), random: new SystemRandom() }),
    };
  }

  open(): ColdStorage {
    return this.#storage;
  }
}

class FusedStore implements ObjectStore {
  readonly #fuse: Fuse;
  readonly #store: LocalObjectStore;

  readonly #faults: StoreFaults;

  constructor(fuse: Fuse, store: LocalObjectStore, faults: StoreFaults) {
    this.#fuse = fuse;
    this.#store = store;
    this.#faults = faults;
  }

  get uri(): string {
    return this.#store.uri;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    this.#check();
    return this.#store.get(key);
  }

  getVersion(key: string): Promise<VersionedObject | undefined> {
    this.#check();
    return this.#store.getVersion(key);
  }

  getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    this.#check();
    return this.#store.getRange(key, offset, length);
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    this.#check();
    return this.#store.head(key);
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    this.#check();
    return this.#fuse.pass(`put ${key}`, () => this.#store.put(key, bytes));
  }

  create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    return this.#create(key, bytes);
  }

  replace(key: string, bytes: Uint8Array, version: string): Promise<'replaced' | 'changed'> {
    this.#check();
    return this.#fuse.pass(`replace ${key}`, () => this.#store.replace(key, bytes, version));
  }

  putFile(key: string, localPath: string): Promise<void> {
    this.#check();
    return this.#fuse.pass(`putFile ${key}`, () => this.#store.putFile(key, localPath));
  }

  createFile(key: string, localPath: string): Promise<'created' | 'exists'> {
    this.#check();
    return this.#fuse.pass(`createFile ${key}`, () => this.#store.createFile(key, localPath));
  }

  copy(from: string, to: string): Promise<void> {
    this.#check();
    return this.#fuse.pass(`copy ${to}`, () => this.#store.copy(from, to));
  }

  listPage(prefix: string): Promise<ObjectPage> {
    this.#check();
    return this.#store.listPage(prefix);
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    this.#check();
    yield* this.#store.list(prefix);
  }

  async delete(keys: readonly string[]): Promise<void> {
    this.#check();
    for (const key of keys) await this.#fuse.pass(`delete ${key}`, () => this.#store.delete([key]));
  }

  localPath(key: string): string | undefined {
    return this.#store.localPath(key);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    this.#check();
    const create = (): Promise<'created' | 'exists'> =>
      this.#fuse.pass(`create ${key}`, () => this.#store.create(key, bytes));
    const { commit, isDownAfterwards } = this.#faults;
    if (commit === undefined || !key.includes('/pointer/')) return create();
    this.#faults.commit = undefined;
    if (commit === 'answer lost') await create();
    this.#faults.isDown = isDownAfterwards;
    throw new Error('no answer in time');
  }

  #check(): void {
    this.#fuse.check();
    if (this.#faults.isDown) throw new Error('the store does not answer');
  }
}
