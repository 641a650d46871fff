import { close, constants, fdatasyncSync, openSync, write, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AppendFile } from '../../engine/ports/file-system.ts';
import { syncFolder } from './durable-file.ts';
import { nodeErrorCode } from './node-error.ts';

/** Elsewhere such writes reach the disk's cache only. */
const HAS_DURABLE_WRITES = process.platform === 'linux';

/** Written in one go: longer ones would keep appends waiting for the same file. */
const RESERVE_BYTES = 128 * 1024;
const ZEROS = new Uint8Array(RESERVE_BYTES);

/** There is no room for what only saves time. */
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

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
  /** Where the zeros end that are known to be there; never before `#sizeBytes`. */
  #reservedTo: number;
  /** Writes zeros behind `#reservedTo`: until it is done, nothing else may be written there. */
  #reserving: Promise<unknown> | undefined;
  #hasReserved = false;
  #failure: unknown;
  #failed = false;

  constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.#path = path;
    this.#handle = handle;
    this.#sizeBytes = sizeBytes;
    this.#reservedTo = sizeBytes;
  }

  static async open(path: string): Promise<NodeAppendFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
      await syncFolder(dirname(path));
    } catch (error) {
      if (nodeErrorCode(error) !== 'EEXIST') throw error;
      handle = await open(path, constants.O_WRONLY);
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
    await this.#orFailForEver(async () => {
      await this.#claim(bytes);
      for (let from = 0; from < bytes.length;) {
        const { bytesWritten } = await this.#handle.write(bytes, from, bytes.length - from, this.#sizeBytes + from);
        from += bytesWritten;
      }
    });
    this.#sizeBytes += bytes.length;
  }

  appendNow(bytes: Uint8Array): void {
    this.#orFailForEverNow(() => this.#writeNow(this.#handle.fd, bytes));
    this.#sizeBytes += bytes.length;
  }

  async appendDurably(bytes: Uint8Array): Promise<void> {
    if (!HAS_DURABLE_WRITES) {
      await this.append(bytes);
      await this.sync();
      return;
    }
    await this.#orFailForEver(async () => {
      await this.#claim(bytes);
      await writeWhole(this.#durableDescriptor(), bytes, this.#sizeBytes);
    });
    this.#sizeBytes += bytes.length;
  }

  appendDurablyNow(bytes: Uint8Array): void {
    this.#orFailForEverNow(() => {
      if (HAS_DURABLE_WRITES) {
        this.#writeNow(this.#durableDescriptor(), bytes);
      } else {
        this.#writeNow(this.#handle.fd, bytes);
        fdatasyncSync(this.#handle.fd);
      }
    });
    this.#sizeBytes += bytes.length;
  }

  async reserve(sizeBytes: number): Promise<boolean> {
    if (!HAS_DURABLE_WRITES || this.#reserving !== undefined) return false;
    const reserving = this.#orFailForEver(() => this.#reserve(this.#reservedTo + sizeBytes));
    this.#reserving = reserving.catch(() => undefined);
    try {
      return await reserving;
    } finally {
      this.#reserving = undefined;
    }
  }

  async release(): Promise<void> {
    if (!this.#hasReserved) return;
    await this.#orFailForEver(async () => {
      await this.#handle.truncate(this.#sizeBytes);
      await this.#handle.sync();
    });
    this.#reservedTo = this.#sizeBytes;
    this.#hasReserved = false;
  }

  async sync(): Promise<void> {
    // The new size is part of what fdatasync makes durable; only times are left out.
    await this.#orFailForEver(() => this.#handle.datasync());
  }

  async close(): Promise<void> {
    try {
      await this.#reserving;
      if (this.#durable !== undefined) await closed(this.#durable);
    } finally {
      await this.#handle.close();
    }
  }

  async #reserve(to: number): Promise<boolean> {
    this.#hasReserved = true;
    try {
      while (this.#reservedTo < to) {
        const zeros = ZEROS.subarray(0, Math.min(ZEROS.length, to - this.#reservedTo));
        await writeWhole(this.#durableDescriptor(), zeros, this.#reservedTo);
        this.#reservedTo += zeros.length;
      }
      return true;
    } catch (error) {
      if (NO_ROOM.has(nodeErrorCode(error))) return false;
      throw error;
    }
  }

  /** Takes the place of `bytes`: zeros that are still being written there must not come after them, and later ones go behind. */
  async #claim(bytes: Uint8Array): Promise<void> {
    const end = this.#sizeBytes + bytes.length;
    while (end > this.#reservedTo && this.#reserving !== undefined) await this.#reserving;
    this.#reservedTo = Math.max(this.#reservedTo, end);
  }

  #durableDescriptor(): number {
    this.#durable ??= openSync(this.#path, constants.O_WRONLY | constants.O_DSYNC);
    return this.#durable;
  }

  #writeNow(descriptor: number, bytes: Uint8Array): void {
    this.#reservedTo = Math.max(this.#reservedTo, this.#sizeBytes + bytes.length);
    for (let from = 0; from < bytes.length;) {
      from += writeSync(descriptor, bytes, from, bytes.length - from, this.#sizeBytes + from);
    }
  }

  async #orFailForEver<T>(step: () => Promise<T>): Promise<T> {
    this.#checkUsable();
    let result: T;
    try {
      result = await step();
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    // Another call may have failed while this one was under way: its success proves nothing then.
    this.#checkUsable();
    return result;
  }

  #orFailForEverNow(step: () => void): void {
    this.#checkUsable();
    try {
      step();
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#failure = error;
  }

  #checkUsable(): void {
    if (this.#failed) throw new Error(`${this.#path} is unusable since an earlier failure`, { cause: this.#failure });
  }
}

/** By callback: a promise of the file system library costs as much again as a write to a fast disk. */
function writeWhole(descriptor: number, bytes: Uint8Array, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const rest = (from: number): void => {
      write(descriptor, bytes, from, bytes.length - from, position + from, (error, written) => {
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
