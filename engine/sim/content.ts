/**
 * A folder of the real machine, in the place of the simulated one, for files that native code writes and reads past the `FileSystem` port. Paths are
 * absolute and the same in both worlds. Everything is synchronous, so that nothing comes between.
 */
export interface NativeFolder {
  /** Whether the real machine holds the files of this path. */
  holds(path: string): boolean;
  /** Paths of all files of this kind that are there now, sorted. */
  paths(): string[];
  /** Size in bytes, or `undefined` when absent. */
  size(path: string): number | undefined;
  read(path: string): Uint8Array;
  write(path: string, bytes: Uint8Array): void;
  append(path: string, bytes: Uint8Array): void;
  move(from: string, to: string): void;
  remove(path: string): void;
  makeFolder(path: string): void;
  /** A path of its own outside of the simulated folders, for what was removed but may come back. */
  limbo(): string;
}

/** The bytes of one file, wherever they are kept. */
export interface Content {
  readonly sizeBytes: number;
  bytes(): Uint8Array;
  append(bytes: Uint8Array): void;
  replace(bytes: Uint8Array): void;
  /** The file has lost its name, and may get it back with `attach`. */
  detach(): void;
  attach(path: string): void;
  /** The file is gone for good. */
  dispose(): void;
}

export class MemoryContent implements Content {
  #buffer: Uint8Array;
  #sizeBytes: number;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#buffer = bytes.slice();
    this.#sizeBytes = bytes.length;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** A view; later appends do not change it. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#sizeBytes);
  }

  append(bytes: Uint8Array): void {
    const size = this.#sizeBytes + bytes.length;
    if (size > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(size, this.#buffer.length * 2));
      grown.set(this.bytes());
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#sizeBytes);
    this.#sizeBytes = size;
  }

  replace(bytes: Uint8Array): void {
    this.#buffer = bytes.slice();
    this.#sizeBytes = bytes.length;
  }

  detach(): void {
    // Bytes in memory have no place.
  }

  attach(): void {
    // Bytes in memory have no place.
  }

  dispose(): void {
    this.replace(new Uint8Array(0));
  }
}

export class NativeContent implements Content {
  readonly #folder: NativeFolder;
  #path: string;

  constructor(folder: NativeFolder, path: string) {
    this.#folder = folder;
    this.#path = path;
  }

  get sizeBytes(): number {
    return this.#folder.size(this.#path) ?? 0;
  }

  bytes(): Uint8Array {
    return this.#folder.read(this.#path);
  }

  append(bytes: Uint8Array): void {
    this.#folder.append(this.#path, bytes);
  }

  replace(bytes: Uint8Array): void {
    this.#folder.write(this.#path, bytes);
  }

  detach(): void {
    this.#moveTo(this.#folder.limbo());
  }

  attach(path: string): void {
    this.#moveTo(path);
  }

  dispose(): void {
    this.#folder.remove(this.#path);
  }

  #moveTo(path: string): void {
    if (path === this.#path) return;
    this.#folder.move(this.#path, path);
    this.#path = path;
  }
}
