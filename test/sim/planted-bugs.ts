import { decodeFrames, encodeFrame } from '../../engine/log/frame.ts';
import type { AppendFile, FileSystem, ReadFile, SparseFile } from '../../engine/ports/file-system.ts';
import type { PlantedBug } from './world.ts';

/** Hands everything on; a bug overrides what it gets wrong. */
class Files implements FileSystem {
  protected readonly files: FileSystem;
  protected readonly dataDir: string;

  constructor(files: FileSystem, dataDir: string) {
    this.files = files;
    this.dataDir = dataDir;
  }

  openAppend(path: string): Promise<AppendFile> {
    return this.files.openAppend(path);
  }

  openRead(path: string): ReadFile {
    return this.files.openRead(path);
  }

  openSparse(path: string, sizeBytes: number): Promise<SparseFile> {
    return this.files.openSparse(path, sizeBytes);
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.files.readFile(path);
  }

  readChunks(path: string): AsyncIterable<Uint8Array> {
    return this.files.readChunks(path);
  }

  writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
    return this.files.writeFileAtomic(path, bytes);
  }

  truncate(path: string, sizeBytes: number): Promise<void> {
    return this.files.truncate(path, sizeBytes);
  }

  syncFile(path: string): Promise<void> {
    return this.files.syncFile(path);
  }

  syncFolder(path: string): Promise<void> {
    return this.files.syncFolder(path);
  }

  makeFolder(path: string): Promise<void> {
    return this.files.makeFolder(path);
  }

  list(path: string): Promise<string[]> {
    return this.files.list(path);
  }

  size(path: string): Promise<number | undefined> {
    return this.files.size(path);
  }

  remove(path: string): Promise<void> {
    return this.files.remove(path);
  }

  removeFolder(path: string): Promise<void> {
    return this.files.removeFolder(path);
  }

  protected isIn(folder: string, path: string): boolean {
    return path.startsWith(`${this.dataDir}/${folder}/`);
  }
}

/** Appends to the files of a folder by way of a change. */
class Appends extends Files {
  readonly #folder: string;
  readonly #change: (file: AppendFile) => Partial<AppendFile>;

  constructor(files: FileSystem, dataDir: string, folder: string, change: (file: AppendFile) => Partial<AppendFile>) {
    super(files, dataDir);
    this.#folder = folder;
    this.#change = change;
  }

  override async openAppend(path: string): Promise<AppendFile> {
    const file = await this.files.openAppend(path);
    if (!this.isIn(this.#folder, path)) return file;
    const change = this.#change(file);
    return {
      get sizeBytes() {
        return file.sizeBytes;
      },
      append: (bytes) => (change.append ?? ((same) => file.append(same)))(bytes),
      sync: () => (change.sync ?? (() => file.sync()))(),
      async appendDurably(this: AppendFile, bytes) {
        await this.append(bytes);
        await this.sync();
      },
      reserve: async (sizeBytes) => (await file.reserve?.(sizeBytes)) ?? false,
      release: async () => (change.release ?? (() => file.release?.()))(),
      close: () => file.close(),
    };
  }
}

class WithoutFolderSync extends Files {
  override async syncFolder(): Promise<void> {
    await Promise.resolve();
  }
}

class WithoutFileSync extends Files {
  override async syncFile(path: string): Promise<void> {
    if (!path.endsWith('.parquet')) await this.files.syncFile(path);
  }
}

/** Files are made safe when the next edit has been, instead of before it. */
class EditBeforeFile extends Files {
  #late: string[] = [];

  override syncFile(path: string): Promise<void> {
    this.#late.push(path);
    return Promise.resolve();
  }

  override async openAppend(path: string): Promise<AppendFile> {
    const file = await this.files.openAppend(path);
    if (!this.isIn('manifest', path)) return file;
    const syncLate = async (): Promise<void> => {
      await file.sync();
      for (const late of this.#late.splice(0)) await this.files.syncFile(late);
    };
    return {
      get sizeBytes() {
        return file.sizeBytes;
      },
      append: (bytes) => file.append(bytes),
      sync: syncLate,
      async appendDurably(this: AppendFile, bytes) {
        await this.append(bytes);
        await this.sync();
      },
      close: () => file.close(),
    };
  }
}

class WithoutTruncate extends Files {
  override async truncate(): Promise<void> {
    await Promise.resolve();
  }
}

/** The file of a name is overwritten in place. */
class InPlaceWrite extends Files {
  override async writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
    await this.files.remove(path);
    const file = await this.files.openAppend(path);
    await file.append(bytes);
    await file.close();
    await this.files.syncFolder(path.slice(0, path.lastIndexOf('/')));
  }
}

/** The edit without what it says about delete files. */
function withoutDeleteFiles(frame: Uint8Array): Uint8Array {
  const [payload] = decodeFrames(frame).payloads;
  const edit = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
  if (!Array.isArray(edit['addDeleteFiles'])) return frame;
  return encodeFrame([new TextEncoder().encode(JSON.stringify({ ...edit, addDeleteFiles: [] }))]);
}

const nothing = (): Promise<void> => Promise.resolve();

/** Bugs that are put in on purpose, to see the simulation find them. None of them is in the database itself. */
export const PLANTED_BUGS: Readonly<Record<string, PlantedBug>> = {
  'the log is not synced': (files, dataDir) => new Appends(files, dataDir, 'log', () => ({ sync: nothing })),
  'the manifest is not synced': (files, dataDir) => new Appends(files, dataDir, 'manifest', () => ({ sync: nothing })),
  'commits are acknowledged before the sync': (files, dataDir) =>
    new Appends(files, dataDir, 'log', (file) => ({
      sync: () => {
        file.sync().catch(() => undefined);
        return nothing();
      },
    })),
  'an error of a sync is swallowed': (files, dataDir) =>
    new Appends(files, dataDir, 'log', (file) => ({ sync: () => file.sync().catch(() => undefined) })),
  'folders are not synced': (files, dataDir) => new WithoutFolderSync(files, dataDir),
  'segments are not synced': (files, dataDir) => new WithoutFileSync(files, dataDir),
  'the edit comes before the file': (files, dataDir) => new EditBeforeFile(files, dataDir),
  'an edit forgets its delete files': (files, dataDir) =>
    new Appends(files, dataDir, 'manifest', (file) => ({ append: (bytes) => file.append(withoutDeleteFiles(bytes)) })),
  'what a dead process left is not made safe': (files, dataDir) => new WithoutTruncate(files, dataDir),
  'CURRENT is written in place': (files, dataDir) => new InPlaceWrite(files, dataDir),
};

/** The same for keys. */
export const PLANTED_KEY_BUGS: Readonly<Record<string, PlantedBug>> = {
  'the log is not synced': (files, dataDir) => new Appends(files, dataDir, 'log', () => ({ sync: nothing })),
  'segments of keys are not synced': (files, dataDir) => new Appends(files, dataDir, 'kv', () => ({ sync: nothing })),
  'a log file keeps its unused space when there is another behind it': (files, dataDir) =>
    new Appends(files, dataDir, 'log', () => ({ release: nothing })),
  'names of segments of keys are not synced': (files, dataDir) => new WithoutFolderSync(files, dataDir),
};
