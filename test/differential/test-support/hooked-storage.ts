import { IcebergCatalog } from '../../../catalog/catalog.ts';
import { SystemClock } from '../../../connectors/node/system-clock.ts';
import { SystemRandom } from '../../../connectors/node/system-random.ts';
import { LocalObjectStore } from '../../../connectors/store/local.ts';
import type { ColdStorage, ColdStorageResolver } from '../../../engine/ports/cold-storage.ts';
import type { ObjectInfo, ObjectPage, ObjectStore, VersionedObject } from '../../../engine/ports/object-store.ts';

/** Moments of a move at which a test can step in. */
export type MoveMoment = 'upload' | 'before-commit' | 'after-commit';

/** A local store that lets a test act at a moment of a move, and that can be unreachable. */
export class HookedStorage implements ColdStorageResolver, ObjectStore {
  readonly #local: LocalObjectStore;
  readonly #storage: ColdStorage;
  #hook: { readonly moment: MoveMoment; readonly act: () => Promise<void> } | undefined;
  #isDown = false;

  constructor(folder: string) {
    this.#local = new LocalObjectStore(folder);
    this.#storage = {
      store: this,
      catalog: new IcebergCatalog({ store: this, clock: new SystemClock(), random: new SystemRandom() }),
    };
  }

  open(): ColdStorage {
    return this.#storage;
  }

  /** Runs `act` once, at the next such moment. */
  at(moment: MoveMoment, act: () => Promise<void>): void {
    this.#hook = { moment, act };
  }

  /** Whether what was asked for has happened. */
  get isWaiting(): boolean {
    return this.#hook !== undefined;
  }

  /** From now on nothing answers, until it is up again. */
  goDown(): void {
    this.#isDown = true;
  }

  comeUp(): void {
    this.#isDown = false;
  }

  get uri(): string {
    return this.#local.uri;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    this.#check();
    return this.#local.get(key);
  }

  getVersion(key: string): Promise<VersionedObject | undefined> {
    this.#check();
    return this.#local.getVersion(key);
  }

  getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    this.#check();
    return this.#local.getRange(key, offset, length);
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    this.#check();
    return this.#local.head(key);
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    this.#check();
    return this.#local.put(key, bytes);
  }

  replace(key: string, bytes: Uint8Array, version: string): Promise<'replaced' | 'changed'> {
    this.#check();
    return this.#local.replace(key, bytes, version);
  }

  async create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    const isCommit = key.includes('/pointer/');
    if (isCommit) await this.#reach('before-commit');
    this.#check();
    const outcome = await this.#local.create(key, bytes);
    if (isCommit) await this.#reach('after-commit');
    // An answer that is lost: the object is there, and the caller cannot know.
    this.#check();
    return outcome;
  }

  async putFile(key: string, localPath: string): Promise<void> {
    await this.#reach('upload');
    this.#check();
    await this.#local.putFile(key, localPath);
  }

  async createFile(key: string, localPath: string): Promise<'created' | 'exists'> {
    await this.#reach('upload');
    this.#check();
    return this.#local.createFile(key, localPath);
  }

  copy(from: string, to: string): Promise<void> {
    this.#check();
    return this.#local.copy(from, to);
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    this.#check();
    yield* this.#local.list(prefix);
  }

  listPage(prefix: string): Promise<ObjectPage> {
    this.#check();
    return this.#local.listPage(prefix);
  }

  delete(keys: readonly string[]): Promise<void> {
    this.#check();
    return this.#local.delete(keys);
  }

  localPath(key: string): string | undefined {
    return this.#local.localPath(key);
  }

  close(): Promise<void> {
    return this.#local.close();
  }

  async #reach(moment: MoveMoment): Promise<void> {
    const hook = this.#hook;
    if (hook?.moment !== moment) return;
    this.#hook = undefined;
    await hook.act();
  }

  #check(): void {
    if (this.#isDown) throw new Error('the store does not answer');
  }
}
