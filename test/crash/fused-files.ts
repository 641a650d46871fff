import { NodeFileSystem } from '../../connectors/node/node-file-system.ts';
import type { AppendFile, FileSystem, ReadFile, SparseFile } from '../../engine/ports/file-system.ts';
import type { Fuse } from './fuse.ts';

/** The machine's files behind a fuse. Fsyncs of finished files and folders are no changes: a killed process loses nothing that it has written. */
export class FusedFileSystem implements FileSystem {
  readonly #files = new NodeFileSystem();
  readonly #fuse: Fuse;
  readonly #folder: string;

  constructor(fuse: Fuse, folder: string) {
    this.#fuse = fuse;
    this.#folder = folder;
  }

  async openAppend(path: string): Promise<AppendFile> {
    const file = await this.#pass('create', path, () => this.#files.openAppend(path));
    return new FusedAppendFile(file, (action, whole, half) => this.#pass(action, path, whole, half));
  }

  openRead(path: string): ReadFile {
    this.#fuse.check();
    return this.#files.openRead(path);
  }

  openSparse(path: string, sizeBytes: number): Promise<SparseFile> {
    this.#fuse.check();
    return this.#files.openSparse(path, sizeBytes);
  }

  readFile(path: string): Promise<Uint8Array> {
    this.#fuse.check();
    return this.#files.readFile(path);
  }

  readChunks(path: string): AsyncIterable<Uint8Array> {
    this.#fuse.check();
    return this.#files.readChunks(path);
  }

  writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
    return this.#pass('write', path, () => this.#files.writeFileAtomic(path, bytes));
  }

  truncate(path: string, sizeBytes: number): Promise<void> {
    return this.#pass('truncate', path, () => this.#files.truncate(path, sizeBytes));
  }

  syncFile(path: string): Promise<void> {
    this.#fuse.check();
    return this.#files.syncFile(path);
  }

  syncFolder(path: string): Promise<void> {
    this.#fuse.check();
    return this.#files.syncFolder(path);
  }

  makeFolder(path: string): Promise<void> {
    this.#fuse.check();
    return this.#files.makeFolder(path);
  }

  list(path: string): Promise<string[]> {
    this.#fuse.check();
    return this.#files.list(path);
  }

  size(path: string): Promise<number | undefined> {
    this.#fuse.check();
    return this.#files.size(path);
  }

  remove(path: string): Promise<void> {
    return this.#pass('remove', path, () => this.#files.remove(path));
  }

  removeFolder(path: string): Promise<void> {
    return this.#pass('remove', path, () => this.#files.removeFolder(path));
  }

  #pass<T>(action: string, path: string, whole: () => Promise<T>, half?: () => Promise<void>): Promise<T> {
    return this.#fuse.pass(`${action} ${path.slice(this.#folder.length + 1)}`, whole, half);
  }
}

type Pass = (action: string, whole: () => Promise<void>, half?: () => Promise<void>) => Promise<void>;

class FusedAppendFile implements AppendFile {
  readonly #file: AppendFile;
  readonly #pass: Pass;

  constructor(file: AppendFile, pass: Pass) {
    this.#file = file;
    this.#pass = pass;
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#pass(
      'append',
      () => this.#file.append(bytes),
      () => this.#file.append(bytes.subarray(0, bytes.length >> 1)),
    );
  }

  async appendDurably(bytes: Uint8Array): Promise<void> {
    await this.append(bytes);
    await this.sync();
  }

  async reserve(sizeBytes: number): Promise<boolean> {
    let isThere: boolean | undefined;
    await this.#pass(
      'reserve',
      async () => {
        isThere = await this.#file.reserve?.(sizeBytes);
      },
      async () => {
        await this.#file.reserve?.(sizeBytes >> 1);
      },
    );
    return isThere ?? false;
  }

  release(): Promise<void> {
    return this.#pass('release', async () => this.#file.release?.());
  }

  sync(): Promise<void> {
    return this.#pass('sync', () => this.#file.sync());
  }

  /** The operating system closes the files of the dead. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
