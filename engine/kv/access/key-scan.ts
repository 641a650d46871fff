import { KEYSPACE_BYTES } from '../stored-key.ts';
import type { Codec } from './encoding.ts';
import type { OpenScan } from './kv-tree.ts';

/**
 * Keys and values in order, one by one. It opens with the first step, and holds what it reads until it has come to its end or is returned. A step costs a resolved promise and
 * no more: for a walk over millions of keys that matters.
 */
export class KeyScan<K, V> implements AsyncIterableIterator<[K, V]> {
  readonly #open: () => OpenScan | undefined;
  readonly #codecs: { readonly keys: Codec<K>; readonly values: Codec<V> };
  #left: number;
  #opened: OpenScan | undefined;
  #state: 'new' | 'open' | 'done' = 'new';

  constructor(open: () => OpenScan | undefined, limit: number, codecs: { keys: Codec<K>; values: Codec<V> }) {
    this.#open = open;
    this.#left = limit;
    this.#codecs = codecs;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<[K, V]>> {
    try {
      const entry = this.nextSync();
      return Promise.resolve(entry === undefined ? { done: true, value: undefined } : { done: false, value: entry });
    } catch (error) {
      this.#close();
      return Promise.reject(error);
    }
  }

  /** The next key and its value, or `undefined` at the end. */
  nextSync(): [K, V] | undefined {
    if (this.#state === 'new') {
      this.#state = 'open';
      if (this.#left > 0) this.#opened = this.#open();
    }
    this.#opened?.checkOpen();
    const scan = this.#opened?.scan;
    if (scan === undefined || this.#left === 0 || !scan.next()) {
      this.#close();
      return undefined;
    }
    this.#left--;
    return [
      this.#codecs.keys.decode(scan.key, scan.keyStart + KEYSPACE_BYTES, scan.keyEnd),
      this.#codecs.values.decode(scan.value, scan.valueStart, scan.valueEnd),
    ];
  }

  return(): Promise<IteratorResult<[K, V]>> {
    this.#close();
    return Promise.resolve({ done: true, value: undefined });
  }

  #close(): void {
    this.#state = 'done';
    this.#opened?.close();
    this.#opened = undefined;
  }
}
