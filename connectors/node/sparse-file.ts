import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { SparseFile } from '../../engine/ports/file-system.ts';

/** A file that is as long as it will be from the start; file systems with holes give it room only where something is written. */
export class NodeSparseFile implements SparseFile {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async open(path: string, sizeBytes: number): Promise<NodeSparseFile> {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT);
    try {
      if ((await handle.stat()).size !== sizeBytes) await handle.truncate(sizeBytes);
      return new NodeSparseFile(handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += (await this.#handle.write(bytes, at, bytes.length - at, offset + at)).bytesWritten;
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const { bytesRead } = await this.#handle.read(bytes, at, length - at, offset + at);
      if (bytesRead === 0) return bytes.subarray(0, at);
      at += bytesRead;
    }
    return bytes;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
