import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IcebergCatalog } from '../../catalog/catalog.ts';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { ColdStorage, ColdStorageResolver } from '../../engine/ports/cold-storage.ts';
import type { ObjectStore } from '../../engine/ports/object-store.ts';
import type { Random } from '../../engine/ports/random.ts';
import { LocalObjectStore } from './local.ts';

/** Opens the places that `cold_storage` can name: a folder, as a path or `file://` address. The default is the database's own warehouse. */
export class ColdStorages implements ColdStorageResolver {
  readonly #defaultFolder: string;
  readonly #ports: { readonly clock: Clock; readonly random: Random };
  readonly #opened = new Map<string | undefined, ColdStorage>();

  constructor(defaultFolder: string, ports: { readonly clock: Clock; readonly random: Random }) {
    this.#defaultFolder = defaultFolder;
    this.#ports = ports;
  }

  open(address: string | undefined): ColdStorage {
    const known = this.#opened.get(address);
    if (known !== undefined) return known;
    const store = this.#store(address);
    const storage: ColdStorage = { store, catalog: new IcebergCatalog({ store, ...this.#ports }) };
    this.#opened.set(address, storage);
    return storage;
  }

  #store(address: string | undefined): ObjectStore {
    if (address === undefined) return new LocalObjectStore(this.#defaultFolder);
    if (address.startsWith('file://')) return new LocalObjectStore(localPath(address));
    if (!/^[a-z0-9]+:\/\//i.test(address) && isAbsolute(address)) return new LocalObjectStore(resolve(address));
    throw new AlopexError(SqlState.invalidParameter, `cold_storage cannot be ${address}`, {
      hint: 'Use an absolute path or a file:// address.',
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
