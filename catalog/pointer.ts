import { crc32 } from 'node:zlib';
import type { ObjectStore } from '../engine/ports/object-store.ts';
import { damaged, decoding } from './damage.ts';
import { parseJson, stringifyJson } from './json.ts';
import type { MetadataObjects, WrittenObject } from './metadata-objects.ts';
import { TransactionDecisions } from './transaction-decisions.ts';

/** Which metadata file is a table's current one. */
export interface Pointer {
  /** Counts up from 1 with every commit. */
  readonly version: number;
  /** Name of the metadata file in the table's metadata folder; `null` says that the table was dropped. */
  readonly metadata: string | null;
  /** CRC-32 of the metadata file; `null` with it. */
  readonly crc32: number | null;
  /** The commit to several tables that it is part of: it counts only when, and as soon as, that is decided to be `committed`. */
  readonly transaction?: string;
}

/** What a pointer log says now. */
export interface CurrentPointer {
  /** `undefined` when none counts. */
  readonly pointer: Pointer | undefined;
  /** The greatest version there is, also of one that does not count; 0 for none. The next commit makes the one after it. */
  readonly lastVersion: number;
}

const digits = 20;

/** Names that a metadata file in the table's own folder can have. */
const ownName = /^[0-9a-f-]+\.metadata\.json$/;

/**
 * A pointer as numbered objects that are only ever created. Whoever creates version N+1 has swapped N for N+1, on any
 * store with conditional creates, and the swap never overwrites (which some stores allow only once a second).
 * No version is ever deleted: a slow writer could create it again and believe that it has won.
 *
 * A version may be part of a transaction (see `TransactionDecisions`). While that is undecided, readers go on with the version before;
 * who wants to commit on top of it decides it first.
 */
export class PointerLog {
  readonly #store: ObjectStore;
  readonly #objects: MetadataObjects;
  readonly #folder: string;
  readonly #decisions: TransactionDecisions;
  readonly #isTarget: (name: string) => boolean;

  /** `isTarget`: whether a pointer can name that, for a name that was damaged must not lead elsewhere. */
  constructor(
    store: ObjectStore,
    objects: MetadataObjects,
    metadataFolder: string,
    isTarget: (name: string) => boolean = (name) => ownName.test(name),
  ) {
    this.#store = store;
    this.#objects = objects;
    this.#folder = `${metadataFolder}/pointer/`;
    this.#decisions = new TransactionDecisions(store);
    this.#isTarget = isTarget;
  }

  key(version: number): string {
    return this.#folder + String(version).padStart(digits, '0');
  }

  /** For readers: an undecided transaction has not happened yet. */
  async current(): Promise<CurrentPointer> {
    return await this.#current(false);
  }

  /** For writers: an undecided transaction is aborted, so that it cannot happen any more underneath the next commit. */
  async settled(): Promise<CurrentPointer> {
    return await this.#current(true);
  }

  async #current(settles: boolean): Promise<CurrentPointer> {
    const versions: number[] = [];
    for await (const { key } of this.#store.list(this.#folder)) {
      const name = key.slice(this.#folder.length);
      if (/^\d{20}$/.test(name)) versions.push(Number(name));
    }
    versions.sort((left, right) => right - left);
    const lastVersion = versions[0] ?? 0;
    for (const version of versions) {
      const pointer = await this.read(version);
      if (pointer === undefined) throw damaged(this.key(version), 'it is listed but cannot be read');
      if (await this.#counts(pointer, settles)) return { pointer, lastVersion };
    }
    return { pointer: undefined, lastVersion };
  }

  async #counts({ transaction }: Pointer, settles: boolean): Promise<boolean> {
    if (transaction === undefined) return true;
    const decision = await this.#decisions.find(transaction);
    if (decision !== undefined || !settles) return decision === 'committed';
    return (await this.#decisions.decide(transaction, 'aborted')) === 'committed';
  }

  /** One version, `undefined` when it does not exist. */
  async read(version: number): Promise<Pointer | undefined> {
    const key = this.key(version);
    const bytes = await this.#objects.find(key);
    if (bytes === undefined) return undefined;
    const pointer = decoding(key, () => decodePointer(parseJson(Buffer.from(bytes).toString('utf8'))));
    if (!this.#isPointer(pointer) || pointer.version !== version) throw damaged(key, 'it is no pointer of its version');
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

  #isPointer(value: unknown): value is Pointer {
    if (typeof value !== 'object' || value === null) return false;
    const { version, metadata, crc32, transaction } = value as Partial<Record<keyof Pointer, unknown>>;
    const isTombstone = metadata === null && crc32 === null;
    const isName = typeof metadata === 'string' && this.#isTarget(metadata) && typeof crc32 === 'number';
    const isTransaction = transaction === undefined || (typeof transaction === 'string' && isUuid.test(transaction));
    return typeof version === 'number' && (isTombstone || isName) && isTransaction;
  }
}

const isUuid = /^[0-9a-f-]{36}$/;

/** What is part of a transaction stands one level deeper: a reader that knows of none takes it for damage, not for a commit. */
function encodePointer(pointer: Pointer): Buffer {
  const { version, ...pending } = pointer;
  return Buffer.from(stringifyJson(pointer.transaction === undefined ? pointer : { version, pending }), 'utf8');
}

function decodePointer(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('pending' in value)) return value;
  const { pending, ...rest } = value;
  return { ...rest, ...(pending as object) };
}
