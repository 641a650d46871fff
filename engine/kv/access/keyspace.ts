import { AlopexError, SqlState } from '../../errors.ts';
import { KvBatch } from '../batch.ts';
import { compareBytes } from '../bytes.ts';
import { lookUpKey, storedKey } from '../stored-key.ts';
import type { FoundEntry } from '../entry.ts';
import { bytesOf, type Bytes, type Codec } from './encoding.ts';
import { boundsOf, refuseUnknownBounds, type KeyRange } from './key-range.ts';
import type { KvReader, KvTree } from './kv-tree.ts';
import { KeyScan } from './key-scan.ts';
import type { KvSnapshot } from './snapshot.ts';

export interface ReadOptions {
  /** Reads what was there when the snapshot was taken. */
  readonly snapshot?: KvSnapshot;
}

export interface PutOptions<V> {
  /** After so many milliseconds the key is gone. */
  readonly ttlMs?: number;
  /** Puts only when the key is not there. */
  readonly ifAbsent?: boolean;
  /** Puts only when the key has this value. */
  readonly ifValue?: V | Bytes;
}

export interface ScanOptions extends KeyRange, ReadOptions {
  /** From the last key to the first. */
  readonly reverse?: boolean;
  /** At most so many; a negative number is no limit. */
  readonly limit?: number;
}

/** One operation of a batch, as `abstract-level` has them. */
export type BatchOperation<V> =
  | {
      readonly type: 'put';
      readonly key: Bytes;
      readonly value: V | Bytes;
      readonly ttlMs?: number;
      readonly keyspace?: string;
    }
  | { readonly type: 'del'; readonly key: Bytes; readonly keyspace?: string };

/**
 * A named set of keys in byte order. Keys and values are bytes; text stands for its UTF-8. What a write resolves with is durable as the database was opened to be, and
 * seen by every read that starts later. Errors: `22023` for what is no key or value, `54000` for one that is too large, `58030` when the disk fails.
 */
export class Keyspace<K = Uint8Array, V = Uint8Array> {
  readonly name: string;
  readonly #tree: KvTree;
  readonly #keys: Codec<K>;
  readonly #values: Codec<V>;
  #id: number | undefined;
  /** Filled by each look-up; used up before the next one can start. */
  readonly #found = emptyEntry();

  constructor(tree: KvTree, name: string, codecs: { keys: Codec<K>; values: Codec<V> }) {
    this.#tree = tree;
    this.name = name;
    this.#keys = codecs.keys;
    this.#values = codecs.values;
  }

  /** The value of a key, or `undefined`. */
  get(key: Bytes, options?: ReadOptions): Promise<V | undefined> {
    try {
      return Promise.resolve(this.getSync(key, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As `get`. A value that is not in memory is read from the file at once, on the calling thread. */
  getSync(key: Bytes, options?: ReadOptions): V | undefined {
    const id = this.#idIfAny();
    if (id === undefined) return undefined;
    const found = this.#found;
    if (!this.#reader(options).find(lookUpKey(id, bytesOf(key, 'a key')), found)) return undefined;
    return this.#values.decode(found.value, found.valueStart, found.valueEnd);
  }

  /** The values of several keys at one moment, in their order; `undefined` where there is none. */
  async getMany(keys: readonly Bytes[], options?: ReadOptions): Promise<(V | undefined)[]> {
    checkList(keys, 'keys');
    return Promise.resolve(keys.map((key) => this.getSync(key, options)));
  }

  async has(key: Bytes, options?: ReadOptions): Promise<boolean> {
    const id = this.#idIfAny();
    const found = id !== undefined && this.#reader(options).find(lookUpKey(id, bytesOf(key, 'a key')), emptyEntry());
    return Promise.resolve(found);
  }

  /** Stores a value; returns whether it did, which only `ifAbsent` and `ifValue` can prevent. */
  put(key: Bytes, value: V | Bytes, options: PutOptions<V> = {}): Promise<boolean> {
    return this.#write((id, batch) => {
      const bytes = this.#checkedKey(key);
      batch.put(id, bytes, this.#storedValue(value), this.#expiresMs(options.ttlMs));
      return this.#condition(id, bytes, options);
    });
  }

  /** Removes a key; returns whether it did, which only `ifValue` can prevent: removing what is not there is fine. */
  delete(key: Bytes, options: Pick<PutOptions<V>, 'ifValue'> = {}): Promise<boolean> {
    return this.#write((id, batch) => {
      const bytes = this.#checkedKey(key);
      batch.delete(id, bytes);
      return this.#condition(id, bytes, options);
    });
  }

  /** All of the operations or none, in their order. An operation with `keyspace` goes to that one. */
  async batch(operations: readonly BatchOperation<V>[]): Promise<void> {
    checkList(operations, 'operations');
    const others = new Map<string, number>();
    let own = 0;
    for (const operation of operations) {
      checkOperation(operation);
      const { keyspace } = operation;
      if (keyspace === undefined) own = this.#idIfAny() ?? (await this.#idOf(this.name));
      else if (!others.has(keyspace)) others.set(keyspace, await this.#idOf(keyspace));
    }
    const batch = new KvBatch(operations.length * guessedBytes(operations[0]));
    for (const operation of operations) {
      const id = operation.keyspace === undefined ? own : (others.get(operation.keyspace) ?? own);
      const key = this.#checkedKey(operation.key);
      if (operation.type === 'del') batch.delete(id, key);
      else batch.put(id, key, this.#storedValue(operation.value), this.#expiresMs(operation.ttlMs));
    }
    if (batch.operationCount > 0) await this.#tree.write(batch);
  }

  /** Removes every key in a range, as one small operation whatever their number. */
  async deleteRange(range: KeyRange): Promise<void> {
    refuseUnknownBounds(range);
    const id = this.#idIfAny();
    if (id === undefined) return;
    const { start, end } = boundsOf(id, range);
    if (compareBytes(start, 0, start.length, end, 0, end.length) >= 0) return;
    const batch = new KvBatch();
    batch.deleteRange(start, end);
    await this.#tree.write(batch);
  }

  /** Walks keys in byte order, as of the moment of the first step. Leaving the loop early is fine. */
  scan(options: ScanOptions = {}): KeyScan<K, V> {
    const { snapshot, reverse = false, limit = -1, ...range } = options;
    refuseUnknownBounds(range);
    if (!Number.isInteger(limit) && limit !== Infinity) {
      throw new AlopexError(SqlState.invalidParameter, `${limit} is no number of keys`);
    }
    return new KeyScan(
      () => {
        const id = this.#idIfAny();
        if (id === undefined) return undefined;
        const sequential = limit < 0 || limit > 10_000;
        return this.#reader({ ...(snapshot && { snapshot }) }).scan(boundsOf(id, range), { reverse, sequential });
      },
      limit < 0 ? Infinity : limit,
      { keys: this.#keys, values: this.#values },
    );
  }

  #reader(options: ReadOptions | undefined): KvReader {
    return options?.snapshot === undefined ? this.#tree.reader : options.snapshot.reader;
  }

  #idIfAny(): number | undefined {
    return (this.#id ??= this.#tree.keyspaceId(this.name));
  }

  async #idOf(name: string): Promise<number> {
    return this.#tree.keyspaceId(name) ?? (await this.#tree.createKeyspace(name));
  }

  /** Without a pause where there need be none: then the write is on its way when this returns. */
  #write(fill: (id: number, batch: KvBatch) => ((reader: KvReader) => boolean) | undefined): Promise<boolean> {
    try {
      const id = this.#idIfAny();
      if (id === undefined) return this.#idOf(this.name).then(() => this.#write(fill));
      const batch = new KvBatch();
      return this.#tree.write(batch, fill(id, batch));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #checkedKey(key: Bytes): Uint8Array {
    const bytes = bytesOf(key, 'a key');
    const { keyBytes } = this.#tree.limits;
    if (bytes.length > keyBytes) throw tooLarge('key', bytes.length, keyBytes);
    return bytes;
  }

  #storedValue(value: V | Bytes): Uint8Array {
    const bytes = this.#values.encode(value);
    const { valueBytes } = this.#tree.limits;
    if (bytes.length > valueBytes) throw tooLarge('value', bytes.length, valueBytes);
    return bytes;
  }

  #expiresMs(ttlMs: number | undefined): number {
    if (ttlMs === undefined) return 0;
    if (!(ttlMs > 0 && Number.isFinite(ttlMs))) {
      throw new AlopexError(SqlState.invalidParameter, `${ttlMs} is no time to live in milliseconds`);
    }
    // Segments hold whole milliseconds.
    return Math.min(Math.ceil(this.#tree.nowMs() + ttlMs), Number.MAX_SAFE_INTEGER);
  }

  #condition(id: number, bytes: Uint8Array, options: PutOptions<V>): ((reader: KvReader) => boolean) | undefined {
    const { ifAbsent = false, ifValue } = options;
    if (!ifAbsent && ifValue === undefined) return undefined;
    const key = storedKey(id, bytes);
    if (ifAbsent && ifValue !== undefined) {
      throw new AlopexError(SqlState.invalidParameter, 'ifAbsent and ifValue exclude each other');
    }
    if (ifAbsent) return (reader) => !reader.find(key, emptyEntry());
    const wanted = this.#values.encode(ifValue);
    return (reader) => {
      const found = emptyEntry();
      return (
        reader.find(key, found) &&
        compareBytes(found.value, found.valueStart, found.valueEnd, wanted, 0, wanted.length) === 0
      );
    };
  }
}

/** Throws `22023` for what is no name of a keyspace. */
export function checkKeyspaceName(name: unknown): void {
  if (typeof name === 'string' && name !== '') return;
  throw new AlopexError(SqlState.invalidParameter, 'the name of a keyspace is a string that is not empty');
}

function checkList(given: unknown, what: string): void {
  if (!Array.isArray(given)) throw new AlopexError(SqlState.invalidParameter, `${what} are given as an array`);
}

function checkOperation(operation: Partial<BatchOperation<unknown>> | null): void {
  if (operation?.type !== 'put' && operation?.type !== 'del') {
    throw new AlopexError(SqlState.invalidParameter, `a batch has no operation ${JSON.stringify(operation)}`, {
      hint: "The type is 'put' or 'del'.",
    });
  }
  if (operation.keyspace !== undefined) checkKeyspaceName(operation.keyspace);
}

/** What the operations of a batch take each, when they are like the first: growing on the way costs as much as a fifth of the commit. */
function guessedBytes(first: BatchOperation<unknown> | undefined): number {
  const value = first?.type === 'put' ? first.value : '';
  return Math.min(32 + lengthOf(first?.key) + lengthOf(value), LARGEST_GUESS_BYTES);
}

function lengthOf(given: unknown): number {
  return typeof given === 'string' || given instanceof Uint8Array ? given.length : 0;
}

const LARGEST_GUESS_BYTES = 4096;
const NOTHING = new Uint8Array(0);

function emptyEntry(): FoundEntry {
  return { kind: 0, seq: 0, expiresMs: 0, value: NOTHING, valueStart: 0, valueEnd: 0 };
}

function tooLarge(what: string, sizeBytes: number, limitBytes: number): AlopexError {
  return new AlopexError('54000', `a ${what} of ${sizeBytes} bytes is larger than the limit of ${limitBytes}`, {
    hint: `limits.${what}Bytes of AlopexDB.open sets the limit.`,
  });
}
