import { constants, copyFile, open, readdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import type {
  ObjectInfo,
  ObjectPage,
  ObjectStore,
  RequestOptions,
  VersionedObject,
} from '../../engine/ports/object-store.ts';
import { makeFolder, placeFile, syncFolder, TEMPORARY_PREFIX } from '../node/durable-file.ts';
import { fileError, nodeErrorCode } from '../node/node-error.ts';
import { withPathLock } from './local-lock.ts';
import { absent, checkKey, checkRange, compareKeys } from './object-key.ts';

const COPY_FLAGS = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;

/**
 * Objects as files below a folder, which is created when the first one is written. Safe for any number of processes on one file system.
 * A file system knows one thing that object stores do not: `a` and `a/b` cannot both be there (58030).
 * Folders stay when their last object is deleted, for another process may be about to write there.
 */
export class LocalObjectStore implements ObjectStore {
  readonly uri: string;
  readonly #root: string;

  constructor(rootPath: string) {
    this.#root = resolve(rootPath);
    // On Windows the path has backslashes and a drive: file:///C:/data.
    const path = this.#root.replaceAll('\\', '/');
    this.uri = `file://${path.startsWith('/') ? '' : '/'}${path === '/' ? '' : path}`;
  }

  async get(key: string, options?: RequestOptions): Promise<Uint8Array | undefined> {
    return (await this.getVersion(key, options))?.bytes;
  }

  async getVersion(key: string, options?: RequestOptions): Promise<VersionedObject | undefined> {
    const path = this.localPath(key);
    options?.signal?.throwIfAborted();
    try {
      const handle = await open(path, 'r');
      try {
        // Both of the same file, whatever its name comes to stand for meanwhile.
        const version = versionOf(await handle.stat({ bigint: true }));
        const bytes = await handle.readFile();
        return { bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), version };
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw fileError(`read ${path}`, error);
    }
  }

  async getRange(key: string, offset: number, length: number, options?: RequestOptions): Promise<Uint8Array> {
    const path = this.localPath(key);
    checkRange(offset, length);
    options?.signal?.throwIfAborted();
    try {
      const handle = await open(path, 'r');
      try {
        const { size } = await handle.stat();
        const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return bytes.subarray(0, filled);
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw isAbsent(error) ? absent(this.uri, key, error) : fileError(`read ${path}`, error);
    }
  }

  async head(key: string, options?: RequestOptions): Promise<ObjectInfo | undefined> {
    options?.signal?.throwIfAborted();
    return fileInfo(this.localPath(key), key);
  }

  async put(key: string, bytes: Uint8Array, options?: RequestOptions): Promise<void> {
    await this.#place(key, 'replace', (temporary) => writeFile(temporary, bytes, { flag: 'wx' }), options);
  }

  async create(key: string, bytes: Uint8Array, options?: RequestOptions): Promise<'created' | 'exists'> {
    const created = await this.#place(key, 'create', (path) => writeFile(path, bytes, { flag: 'wx' }), options);
    return created ? 'created' : 'exists';
  }

  /** Decided under a lock, for a file system has no conditional rename. */
  async replace(
    key: string,
    bytes: Uint8Array,
    version: string,
    options?: RequestOptions,
  ): Promise<'replaced' | 'changed'> {
    const path = this.localPath(key);
    options?.signal?.throwIfAborted();
    const copy = bytes.slice();
    if ((await fileInfo(path, key))?.version !== version) return 'changed';
    return withPathLock(path, async () => {
      const found = await statsOf(path);
      if (found === undefined || versionOf(found) !== version) return 'changed';
      await this.#place(key, 'replace', async (temporary) => {
        await writeFile(temporary, copy, { flag: 'wx' });
        // A version has the time of its file in it: it must not come again within one tick of the clock.
        const afterSeconds = Number(found.mtimeNs / 1000n + 2n) / 1e6;
        if ((await stat(temporary, { bigint: true })).mtimeNs <= found.mtimeNs) {
          await utimes(temporary, afterSeconds, afterSeconds);
        }
      });
      return 'replaced';
    });
  }

  /** Copies; a file system that can share the blocks of two files does so. */
  async putFile(key: string, localPath: string, options?: RequestOptions): Promise<void> {
    await this.#place(key, 'replace', (temporary) => copyFile(localPath, temporary, COPY_FLAGS), options);
  }

  async createFile(key: string, localPath: string, options?: RequestOptions): Promise<'created' | 'exists'> {
    const created = await this.#place(key, 'create', (path) => copyFile(localPath, path, COPY_FLAGS), options);
    return created ? 'created' : 'exists';
  }

  async copy(from: string, to: string, options?: RequestOptions): Promise<void> {
    const source = this.localPath(from);
    if ((await fileInfo(source, from)) === undefined) throw absent(this.uri, from);
    await this.putFile(to, source, options);
  }

  async *list(prefix: string, options?: RequestOptions): AsyncGenerator<ObjectInfo> {
    for await (const info of this.#listFolder('', prefix)) {
      options?.signal?.throwIfAborted();
      yield info;
    }
  }

  /** All in one page: a walk of folders has no place to go on from that stays the same. */
  async listPage(prefix: string, _cursor?: string, options?: RequestOptions): Promise<ObjectPage> {
    const objects: ObjectInfo[] = [];
    for await (const info of this.list(prefix, options)) objects.push(info);
    return { objects };
  }

  async delete(keys: readonly string[], options?: RequestOptions): Promise<void> {
    const paths = keys.map((key) => this.localPath(key));
    options?.signal?.throwIfAborted();
    const folders = new Set<string>();
    for (const path of paths) {
      try {
        await unlink(path);
        folders.add(dirname(path));
      } catch (error) {
        if (!isAbsent(error)) throw fileError(`delete ${path}`, error);
      }
    }
    for (const folder of folders) await syncFolder(folder);
  }

  async close(): Promise<void> {
    // No file stays open between calls.
  }

  localPath(key: string): string {
    checkKey(key);
    if (key.split('/').some((segment) => segment.startsWith(TEMPORARY_PREFIX))) {
      throw new AlopexError(
        SqlState.invalidParameter,
        `names that begin with ${TEMPORARY_PREFIX} are kept for unfinished files`,
      );
    }
    return join(this.#root, key);
  }

  async #place(
    key: string,
    mode: 'replace' | 'create',
    fill: (path: string) => Promise<void>,
    options?: RequestOptions,
  ): Promise<boolean> {
    const path = this.localPath(key);
    options?.signal?.throwIfAborted();
    try {
      await makeFolder(dirname(path));
      return await placeFile(path, mode, fill);
    } catch (error) {
      throw fileError(`write ${path}`, error);
    }
  }

  /** `folder` is empty for the root, else ends with a slash. */
  async *#listFolder(folder: string, prefix: string): AsyncIterable<ObjectInfo> {
    for (const name of await this.#names(folder)) {
      const key = folder + name;
      if (name.endsWith('/')) {
        if (key.startsWith(prefix) || prefix.startsWith(key)) yield* this.#listFolder(key, prefix);
      } else if (key.startsWith(prefix)) {
        const info = await fileInfo(join(this.#root, key), key);
        if (info !== undefined) yield info;
      }
    }
  }

  /** Names in a folder, those of folders with a slash: sorted so, a walk front to back yields whole keys in byte order. */
  async #names(folder: string): Promise<string[]> {
    const path = join(this.#root, folder);
    try {
      const entries = await readdir(path, { withFileTypes: true });
      const names: string[] = [];
      for (const entry of entries) {
        if (entry.name.startsWith(TEMPORARY_PREFIX)) continue;
        const isFolder = entry.isSymbolicLink() ? await isFolderAt(join(path, entry.name)) : entry.isDirectory();
        names.push(isFolder ? `${entry.name}/` : entry.name);
      }
      return names.sort(compareKeys);
    } catch (error) {
      if (isAbsent(error)) return [];
      throw fileError(`list ${path}`, error);
    }
  }
}

async function isFolderAt(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}

async function fileInfo(path: string, key: string): Promise<ObjectInfo | undefined> {
  const info = await statsOf(path);
  if (info === undefined) return undefined;
  const modifiedMs = Number(info.mtimeNs / 1_000_000n);
  return { key, sizeBytes: Number(info.size), modifiedMs, version: versionOf(info) };
}

/** `undefined` when there is no such file. */
async function statsOf(path: string): Promise<BigIntStats | undefined> {
  try {
    const info = await stat(path, { bigint: true });
    return info.isFile() ? info : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileError(`look up ${path}`, error);
  }
}

/** Each write makes another file, with a time of its own. */
function versionOf(info: BigIntStats): string {
  return `${info.ino}-${info.mtimeNs}-${info.size}`;
}

/** `ENOTDIR`: a part of the key's path is an object. `EISDIR`: the key is the beginning of other keys. Either way nothing is there. */
function isAbsent(error: unknown): boolean {
  const code = nodeErrorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}
