import type { AppendFile, FileSystem, ReadFile, SparseFile } from '../ports/file-system.ts';
import { parentOf, type SimDisk } from './disk.ts';
import { InjectedError, type Extent, type IoKind } from './fault.ts';
import type { SimIo } from './io.ts';
import type { SeededRandom } from './random.ts';

/** The `FileSystem` port of one simulated process, on the simulated disk. Keeps to the port's contract, and to no more than it says. */
export class SimFileSystem implements FileSystem {
  readonly #disk: SimDisk;
  readonly #io: SimIo;
  readonly #random: SeededRandom;

  /** `random` decides how much is done of a call that is done in part. */
  constructor(disk: SimDisk, io: SimIo, random: SeededRandom) {
    this.#disk = disk;
    this.#io = io;
    this.#random = random;
  }

  openAppend(path: string): Promise<AppendFile> {
    return this.#call('open', path, () => {
      if (this.#disk.exists(path)) this.#disk.reopen(path);
      else this.#disk.create(path);
      return new SimAppendFile(path, this.#disk, this.#io, this.#random);
    });
  }

  openRead(path: string): ReadFile {
    const bytes = this.#io.callNow({ kind: 'read-at', target: path }, () => this.#bytes(path));
    const read = (offset: number, length: number, isShort: boolean): Uint8Array => {
      const all = bytes.subarray(offset, offset + length);
      return isShort ? all.subarray(0, this.#random.below(all.length + 1)) : all;
    };
    return {
      read: (offset, length, into) => {
        const found = this.#io.callNow({ kind: 'read-at', target: path }, (isShort) => read(offset, length, isShort));
        if (into === undefined) return found.slice();
        into.set(found);
        return into.subarray(0, found.length);
      },
      close: () => undefined,
    };
  }

  openSparse(path: string, sizeBytes: number): Promise<SparseFile> {
    return this.#call('open', path, () => {
      if (this.#disk.size(path) !== sizeBytes) {
        this.#disk.create(path);
        this.#disk.append(path, new Uint8Array(sizeBytes));
      }
      return {
        write: (offset, bytes) => {
          const write = (extent: Extent): void => {
            const length = extent === 'part' ? this.#random.below(bytes.length) : bytes.length;
            this.#disk.writeAt(path, offset, bytes.subarray(0, length));
          };
          return this.#call('write', path, write, `${bytes.length} bytes at ${offset}`);
        },
        read: (offset, length) =>
          this.#call(
            'read',
            path,
            () => this.#bytes(path).slice(offset, offset + length),
            `${length} bytes at ${offset}`,
          ),
        close: () => this.#call('close', path, () => undefined),
      };
    });
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#call('read', path, () => this.#bytes(path).slice());
  }

  /** In pieces of any size. */
  async *readChunks(path: string): AsyncGenerator<Uint8Array> {
    const bytes = await this.readFile(path);
    for (let at = 0; at < bytes.length;) {
      const length = this.#random.chance(0.2) ? this.#random.between(1, bytes.length - at) : bytes.length - at;
      yield bytes.subarray(at, at + length);
      at += length;
    }
  }

  writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
    const write = (extent: Extent): void => {
      if (!this.#disk.hasFolder(parentOf(path))) throw missing(path);
      // Either nothing but a temporary file is there, or the new file is, and its name is not safe yet.
      if (extent === 'part' && this.#random.chance(0.5)) {
        this.#disk.replace(`${parentOf(path)}/.tmp-${this.#random.uint32()}`, bytes);
        return;
      }
      this.#disk.replace(path, bytes);
      if (extent === 'all') this.#disk.syncFolder(parentOf(path));
    };
    return this.#call('write', path, write, `${bytes.length} bytes`);
  }

  truncate(path: string, sizeBytes: number): Promise<void> {
    const truncate = (extent: Extent): void => {
      this.#disk.truncate(path, sizeBytes);
      if (extent === 'all') this.#disk.rewrite(path);
    };
    return this.#call('truncate', path, truncate, `to ${sizeBytes}`);
  }

  syncFile(path: string): Promise<void> {
    return this.#call('sync-file', path, (extent) => {
      if (extent === 'all') this.#disk.syncFile(path);
      if (extent === 'dropped') this.#disk.dropUnsynced(path);
    });
  }

  syncFolder(path: string): Promise<void> {
    return this.#call('sync-folder', path, (extent) => {
      if (extent === 'all') this.#disk.syncFolder(path);
    });
  }

  makeFolder(path: string): Promise<void> {
    return this.#call('make-folder', path, () => this.#disk.makeFolder(path));
  }

  list(path: string): Promise<string[]> {
    return this.#call('list', path, () => this.#disk.list(path));
  }

  size(path: string): Promise<number | undefined> {
    return this.#call('size', path, () => this.#disk.size(path));
  }

  remove(path: string): Promise<void> {
    return this.#call('remove', path, () => this.#disk.remove(path));
  }

  removeFolder(path: string): Promise<void> {
    return this.#call('remove-folder', path, () => this.#disk.removeFolder(path));
  }

  #call<T>(kind: IoKind, path: string, perform: (extent: Extent) => T, detail = ''): Promise<T> {
    return this.#io.call({ kind, target: path }, perform, detail);
  }

  #bytes(path: string): Uint8Array {
    const bytes = this.#disk.bytes(path);
    if (bytes === undefined) throw missing(path);
    return bytes;
  }
}

/** As the connectors' one: its first failure is final, for what is on the disk is unknown then. */
class SimAppendFile implements AppendFile {
  readonly #path: string;
  readonly #disk: SimDisk;
  readonly #io: SimIo;
  readonly #random: SeededRandom;
  readonly appendDurablyNow?: (bytes: Uint8Array) => void;
  #hasReserved = false;
  #failure: unknown;

  constructor(path: string, disk: SimDisk, io: SimIo, random: SeededRandom) {
    this.#path = path;
    this.#disk = disk;
    this.#io = io;
    this.#random = random;
    // Every other log file has it: one writer alone then never waits, so that others come in between more seldom.
    if (/[02468]\.log$/.test(path)) this.appendDurablyNow = (bytes) => this.#appendDurablyNow(bytes);
  }

  get sizeBytes(): number {
    return this.#disk.appendedSize(this.#path);
  }

  append(bytes: Uint8Array): Promise<void> {
    // The caller may use the array again while this waits for its turn.
    const copy = bytes.slice();
    const append = (extent: Extent): void => this.#append(copy, extent);
    return this.#orFailForEver(() => this.#call('append', append, `${bytes.length} bytes`));
  }

  #append(bytes: Uint8Array, extent: Extent): void {
    this.#disk.append(this.#path, extent === 'part' ? bytes.subarray(0, this.#random.below(bytes.length)) : bytes);
  }

  async appendDurably(bytes: Uint8Array): Promise<void> {
    await this.append(bytes);
    await this.sync();
  }

  #appendDurablyNow(bytes: Uint8Array): void {
    const target = this.#path;
    if (this.#failure !== undefined) throw unusable(target, this.#failure);
    try {
      const append = (extent: Extent): void => this.#append(bytes, extent);
      this.#io.callOutright({ kind: 'append', target }, append, `${bytes.length} bytes`);
      this.#io.callOutright({ kind: 'sync', target }, (extent) => this.#sync(extent));
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  sync(): Promise<void> {
    return this.#orFailForEver(() => this.#call('sync', (extent) => this.#sync(extent)));
  }

  #sync(extent: Extent): void {
    if (extent === 'all') this.#disk.syncFile(this.#path);
    if (extent === 'dropped') this.#disk.dropUnsynced(this.#path);
  }

  /** One that fails for lack of room, before it has begun or in the middle, leaves a file that can be used. */
  async reserve(sizeBytes: number): Promise<boolean> {
    const reserve = (extent: Extent): void => {
      const bytes = extent === 'part' ? this.#random.below(sizeBytes) : sizeBytes;
      this.#disk.reserve(this.#path, bytes, extent === 'all');
    };
    let isThere = true;
    this.#hasReserved = true;
    await this.#orFailForEver(async () => {
      try {
        await this.#call('reserve', reserve, `${sizeBytes} bytes`);
      } catch (error) {
        if (!(error instanceof InjectedError) || error.code !== 'ENOSPC') throw error;
        isThere = false;
      }
    });
    return isThere;
  }

  async release(): Promise<void> {
    if (!this.#hasReserved) return;
    const release = (extent: Extent): void => this.#disk.release(this.#path, extent === 'all');
    await this.#orFailForEver(() => this.#call('truncate', release, 'to the last append'));
    this.#hasReserved = false;
  }

  close(): Promise<void> {
    return this.#call('close', () => undefined);
  }

  #call(kind: IoKind, perform: (extent: Extent) => void, detail = ''): Promise<void> {
    return this.#io.call({ kind, target: this.#path }, perform, detail);
  }

  async #orFailForEver(step: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw unusable(this.#path, this.#failure);
    try {
      await step();
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
    if (this.#failure !== undefined) throw unusable(this.#path, this.#failure);
  }
}

function unusable(path: string, cause: unknown): Error {
  return new Error(`${path} is unusable`, { cause });
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, ${path}`), { code: 'ENOENT' });
}
