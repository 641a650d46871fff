import { crc32 } from 'node:zlib';
import type { ObjectStore } from '../engine/ports/object-store.ts';
import { damaged, decoding } from './damage.ts';
import { parseJson, stringifyJson } from './json.ts';
import type { MetadataObjects, WrittenObject } from './metadata-objects.ts';

/** Which metadata file is a table's current one. */
export interface Pointer {
  /** Counts up from 1 with every commit. */
  readonly version: number;
  /** Name of the metadata file in the table's metadata folder; `null` says that the table was dropped. */
  readonly metadata: string | null;
  /** CRC-32 of the metadata file; `null` with it. */
  readonly crc32: number | null;
}

const digits = 20;

/**
 * A pointer as numbered objects that are only ever created. Whoever creates version N+1 has swapped N for N+1, on any
 * store with conditional creates, and the swap never overwrites (which some stores allow only once a second).
 * No version is ever deleted: a slow writer could create it again and believe that it has won.
 */
export class PointerLog {
  readonly #store: ObjectStore;
  readonly #objects: MetadataObjects;
  readonly #folder: string;

  constructor(store: ObjectStore, objects: MetadataObjects, metadataFolder: string) {
    this.#store = store;
    this.#objects = objects;
    this.#folder = `${metadataFolder}/pointer/`;
  }

  key(version: number): string {
    return this.#folder + String(version).padStart(digits, '0');
  }

  /** The greatest version, `undefined` when there is none. */
  async current(): Promise<Pointer | undefined> {
    let greatest: string | undefined;
    for await (const { key } of this.#store.list(this.#folder)) {
      const isVersion = /^\d{20}$/.test(key.slice(this.#folder.length));
      if (isVersion && (greatest === undefined || key > greatest)) greatest = key;
    }
    if (greatest === undefined) return undefined;
    const pointer = await this.read(Number(greatest.slice(this.#folder.length)));
    if (pointer === undefined) throw damaged(greatest, 'it is listed but cannot be read');
    return pointer;
  }

  /** One version, `undefined` when it does not exist. */
  async read(version: number): Promise<Pointer | undefined> {
    const key = this.key(version);
    const bytes = await this.#objects.find(key);
    if (bytes === undefined) return undefined;
    const pointer = decoding(key, () => parseJson(Buffer.from(bytes).toString('utf8')));
    if (!isPointer(pointer) || pointer.version !== version) throw damaged(key, 'it is no pointer of its version');
    return pointer;
  }

  /** Tries to make `pointer` the next version. A throw leaves it unknown whether it has. */
  async create(pointer: Pointer): Promise<'created' | 'exists'> {
    return await this.#store.create(this.key(pointer.version), encodePointer(pointer));
  }

  /** The object that `create` makes. */
  describe(pointer: Pointer): WrittenObject {
    return { key: this.key(pointer.version), crc32: crc32(encodePointer(pointer)) };
  }
}

function encodePointer(pointer: Pointer): Buffer {
  return Buffer.from(stringifyJson(pointer), 'utf8');
}

function isPointer(value: unknown): value is Pointer {
  if (typeof value !== 'object' || value === null) return false;
  const { version, metadata, crc32 } = value as Partial<Record<keyof Pointer, unknown>>;
  const isTombstone = metadata === null && crc32 === null;
  // A name that was damaged must not lead outside the metadata folder.
  const isName = typeof metadata === 'string' && /^[0-9a-f-]+\.metadata\.json$/.test(metadata);
  return typeof version === 'number' && (isTombstone || (isName && typeof crc32 === 'number'));
}
