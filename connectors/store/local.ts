import { constants, copyFile, open, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import type { ObjectInfo, ObjectStore } from '../../engine/ports/object-store.ts';
import { makeFolder, placeFile, syncFolder, TEMPORARY_PREFIX } from '../node/durable-file.ts';
import { fileError, nodeErrorCode } from '../node/node-error.ts';
import { absent, checkKey, checkRange, compareKeys } from './object-key.ts';

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

  async get(key: string): Promise<Uint8Array | undefined> {
    const path = this.localPath(key);
    try {
      const bytes = await readFile(path);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw fileError(`read ${path}`, error);
    }
  }

  async getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    const path = this.localPath(key);
    checkRange(offset, length);
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

  async head(key: string): Promise<ObjectInfo | undefined> {
    return fileInfo(this.localPath(key), key);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#place(key, 'replace', (temporary) => writeFile(temporary, bytes, { flag: 'wx' }));
  }

  async create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    const created = await this.#place(key, 'create', (temporary) => writeFile(temporary, bytes, { flag: 'wx' }));
    return created ? 'created' : 'exists';
  }

  /** Copies; a file system that can share the blocks of two files does so. */
  async putFile(key: string, localPath: string): Promise<void> {
    const flags = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
    await this.#place(key, 'replace', (temporary) => copyFile(localPath, temporary, flags));
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    yield* this.#listFolder('', prefix);
  }

  async delete(keys: readonly string[]): Promise<void> {
    const paths = keys.map((key) => this.localPath(key));
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

  async #place(key: string, mode: 'replace' | 'create', fill: (path: string) => Promise<void>): Promise<boolean> {
    const path = this.localPath(key);
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
  try {
    const info = await stat(path);
    if (!info.isFile()) return undefined;
    return { key, sizeBytes: info.size, modifiedMs: Math.floor(info.mtimeMs) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileError(`look up ${path}`, error);
  }
}

/** `ENOTDIR`: a part of the key's path is an object. `EISDIR`: the key is the beginning of other keys. Either way nothing is there. */
function isAbsent(error: unknown): boolean {
  const code = nodeErrorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}
