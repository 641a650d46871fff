import type { ColdCatalog } from './cold-table.ts';
import type { ObjectStore } from './object-store.ts';

/** One place for cold tables: an object store, and the catalog of the Iceberg tables in it. */
export interface ColdStorage {
  readonly store: ObjectStore;
  readonly catalog: ColdCatalog;
}

/** Opens `cold_storage` addresses; `undefined` is the default place. Throws `22023` for an address it does not know. */
export interface ColdStorageResolver {
  open(address: string | undefined): ColdStorage;
  /** Closes what was opened; absent where there is nothing to close. */
  close?(): Promise<void>;
}
