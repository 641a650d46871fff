import type { AppendFile, FileSystem, ReadFile, SparseFile } from '../ports/file-system.ts';

/** Files in memory, for tests of what only goes through the port. `failSync` makes every further fsync fail. */
export class MemoryFileSystem implements FileSystem {
  readonly files = new Map<string, Uint8Array>();
  failSync = false;
  syncs = 0;
  /** Hears of every append that is made within its call; one that it throws at fails. */
  onAppendNow: ((bytes: Uint8Array) => void) | undefined;
  /** The same for those that are durable as well. */
  onAppendDurablyNow: ((bytes: Uint8Array) => void) | undefined;
  /** Comes before space is reserved; what it returns instead of `true`, or throws, becomes of that. */
  onReserve: (() => Promise<boolean>) | undefined;

  openAppend(path: string): Promise<AppendFile> {
    if (!this.files.has(path)) this.files.set(path, new Uint8Array(0));
    let sizeBytes = this.#get(path).length;
    const append = (bytes: Uint8Array): void => {
      const before = this.#get(path);
      const after = new Uint8Array(Math.max(before.length, sizeBytes + bytes.length));
      after.set(before);
      after.set(bytes, sizeBytes);
      this.files.set(path, after);
      sizeBytes += bytes.length;
    };
    return Promise.resolve({
      get sizeBytes() {
        return sizeBytes;
      },
      append: async (bytes: Uint8Array) => {
        await Promise.resolve();
        append(bytes);
      },
      appendNow: (bytes: Uint8Array) => {
        this.onAppendNow?.(bytes);
        append(bytes);
      },
      appendDurably: async (bytes: Uint8Array) => {
        await Promise.resolve();
        append(bytes);
        await this.#sync();
      },
      appendDurablyNow: (bytes: Uint8Array) => {
        this.onAppendDurablyNow?.(bytes);
        append(bytes);
        this.#syncNow();
      },
      reserve: async (more: number) => {
        if ((await this.onReserve?.()) === false) return false;
        this.files.set(path, Buffer.concat([this.#get(path), new Uint8Array(more)]));
        return true;
      },
      release: async () => {
        await Promise.resolve();
        this.files.set(path, this.#get(path).slice(0, sizeBytes));
      },
      sync: () => this.#sync(),
      close: () => Promise.resolve(),
    });
  }

  openRead(path: string): ReadFile {
    const bytes = this.#get(path);
    return {
      read: (offset, length) => bytes.subarray(offset, offset + length),
      close: () => undefined,
    };
  }

  openSparse(path: string, sizeBytes: number): Promise<SparseFile> {
    const known = this.files.get(path);
    if (known?.length !== sizeBytes) {
      const bytes = new Uint8Array(sizeBytes);
      bytes.set((known ?? bytes).subarray(0, sizeBytes));
      this.files.set(path, bytes);
    }
    return Promise.resolve({
      write: async (offset: number, bytes: Uint8Array) => {
        await Promise.resolve();
        this.#get(path).set(bytes, offset);
      },
      read: (offset: number, length: number) => Promise.resolve(this.#get(path).slice(offset, offset + length)),
      close: () => Promise.resolve(),
    });
  }

  readFile(path: string): Promise<Uint8Array> {
    return Promise.resolve().then(() => this.#get(path));
  }

  async *readChunks(path: string): AsyncGenerator<Uint8Array> {
    yield await this.readFile(path);
  }

  writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
    this.files.set(path, bytes.slice());
    return Promise.resolve();
  }

  truncate(path: string, sizeBytes: number): Promise<void> {
    this.files.set(path, this.#get(path).slice(0, sizeBytes));
    return Promise.resolve();
  }

  syncFile(): Promise<void> {
    return this.#sync();
  }

  syncFolder(): Promise<void> {
    return Promise.resolve();
  }

  makeFolder(): Promise<void> {
    return Promise.resolve();
  }

  list(path: string): Promise<string[]> {
    const names = [...this.files.keys()]
      .filter((name) => name.startsWith(`${path}/`))
      .map((name) => name.slice(path.length + 1).split('/')[0] ?? '');
    return Promise.resolve([...new Set(names)].sort());
  }

  size(path: string): Promise<number | undefined> {
    return Promise.resolve(this.files.get(path)?.length);
  }

  remove(path: string): Promise<void> {
    this.files.delete(path);
    return Promise.resolve();
  }

  removeFolder(path: string): Promise<void> {
    for (const name of this.files.keys()) if (name.startsWith(`${path}/`)) this.files.delete(name);
    return Promise.resolve();
  }

  /** Flips one bit. */
  flip(path: string, offset: number, bit = 0): void {
    const bytes = this.#get(path).slice();
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
    this.files.set(path, bytes);
  }

  #get(path: string): Uint8Array {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return bytes;
  }

  async #sync(): Promise<void> {
    await Promise.resolve();
    this.#syncNow();
  }

  #syncNow(): void {
    this.syncs++;
    if (this.failSync) throw Object.assign(new Error('fsync failed'), { code: 'EIO' });
  }
}
