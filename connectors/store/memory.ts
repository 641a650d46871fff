import { readFile } from 'node:fs/promises';
import type { ObjectInfo, ObjectStore } from '../../engine/ports/object-store.ts';
import { fileError } from '../node/node-error.ts';
import { absent, checkKey, checkRange, compareKeys } from './object-key.ts';

interface Entry {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

/** Objects in memory, for tests and for databases that are thrown away. */
export class MemoryObjectStore implements ObjectStore {
  readonly uri: string;
  readonly #entries = new Map<string, Entry>();

  constructor(uri = 'memory://test') {
    this.uri = uri;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    checkKey(key);
    return this.#entries.get(key)?.bytes.slice();
  }

  async getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    checkKey(key);
    checkRange(offset, length);
    const entry = this.#entries.get(key);
    if (entry === undefined) throw absent(this.uri, key);
    return entry.bytes.slice(offset, offset + length);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    const entry = this.#entries.get(key);
    return entry && { key, sizeBytes: entry.bytes.length, modifiedMs: entry.modifiedMs };
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    checkKey(key);
    this.#entries.set(key, { bytes: Uint8Array.from(bytes), modifiedMs: Date.now() });
  }

  async create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    checkKey(key);
    if (this.#entries.has(key)) return 'exists';
    await this.put(key, bytes);
    return 'created';
  }

  async putFile(key: string, localPath: string): Promise<void> {
    checkKey(key);
    try {
      await this.put(key, await readFile(localPath));
    } catch (error) {
      throw fileError(`read ${localPath}`, error);
    }
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix)).sort(compareKeys);
    for (const key of keys) {
      const info = await this.head(key);
      if (info !== undefined) yield info;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkKey(key);
    for (const key of keys) this.#entries.delete(key);
  }

  localPath(): undefined {
    return undefined;
  }
}
