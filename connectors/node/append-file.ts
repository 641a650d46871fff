import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AppendFile } from '../../engine/ports/file-system.ts';
import { syncFolder, writeAll } from './durable-file.ts';
import { nodeErrorCode } from './node-error.ts';

/**
 * A file that only grows. After a failed write the end of the file is unknown, and after a failed fsync the kernel may have dropped
 * the dirty pages and report success the next time: so the first failure is final and every later call fails with it.
 */
export class NodeAppendFile implements AppendFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  #sizeBytes: number;
  #failure: unknown;
  #failed = false;

  constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.#path = path;
    this.#handle = handle;
    this.#sizeBytes = sizeBytes;
  }

  static async open(path: string): Promise<NodeAppendFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'ax');
      await syncFolder(dirname(path));
    } catch (error) {
      if (nodeErrorCode(error) !== 'EEXIST') throw error;
      handle = await open(path, 'a');
    }
    try {
      return new NodeAppendFile(path, handle, (await handle.stat()).size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#orFailForEver(() => writeAll(this.#handle, bytes));
    this.#sizeBytes += bytes.length;
  }

  async sync(): Promise<void> {
    // The new size is part of what fdatasync makes durable; only times are left out.
    await this.#orFailForEver(() => this.#handle.datasync());
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #orFailForEver(step: () => Promise<void>): Promise<void> {
    if (this.#failed) throw new Error(`${this.#path} is unusable since an earlier failure`, { cause: this.#failure });
    try {
      await step();
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
      throw error;
    }
    // Another call may have failed while this one was under way: its success proves nothing then.
    if (this.#failed) throw new Error(`${this.#path} is unusable since an earlier failure`, { cause: this.#failure });
  }
}
