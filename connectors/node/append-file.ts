import { close, constants, openSync, write, writeSync } from 'node:fs';
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
  /** Another way to the same file, whose writes are durable when they return; opened when it is first needed. */
  #durable: number | undefined;
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

  appendNow(bytes: Uint8Array): void {
    this.#checkUsable();
    try {
      for (let from = 0; from < bytes.length;) from += writeSync(this.#handle.fd, bytes, from, bytes.length - from);
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
      throw error;
    }
    this.#sizeBytes += bytes.length;
  }

  async appendDurably(bytes: Uint8Array): Promise<void> {
    if (!HAS_DURABLE_WRITES) {
      await this.append(bytes);
      await this.sync();
      return;
    }
    await this.#orFailForEver(() => {
      this.#durable ??= openSync(this.#path, constants.O_WRONLY | constants.O_APPEND | constants.O_DSYNC);
      return writeWhole(this.#durable, bytes);
    });
    this.#sizeBytes += bytes.length;
  }

  async sync(): Promise<void> {
    // The new size is part of what fdatasync makes durable; only times are left out.
    await this.#orFailForEver(() => this.#handle.datasync());
  }

  async close(): Promise<void> {
    try {
      if (this.#durable !== undefined) await closed(this.#durable);
    } finally {
      await this.#handle.close();
    }
  }

  async #orFailForEver(step: () => Promise<void>): Promise<void> {
    this.#checkUsable();
    try {
      await step();
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
      throw error;
    }
    // Another call may have failed while this one was under way: its success proves nothing then.
    this.#checkUsable();
  }

  #checkUsable(): void {
    if (this.#failed) throw new Error(`${this.#path} is unusable since an earlier failure`, { cause: this.#failure });
  }
}

/** Elsewhere such writes reach the disk's cache only. */
const HAS_DURABLE_WRITES = process.platform === 'linux';

/** By callback: a promise of the file system library costs as much again as a write to a fast disk. */
function writeWhole(descriptor: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const rest = (from: number): void => {
      write(descriptor, bytes, from, bytes.length - from, null, (error, written) => {
        if (error !== null) reject(error);
        else if (from + written < bytes.length) rest(from + written);
        else resolve();
      });
    };
    rest(0);
  });
}

function closed(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    close(descriptor, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}
