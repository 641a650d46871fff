import { crc32 } from 'node:zlib';
import { Mutex } from '../mutex.ts';
import type { AppendFile, FileSystem } from '../ports/file-system.ts';
import type { ByteRange } from './byte-ranges.ts';

/** A range that was written to a cached file, with the checksum of its bytes. */
export interface StoredRange extends ByteRange {
  readonly crc32: number;
}

/** What the journal knows of a cached file. */
export interface JournaledFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly ranges: StoredRange[];
}

type Entry =
  | readonly ['file', path: string, sizeBytes: number]
  | readonly ['range', path: string, start: number, end: number, crc32: number]
  | readonly ['drop', path: string];

/**
 * Which ranges of which files the cache holds: a line for each change, its CRC-32 in front. It is not fsynced: what it says is checked against the files when they are read, and what it lacks
 * is fetched again.
 */
export class CacheJournal {
  readonly #file: AppendFile;
  readonly #turns = new Mutex();

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  /** Reads a journal as far as it is intact, and begins it anew with what is left of it. */
  static async open(
    fileSystem: FileSystem,
    path: string,
  ): Promise<{ journal: CacheJournal; files: ReadonlyMap<string, JournaledFile> }> {
    const known = (await fileSystem.size(path)) === undefined ? '' : text(await fileSystem.readFile(path));
    const files = replay(known);
    const lines = [...files.values()].flatMap((file) => entriesOf(file).map(encode));
    await fileSystem.writeFileAtomic(path, Buffer.from(lines.join('')));
    return { journal: new CacheJournal(await fileSystem.openAppend(path)), files };
  }

  async append(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.#turns.run(() => this.#file.append(Buffer.from(entries.map(encode).join(''))));
  }

  close(): Promise<void> {
    return this.#turns.run(() => this.#file.close());
  }
}

function replay(journal: string): Map<string, JournaledFile> {
  const files = new Map<string, JournaledFile>();
  for (const line of journal.split('\n')) {
    const entry = decode(line);
    // What follows a damaged line may depend on it.
    if (entry === undefined) break;
    const [kind, path] = entry;
    if (kind === 'file') files.set(path, { path, sizeBytes: entry[2], ranges: [] });
    else if (kind === 'drop') files.delete(path);
    else files.get(path)?.ranges.push({ start: entry[2], end: entry[3], crc32: entry[4] });
  }
  return files;
}

function entriesOf({ path, sizeBytes, ranges }: JournaledFile): Entry[] {
  return [
    ['file', path, sizeBytes],
    ...ranges.map((range) => ['range', path, range.start, range.end, range.crc32] as const),
  ];
}

function encode(entry: Entry): string {
  const json = JSON.stringify(entry);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

function decode(line: string): Entry | undefined {
  const json = line.slice(9);
  if (line[8] !== ' ' || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return undefined;
  return JSON.parse(json) as Entry;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}
