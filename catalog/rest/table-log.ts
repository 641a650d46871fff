import type { Int64 } from '../json.ts';
import { MetadataObjects } from '../metadata-objects.ts';
import { type Pointer, PointerLog } from '../pointer.ts';
import { CATALOG_FOLDER } from '../transaction-decisions.ts';
import type { Locations } from './locations.ts';
import { isMetadataName, metadataAddress, MetadataFiles } from './metadata-files.ts';
import type { IcebergMetadata } from './model/metadata.ts';
import type { DatabaseTable, RestCatalogOptions } from './ports.ts';
import { commitStateUnknown } from './rest-error.ts';

/** A table as its pointer shows it. */
export interface LoadedTable {
  /** Full address of the metadata file. */
  readonly address: string;
  readonly metadata: IcebergMetadata;
}

/** Which file a commit wants to make current: written, and not current yet. */
export interface Proposal {
  readonly table: LoadedTable;
  readonly pointer: Pointer;
}

/** Where a pointer log is, and what its names mean. */
interface Place {
  readonly pointers: PointerLog;
  /** A pointer's name as a full address, and back. */
  toAddress(name: string): string;
  toName(address: string): string;
  newAddress(metadata: IcebergMetadata, version: number, uuid: string): string;
}

/** The metadata of one table: its current file, and the swap to another. */
export class TableLog {
  readonly #files: MetadataFiles;
  readonly #place: Place;
  readonly #options: RestCatalogOptions;

  private constructor(options: RestCatalogOptions, locations: Locations, place: Place) {
    this.#options = options;
    this.#files = new MetadataFiles(locations);
    this.#place = place;
  }

  /** A table of the catalog. Its pointer is among the catalog's objects, for its metadata may be anywhere. */
  static ofCatalog(options: RestCatalogOptions, locations: Locations, id: string): TableLog {
    const { warehouse } = options;
    const folder = `${CATALOG_FOLDER}/tables/${id}`;
    const isTarget = (name: string): boolean => isMetadataName(name) && locations.find(name) !== undefined;
    return new TableLog(options, locations, {
      pointers: new PointerLog(warehouse, new MetadataObjects(warehouse), folder, isTarget),
      toAddress: (name) => name,
      toName: (address) => address,
      newAddress: metadataAddress,
    });
  }

  /** The cold part of a table of the database, whose pointer is in the table's own folder. */
  static ofDatabase(options: RestCatalogOptions, locations: Locations, { store, prefix }: DatabaseTable): TableLog {
    const folder = `${prefix}/metadata`;
    const base = `${store.uri}/${folder}/`;
    return new TableLog(options, locations, {
      pointers: new PointerLog(store, new MetadataObjects(store), folder),
      toAddress: (name) => base + name,
      toName: (address) => address.slice(base.length),
      // Unpacked, and in its place: the database reads it as its own.
      newAddress: (_metadata, version, uuid) => `${base}${String(version).padStart(5, '0')}-${uuid}.metadata.json`,
    });
  }

  /** `undefined` when there is no such table, or it was dropped. */
  async load(): Promise<LoadedTable | undefined> {
    return await this.#read((await this.#place.pointers.current()).pointer);
  }

  /** As `load`, for a commit on top of it, with the version that the commit is to make. */
  async loadForCommit(): Promise<{ table: LoadedTable | undefined; nextVersion: number }> {
    const { pointer, lastVersion } = await this.#place.pointers.settled();
    return { table: await this.#read(pointer), nextVersion: lastVersion + 1 };
  }

  /** Whether the table is gone, though a name may still stand for it. */
  async isDropped(): Promise<boolean> {
    const { pointer } = await this.#place.pointers.current();
    return pointer === undefined || pointer.metadata === null;
  }

  async #read(pointer: Pointer | undefined): Promise<LoadedTable | undefined> {
    if (pointer === undefined || pointer.metadata === null || pointer.crc32 === null) return undefined;
    const address = this.#place.toAddress(pointer.metadata);
    const { metadata } = await this.#files.read(address, pointer.crc32);
    return { address, metadata };
  }

  /** Writes the metadata that is to follow `base`. With a transaction, the version that `swap` makes counts with the others of it. */
  async propose(
    base: LoadedTable | undefined,
    next: IcebergMetadata,
    version: number,
    transaction?: string,
  ): Promise<Proposal> {
    const metadata = base === undefined ? next : withPrevious(next, base);
    const address = this.#place.newAddress(metadata, version, this.#options.random.uuid());
    const crc32 = await this.#files.write(address, metadata);
    return { table: { address, metadata }, pointer: this.#pointer(address, version, crc32, transaction) };
  }

  /** A proposal for a file that is there already. */
  async proposeFile(address: string, version: number): Promise<Proposal> {
    const { metadata, crc32 } = await this.#files.read(address);
    return { table: { address, metadata }, pointer: this.#pointer(address, version, crc32) };
  }

  #pointer(address: string, version: number, crc32: number, transaction?: string): Pointer {
    const metadata = this.#place.toName(address);
    return { version, metadata, crc32, ...(transaction === undefined ? {} : { transaction }) };
  }

  /** The commit point. `lost` is proof that another writer holds the version. Throws 500 when it is not known. */
  async swap(pointer: Pointer): Promise<'committed' | 'lost'> {
    return await swapPointer(this.#place.pointers, pointer);
  }

  /** Makes the table one that does not exist; `lost` as for `swap`. */
  async drop(version: number): Promise<'committed' | 'lost'> {
    return await this.swap({ version, metadata: null, crc32: null });
  }

  /** Removes metadata files that the table's properties let go of with this commit. Not done for certain: what stays is garbage. */
  async removeFormer(base: LoadedTable, { metadata }: LoadedTable): Promise<void> {
    if (metadata.properties['write.metadata.delete-after-commit.enabled']?.toLowerCase() !== 'true') return;
    const kept = new Set(metadata['metadata-log'].map((entry) => entry['metadata-file']));
    const gone = base.metadata['metadata-log'].map((entry) => entry['metadata-file']).filter((file) => !kept.has(file));
    try {
      await this.#files.remove(gone);
    } catch {
      // The commit has happened; nobody needs these files any more, and nobody reads them.
    }
  }
}

/** Creates a pointer version, and finds out what came of it. */
export async function swapPointer(pointers: PointerLog, pointer: Pointer): Promise<'committed' | 'lost'> {
  let failure: unknown = new Error(`${pointers.key(pointer.version)} exists but is absent`);
  try {
    if ((await pointers.create(pointer)) === 'created') return 'committed';
  } catch (error) {
    failure = error;
  }
  // Somebody holds the version, or the answer was lost: only the object itself can tell who.
  let holder: Pointer | undefined;
  try {
    holder = await pointers.read(pointer.version);
  } catch (error) {
    throw commitStateUnknown(error);
  }
  if (holder === undefined) throw commitStateUnknown(failure);
  const isOurs = holder.metadata === pointer.metadata && holder.transaction === pointer.transaction;
  // All tombstones are alike: then the table is dropped, whoever did it.
  return isOurs ? 'committed' : 'lost';
}

const DEFAULT_PREVIOUS_VERSIONS = 100;

/** Metadata that names the file that it follows, and no more former ones than the table's properties allow. */
function withPrevious(next: IcebergMetadata, base: LoadedTable): IcebergMetadata {
  const wanted = Number(next.properties['write.metadata.previous-versions-max'] ?? DEFAULT_PREVIOUS_VERSIONS);
  const max = Number.isFinite(wanted) ? Math.max(1, Math.trunc(wanted)) : DEFAULT_PREVIOUS_VERSIONS;
  const timestampMs: Int64 = base.metadata['last-updated-ms'];
  const entry = { 'timestamp-ms': timestampMs, 'metadata-file': base.address };
  return { ...next, 'metadata-log': [...base.metadata['metadata-log'], entry].slice(-max) };
}
