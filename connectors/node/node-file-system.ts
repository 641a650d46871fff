import { closeSync, openSync, readSync } from 'node:fs';
import { open, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import type { AppendFile, FileSystem, ReadFile, SparseFile } from '../../engine/ports/file-system.ts';
import { NodeAppendFile } from './append-file.ts';
import { makeFolder, placeFile, syncFolder } from './durable-file.ts';
import { nodeErrorCode } from './node-error.ts';
import { NodeSparseFile } from './sparse-file.ts';

const CHUNK_BYTES = 1024 * 1024;

/** The file system of the machine. Temporary files left by a crash begin with `.tmp-` and are listed like any other. */
export class NodeFileSystem implements FileSystem {
  openAppend(path: string): Promise<AppendFile> {
    return NodeAppendFile.open(path);
  }

  openRead(path: string): ReadFile {
    return new NodeReadFile(openSync(path, 'r'));
  }

  openSparse(path: string, sizeBytes: number): Promise<SparseFile> {
    return NodeSparseFile.open(path, sizeBytes);
  }

  async readFile(path: string): Promise<Uint8Array> {
    const bytes = await readFile(path);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  async *readChunks(path: string): AsyncIterable<Uint8Array> {
    const handle = await open(path, 'r');
    try {
      for (;;) {
        const chunk = new Uint8Array(CHUNK_BYTES);
        const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, null);
        if (bytesRead === 0) return;
        yield chunk.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }

  async writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
    await placeFile(path, 'replace', (temporary) => writeFile(temporary, bytes, { flag: 'wx' }));
  }

  async truncate(path: string, sizeBytes: number): Promise<void> {
    const handle = await open(path, 'r+');
    try {
      await handle.truncate(sizeBytes);
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (let at = 0; at < sizeBytes;) {
        const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, at);
        if (bytesRead === 0) break;
        at += (await handle.write(chunk, 0, bytesRead, at)).bytesWritten;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async syncFile(path: string): Promise<void> {
    const handle = await open(path, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  syncFolder(path: string): Promise<void> {
    return syncFolder(path);
  }

  makeFolder(path: string): Promise<void> {
    return makeFolder(path);
  }

  async list(path: string): Promise<string[]> {
    try {
      return (await readdir(path)).sort();
    } catch (error) {
      if (nodeErrorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async size(path: string): Promise<number | undefined> {
    try {
      return (await stat(path)).size;
    } catch (error) {
      if (nodeErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async remove(path: string): Promise<void> {
    try {
      await unlink(path);
    } catch (error) {
      if (nodeErrorCode(error) !== 'ENOENT') throw error;
    }
  }

  async removeFolder(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true });
  }
}

class NodeReadFile implements ReadFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  read(offset: number, length: number, into?: Uint8Array): Uint8Array {
    const bytes = into ?? new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(this.#descriptor, bytes, filled, length - filled, offset + filled);
      if (count === 0) return bytes.subarray(0, filled);
      filled += count;
    }
    return into === undefined ? bytes : bytes.subarray(0, length);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
