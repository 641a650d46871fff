import { checkKey } from './object-key.ts';

/** Where a store is in its bucket: turns its keys into those of the bucket, and back. */
export class KeyPrefix {
  readonly #prefix: string;

  /** `folder` is empty for the whole bucket. */
  constructor(folder: string) {
    this.#prefix = folder === '' ? '' : `${folder}/`;
  }

  /** The bucket's key. Throws `22023` for a key that could leave the prefix. */
  full(key: string): string {
    checkKey(key);
    return this.#prefix + key;
  }

  fullPrefix(prefix: string): string {
    return this.#prefix + prefix;
  }

  relative(fullKey: string): string {
    return fullKey.slice(this.#prefix.length);
  }
}
