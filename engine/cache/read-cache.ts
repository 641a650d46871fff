import { AlopexError, SqlState } from '../errors.ts';
import { LruMap } from '../lru-map.ts';
import type { Clock } from '../ports/clock.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { Kernel, KernelConnection } from '../ports/kernel.ts';
import { Semaphore } from '../semaphore.ts';
import { checksumFile } from '../table/parquet-writer.ts';
import type { ByteRange } from './byte-ranges.ts';
import { CacheJournal, type StoredRange } from './cache-journal.ts';
import { CacheSpace, type CacheUse } from './cache-space.ts';
import { CachedFile, heldBytesOf, type RemoteFile } from './cached-file.ts';
import { planFetches } from './fetch-plan.ts';
import {
  footerBytes,
  likelyFooterBytes,
  rangesOf,
  readLayouts,
  TAIL_BYTES,
  type ColumnSelection,
  type ParquetLayout,
} from './parquet-layout.ts';
import { TransferTuning } from './transfer-tuning.ts';

export interface ReadCacheParts {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly kernel: Kernel;
  /** Its own folder. */
  readonly folder: string;
  readonly limitBytes: number;
}

/** What a statement will read of a file. */
export interface WantedFile {
  readonly file: RemoteFile;
  readonly columns: ColumnSelection;
}

/** Counters since the database was opened. */
export interface ReadCacheMetrics {
  readonly requests: number;
  readonly fetchedBytes: number;
  readonly usedBytes: number;
}

/** Requests at a time. */
const REQUESTS = 16;
const MAX_LAYOUTS = 4096;

interface KnownLayout {
  readonly layout: ParquetLayout;
  readonly footer: ByteRange;
}

interface Opened {
  readonly journal: CacheJournal;
  readonly connection: KernelConnection;
  readonly files: Map<string, CachedFile>;
}

/** Local copies of what is needed of remote Parquet files. See README.md. */
export class ReadCache {
  readonly #parts: ReadCacheParts;
  readonly #space: CacheSpace;
  readonly #requests = new Semaphore(REQUESTS);
  readonly #tuning = new TransferTuning();
  readonly #layouts = new LruMap<string, KnownLayout>(MAX_LAYOUTS);
  /** Files that are being removed: the same path is free when that is done. */
  readonly #removals = new Map<string, Promise<void>>();
  #opening: Promise<Opened> | undefined;
  #requestCount = 0;
  #fetchedBytes = 0;

  constructor(parts: ReadCacheParts) {
    this.#parts = parts;
    this.#space = new CacheSpace(parts.limitBytes, (file) => this.#remove(file));
  }

  get metrics(): ReadCacheMetrics {
    return { requests: this.#requestCount, fetchedBytes: this.#fetchedBytes, usedBytes: this.#space.usedBytes };
  }

  /** For a statement: what it asks for stays until it ends. */
  begin(): CacheUse {
    return this.#space.begin();
  }

  /** For `use`, brings what is wanted of some files to where the kernel reads them, in as few bytes as can be. Throws what the store throws, and `53400` when there is no room. */
  async ensure(wanted: readonly WantedFile[], use?: CacheUse): Promise<void> {
    const opened = await this.#open();
    const files = await Promise.all(
      wanted.map(async (each) => ({ ...each, cached: await this.#fileOf(opened, each.file, use) })),
    );
    const layouts = await this.#layoutsOf(opened, files);
    const requests = files.map(({ file, cached, columns }) => ({
      file,
      cached,
      ranges: neededRanges(file, columns, layouts.get(file.path)),
    }));
    await this.#bring(opened, requests);
    await Promise.all(requests.map((request) => this.#verify(request)));
  }

  /** A file that is here as a whole is checked as a whole, once. */
  async #verify({ file, cached, ranges }: FileRequest): Promise<void> {
    const isWhole = ranges.some(({ start, end }) => start === 0 && end === file.sizeBytes);
    if (cached.isVerified || file.crc32 === undefined || !isWhole) return;
    const found = await checksumFile(this.#parts.fileSystem, file.path);
    if (found.crc32 === file.crc32) {
      cached.isVerified = true;
      return;
    }
    this.#space.forget(cached);
    await this.#remove(cached);
    throw new AlopexError(SqlState.dataCorrupted, `cold file ${file.address} is damaged: its checksum is wrong`, {
      hint: 'Restore the object from a backup.',
    });
  }

  async close(): Promise<void> {
    if (this.#opening === undefined) return;
    const opened = await this.#opening.catch(() => undefined);
    await Promise.all(this.#removals.values());
    opened?.connection.close();
    await opened?.journal.close();
  }

  #open(): Promise<Opened> {
    const opening = (this.#opening ??= this.#read());
    opening.catch(() => {
      this.#opening = undefined;
    });
    return opening;
  }

  /** What an earlier process has left; files that the journal does not know are removed. */
  async #read(): Promise<Opened> {
    const { fileSystem, folder, kernel } = this.#parts;
    await fileSystem.makeFolder(folder);
    const { journal, files: journaled } = await CacheJournal.open(fileSystem, `${folder}/journal`);
    const files = new Map<string, CachedFile>();
    for (const name of await fileSystem.list(folder)) {
      const path = `${folder}/${name}`;
      if (name === 'journal') continue;
      const known = journaled.get(name);
      if (known === undefined || (await fileSystem.size(path)) !== known.sizeBytes) {
        await fileSystem.remove(path);
        continue;
      }
      const file = new CachedFile(fileSystem, { path, sizeBytes: known.sizeBytes }, known.ranges);
      files.set(path, file);
      this.#space.add(file);
    }
    return { journal, files, connection: await kernel.connect() };
  }

  async #fileOf({ files, journal }: Opened, { path, sizeBytes }: RemoteFile, use?: CacheUse): Promise<CachedFile> {
    await this.#removals.get(path);
    let file = files.get(path);
    if (file === undefined) {
      file = new CachedFile(this.#parts.fileSystem, { path, sizeBytes });
      files.set(path, file);
      this.#space.add(file);
      await this.#note(journal, [['file', this.#nameOf(path), sizeBytes]]);
    }
    this.#space.use(file, use);
    return file;
  }

  /** The layouts of files of which only some columns are wanted, by path. Reads all footers that are not known in one go. */
  async #layoutsOf(
    opened: Opened,
    files: readonly (WantedFile & CachedRemote)[],
  ): Promise<ReadonlyMap<string, KnownLayout>> {
    const known = new Map<string, KnownLayout>();
    const unknown: CachedRemote[] = [];
    for (const each of files) {
      if (each.columns === 'all') continue;
      const layout = this.#layouts.get(each.file.path);
      if (layout === undefined) unknown.push(each);
      else known.set(each.file.path, layout);
    }
    if (unknown.length === 0) return known;
    const footers = await this.#bringFooters(opened, unknown);
    const layouts = await this.#turns.run(() => readLayouts(opened.connection, [...footers.keys()]));
    for (const [path, footer] of footers) {
      const layout = layouts.get(path);
      if (layout === undefined) continue;
      known.set(path, { layout, footer });
      this.#layouts.set(path, { layout, footer });
    }
    return known;
  }

  /** The kernel's connection takes one statement at a time. */
  readonly #turns = new Semaphore(1);

  async #bringFooters(opened: Opened, unknown: readonly CachedRemote[]): Promise<Map<string, ByteRange>> {
    const tailOf = (file: RemoteFile, bytes: number): ByteRange => ({
      start: Math.max(0, file.sizeBytes - bytes),
      end: file.sizeBytes,
    });
    await this.#bring(
      opened,
      unknown.map(({ file, cached }) => ({ file, cached, ranges: [tailOf(file, likelyFooterBytes(file))] })),
    );
    const footers = new Map<string, ByteRange>();
    for (const { file, cached } of unknown) {
      const bytes = footerBytes(await cached.read(tailOf(file, TAIL_BYTES)));
      // What is no Parquet file is for the kernel to complain about.
      footers.set(file.path, tailOf(file, Math.min(bytes ?? file.sizeBytes, file.sizeBytes)));
    }
    await this.#bring(
      opened,
      unknown.map(({ file, cached }) => ({
        file,
        cached,
        ranges: [footers.get(file.path) ?? tailOf(file, TAIL_BYTES)],
      })),
    );
    return footers;
  }

  async #bring(opened: Opened, requests: readonly FileRequest[]): Promise<void> {
    await Promise.all(requests.map(({ cached, ranges }) => cached.checkStored(ranges)));
    const arrivals: Promise<unknown>[] = [];
    const fetches: { readonly file: RemoteFile; readonly cached: CachedFile; readonly pieces: readonly ByteRange[] }[] =
      [];
    const plan = (): number => {
      arrivals.length = 0;
      fetches.length = 0;
      for (const { file, cached, ranges } of requests) {
        const lacking = cached.lacking(ranges);
        arrivals.push(...lacking.arrivals);
        const pieces = planFetches(lacking.missing, this.#tuning.tuning);
        if (pieces.length > 0) fetches.push({ file, cached, pieces });
      }
      return fetches.flatMap(({ pieces }) => pieces).reduce((sum, piece) => sum + heldBytesOf(piece), 0);
    };
    const bytes = plan();
    if (bytes > 0) {
      await this.#space.take(bytes);
      // Others may have begun to bring some of it meanwhile: what is on its way now is brought once.
      const left = plan();
      this.#space.giveBack(bytes - left);
    }
    const filling = fetches.map((fetch) => this.#fill(opened, fetch));
    await settleAll([...filling, ...arrivals]);
  }

  async #fill({ journal }: Opened, { file, cached, pieces }: Fetch): Promise<void> {
    const before = cached.heldBytes;
    const reserved = pieces.reduce((sum, piece) => sum + heldBytesOf(piece), 0);
    let stored: StoredRange[] = [];
    try {
      stored = await cached.fill(pieces, (range) => this.#fetch(file, range));
    } finally {
      this.#space.giveBack(reserved - (cached.heldBytes - before));
    }
    const name = this.#nameOf(file.path);
    await this.#note(
      journal,
      stored.map(({ start, end, crc32 }) => ['range', name, start, end, crc32] as const),
    );
  }

  #fetch(file: RemoteFile, { start, end }: ByteRange): Promise<Uint8Array> {
    return this.#requests.run(async () => {
      const { clock } = this.#parts;
      const began = clock.monotonicMs();
      this.#requestCount++;
      const bytes = await file.read(start, end - start);
      this.#fetchedBytes += bytes.length;
      this.#tuning.note(bytes.length, clock.monotonicMs() - began);
      return bytes;
    });
  }

  async #remove(file: CachedFile): Promise<void> {
    const opened = await this.#open();
    opened.files.delete(file.path);
    const removal = (async () => {
      await this.#note(opened.journal, [['drop', this.#nameOf(file.path)]]);
      await this.#parts.fileSystem.remove(file.path);
    })();
    this.#removals.set(file.path, removal);
    try {
      await removal;
    } finally {
      this.#removals.delete(file.path);
    }
  }

  /** Without its journal the cache is only empty after a restart. */
  async #note(journal: CacheJournal, entries: Parameters<CacheJournal['append']>[0]): Promise<void> {
    await journal.append(entries).catch(() => undefined);
  }

  #nameOf(path: string): string {
    return path.slice(this.#parts.folder.length + 1);
  }
}

interface CachedRemote {
  readonly file: RemoteFile;
  readonly cached: CachedFile;
}

interface FileRequest extends CachedRemote {
  readonly ranges: readonly ByteRange[];
}

interface Fetch extends CachedRemote {
  readonly pieces: readonly ByteRange[];
}

function neededRanges(
  file: RemoteFile,
  columns: ColumnSelection,
  known: KnownLayout | undefined,
): readonly ByteRange[] {
  if (columns === 'all' || known === undefined) return [{ start: 0, end: file.sizeBytes }];
  const ranges = rangesOf(known.layout, columns).map(({ start, end }) => ({
    start,
    end: Math.min(end, file.sizeBytes),
  }));
  return [...ranges, known.footer];
}

/** Waits for all, and fails as the first that failed. */
async function settleAll(promises: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
