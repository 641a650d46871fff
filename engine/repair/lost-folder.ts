import type { FileSystem } from '../ports/file-system.ts';

/** Copies of what a repair changes or removes, under the paths that the files had. Nothing is changed before its copy is durable. */
export class LostFolder {
  readonly #fileSystem: FileSystem;
  readonly #dataDir: string;
  /** Below the data directory. */
  readonly name: string;

  private constructor(fileSystem: FileSystem, dataDir: string, name: string) {
    this.#fileSystem = fileSystem;
    this.#dataDir = dataDir;
    this.name = name;
  }

  /** A folder that is not there yet: `lost-<timestamp>`, or with a number behind it. */
  static async create(fileSystem: FileSystem, dataDir: string, timestamp: string): Promise<LostFolder> {
    const taken = new Set(await fileSystem.list(dataDir));
    let name = `lost-${timestamp}`;
    for (let number = 2; taken.has(name); number++) name = `lost-${timestamp}-${number}`;
    await fileSystem.makeFolder(`${dataDir}/${name}`);
    return new LostFolder(fileSystem, dataDir, name);
  }

  /** Copies a file of the data directory. One that cannot be read to its end is copied as far as it can be. */
  async keep(file: string): Promise<void> {
    const to = `${this.#dataDir}/${this.name}/${file}`;
    const folder = to.slice(0, to.lastIndexOf('/'));
    await this.#fileSystem.makeFolder(folder);
    const copy = await this.#fileSystem.openAppend(to);
    try {
      for await (const chunk of this.#readable(file)) await copy.append(chunk);
      await copy.sync();
    } finally {
      await copy.close();
    }
    await this.#fileSystem.syncFolder(folder);
  }

  async *#readable(file: string): AsyncIterable<Uint8Array> {
    try {
      yield* this.#fileSystem.readChunks(`${this.#dataDir}/${file}`);
    } catch (error) {
      // What a disk does not give back any more cannot be kept; a repair that stopped here could never be made.
      if ((error as { readonly code?: unknown }).code !== 'EIO') throw error;
    }
  }
}
