import { crc32 } from 'node:zlib';
import type { ObjectStore } from '../engine/ports/object-store.ts';
import { AlopexError, SqlState } from '../engine/errors.ts';
import { damaged } from './damage.ts';

/** A metadata object that was written, for checks when it is read back. */
export interface WrittenObject {
  readonly key: string;
  readonly crc32: number;
}

/** Reads and writes metadata objects by key, with their checksums, and turns keys into addresses and back. */
export class MetadataObjects {
  readonly #store: ObjectStore;
  readonly #verify: ((key: string, bytes: Uint8Array) => void) | undefined;

  constructor(store: ObjectStore, verify?: (key: string, bytes: Uint8Array) => void) {
    this.#store = store;
    this.#verify = verify;
  }

  /** The object's bytes, `undefined` when it is absent. */
  async find(key: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#store.get(key);
    if (bytes !== undefined) this.#verify?.(key, bytes);
    return bytes;
  }

  /** An object that `namedBy` names, checked against what that says of it. Throws `XX001` naming both keys. */
  async read(
    key: string,
    namedBy: string,
    expected: { readonly crc32?: number | undefined; readonly sizeBytes?: number },
  ): Promise<Uint8Array> {
    const bytes = await this.find(key);
    if (bytes === undefined) throw damaged(key, `it is absent, but ${namedBy} names it`);
    if (expected.sizeBytes !== undefined && bytes.length !== expected.sizeBytes) {
      throw damaged(key, `it has ${String(bytes.length)} bytes, not ${String(expected.sizeBytes)} as in ${namedBy}`);
    }
    if (expected.crc32 !== undefined && crc32(bytes) !== expected.crc32) {
      throw damaged(key, `its checksum is not the one in ${namedBy}`);
    }
    return bytes;
  }

  async write(key: string, bytes: Uint8Array): Promise<WrittenObject> {
    await this.#store.put(key, bytes);
    return { key, crc32: crc32(bytes) };
  }

  uri(key: string): string {
    return `${this.#store.uri}/${key}`;
  }

  /** The key of an address in this store. Throws `58P01` for an address elsewhere. */
  key(uri: string): string {
    const base = `${this.#store.uri}/`;
    if (!uri.startsWith(base)) {
      throw new AlopexError(SqlState.undefinedFile, `${uri} is not in the object store ${this.#store.uri}`, {
        hint: 'Iceberg tables hold full addresses: open the store under the address it had when they were written.',
      });
    }
    return uri.slice(base.length);
  }
}
