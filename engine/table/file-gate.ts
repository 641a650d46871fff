import { AlopexError, SqlState } from '../errors.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { DataFile } from './data-file.ts';
import { checksumFile } from './parquet-writer.ts';

/** Nothing reads a data file of this machine before it has passed here: each is checked against its CRC-32 once in the life of the process (invariant 5). */
export class FileGate {
  readonly #fileSystem: FileSystem;
  readonly #passed = new Map<string, Promise<void>>();

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  async admit(files: readonly DataFile[]): Promise<void> {
    await Promise.all(files.map((file) => this.#admitOnce(file)));
  }

  /** For a file that this process has just written and checksummed. */
  trust(path: string): void {
    this.#passed.set(path, Promise.resolve());
  }

  #admitOnce(file: DataFile): Promise<void> {
    const known = this.#passed.get(file.path);
    if (known !== undefined) return known;
    const check = this.#check(file);
    this.#passed.set(file.path, check);
    // A failed check is made again at the next read: the file may have been restored.
    check.catch(() => this.#passed.delete(file.path));
    return check;
  }

  async #check(file: DataFile): Promise<void> {
    const found = await checksumFile(this.#fileSystem, file.path).catch((error: unknown) => {
      throw unreadable(file.path, error);
    });
    if (file.crc32 !== undefined && found.crc32 !== file.crc32) {
      throw new AlopexError(SqlState.dataCorrupted, `data file ${file.path} is damaged: its checksum is wrong`, {
        hint: 'Restore the file from a backup.',
      });
    }
  }
}

/** A file that is missing is damage; one that the disk does not give says nothing about what is in it. */
function unreadable(path: string, cause: unknown): AlopexError {
  if ((cause as { code?: unknown }).code === 'ENOENT') {
    return new AlopexError(SqlState.dataCorrupted, `data file ${path} cannot be read: it is missing`, {
      hint: 'Restore the file from a backup.',
      cause,
    });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AlopexError(SqlState.ioError, `data file ${path} cannot be read: ${reason}`, {
    hint: 'Try again; if it goes on, check the disk. Nothing was changed.',
    cause,
  });
}
