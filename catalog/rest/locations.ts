import type { ObjectStore } from '../../engine/ports/object-store.ts';
import { forbidden } from './rest-error.ts';

export interface StoredAt {
  readonly store: ObjectStore;
  readonly key: string;
}

/** The places in which tables may be. A client names files by full address: nothing outside of these is read or written for it. */
export class Locations {
  readonly #stores: readonly ObjectStore[];

  constructor(stores: readonly ObjectStore[]) {
    // The one that says most about an address is asked first.
    this.#stores = [...stores].sort((left, right) => right.uri.length - left.uri.length);
  }

  /** `undefined` for an address elsewhere. */
  find(address: string): StoredAt | undefined {
    const full = fullAddress(address);
    for (const store of this.#stores) {
      const base = `${fullAddress(store.uri)}/`;
      if (full.startsWith(base)) return { store, key: full.slice(base.length) };
    }
    return undefined;
  }

  /** Throws 403 for an address elsewhere. */
  at(address: string): StoredAt {
    const found = this.find(address);
    if (found !== undefined) return found;
    const places = this.#stores.map(({ uri }) => uri).join(', ');
    throw forbidden(`Location is not allowed: ${address} is not in ${places}`);
  }

  /** Throws 403 unless a table may be there. */
  check(address: string): void {
    const { key } = this.at(`${address.replace(/\/+$/, '')}/metadata`);
    if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw forbidden(`Location is not allowed: ${address}`);
    }
  }
}

/** Java writes `file:/tmp` for `file:///tmp`. */
function fullAddress(address: string): string {
  return address.replace(/^file:\/(?!\/)/, 'file:///');
}
