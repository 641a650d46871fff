import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IcebergCatalog } from '../../catalog/catalog.ts';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import type { ColdStorage, ColdStorageResolver } from '../../engine/ports/cold-storage.ts';
import type { ObjectStore } from '../../engine/ports/object-store.ts';
import { isServiceAddress } from './address.ts';
import { LocalObjectStore } from './local.ts';
import { openStore, type StoreOptions, type StorePorts } from './open-store.ts';
import { redact } from './redact.ts';
import { settingsFromEnvironment } from './settings.ts';

/**
 * Opens the places that `cold_storage` can name: a folder, as a path or `file://` address, or one of an object service. The default is the database's own warehouse. Endpoints of
 * services come from the environment when `options` has none.
 */
export class ColdStorages implements ColdStorageResolver {
  readonly #defaultFolder: string;
  readonly #ports: StorePorts;
  readonly #options: StoreOptions;
  readonly #opened = new Map<string | undefined, ColdStorage>();

  constructor(defaultFolder: string, ports: StorePorts, options: StoreOptions = {}) {
    this.#defaultFolder = defaultFolder;
    this.#ports = ports;
    this.#options = options;
  }

  open(address: string | undefined): ColdStorage {
    const known = this.#opened.get(address);
    if (known !== undefined) return known;
    const store = this.#store(address);
    const storage: ColdStorage = { store, catalog: new IcebergCatalog({ store, ...this.#ports }) };
    this.#opened.set(address, storage);
    return storage;
  }

  async close(): Promise<void> {
    const storages = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.all(storages.map(({ store }) => store.close()));
  }

  #store(address: string | undefined): ObjectStore {
    if (address === undefined) return new LocalObjectStore(this.#defaultFolder);
    if (isServiceAddress(address)) {
      const settings = this.#options.settings ?? settingsFromEnvironment(process.env);
      return openStore(address, this.#ports, { ...this.#options, settings });
    }
    if (address.startsWith('file://')) return new LocalObjectStore(localPath(address));
    if (!/^[a-z0-9]+:\/\//i.test(address) && isAbsolute(address)) return new LocalObjectStore(resolve(address));
    throw new AlopexError(SqlState.invalidParameter, `cold_storage cannot be ${redact(address)}`, {
      hint: 'Use an absolute path, or an address with file://, s3://, gs:// or az://.',
    });
  }
}

function localPath(address: string): string {
  try {
    return fileURLToPath(address);
  } catch (error) {
    throw new AlopexError(SqlState.invalidParameter, `cold_storage cannot be ${address}`, {
      hint: 'Use file:/// and an absolute path.',
      cause: error,
    });
  }
}
