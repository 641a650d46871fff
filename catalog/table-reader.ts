import type { ColdSnapshot, SnapshotInfo } from '../engine/ports/cold-table.ts';
import type { ObjectStore } from '../engine/ports/object-store.ts';
import { damaged, decoding } from './damage.ts';
import { fromDataContent, fromDeleteContent } from './cold-file.ts';
import type { LoadedManifest } from './live-files.ts';
import { decodeManifestList } from './manifest-list.ts';
import type { ManifestFile } from './manifest-list.ts';
import { decodeManifest, Status } from './manifest.ts';
import { currentSnapshot, decodeMetadata, fieldTypes, snapshotById, specById } from './metadata.ts';
import type { Snapshot, TableMetadata } from './metadata.ts';
import { MetadataObjects } from './metadata-objects.ts';
import { type Pointer, PointerLog } from './pointer.ts';
import { jobIdKey, listChecksumKey } from './summary.ts';

/** A table as its pointer shows it. */
export interface CurrentTable {
  /** Key of the metadata file. */
  readonly metadataKey: string;
  readonly metadata: TableMetadata;
}

const parallelReads = 8;

/** Reads a table's metadata from the pointer down to its files; everything is checked against the object that names it. */
export class TableReader {
  readonly objects: MetadataObjects;
  readonly pointers: PointerLog;
  readonly folder: string;
  /** Manifests of the latest snapshot that was asked for, by key: they never change. */
  #manifests: ReadonlyMap<string, LoadedManifest> = new Map();

  constructor(store: ObjectStore, prefix: string, verify?: (key: string, bytes: Uint8Array) => void) {
    this.folder = `${prefix}/metadata`;
    this.objects = new MetadataObjects(store, verify);
    this.pointers = new PointerLog(store, this.objects, this.folder);
  }

  /** What the pointer names; `undefined` when the table does not exist. */
  async current(): Promise<CurrentTable | undefined> {
    return await this.#read((await this.pointers.current()).pointer);
  }

  /** As `current`, for a commit on top of it, and the last version of the pointer (0 for none), which the commit follows. */
  async settled(): Promise<{ pointerVersion: number; table: CurrentTable | undefined }> {
    const { pointer, lastVersion } = await this.pointers.settled();
    return { pointerVersion: lastVersion, table: await this.#read(pointer) };
  }

  async #read(pointer: Pointer | undefined): Promise<CurrentTable | undefined> {
    if (pointer === undefined || pointer.metadata === null || pointer.crc32 === null) return undefined;
    const metadataKey = `${this.folder}/${pointer.metadata}`;
    const bytes = await this.objects.read(metadataKey, this.pointers.key(pointer.version), { crc32: pointer.crc32 });
    const metadata = decoding(metadataKey, () => decodeMetadata(bytes));
    return { metadataKey, metadata };
  }

  /** The manifests of a snapshot with their live entries. */
  async manifests({ metadata, metadataKey }: CurrentTable, snapshot: Snapshot | undefined): Promise<LoadedManifest[]> {
    if (snapshot === undefined) return [];
    const listKey = this.objects.key(snapshot['manifest-list']);
    const checksum = snapshot.summary[listChecksumKey];
    const expected = { crc32: checksum === undefined ? undefined : Number(checksum) };
    const bytes = await this.objects.read(listKey, metadataKey, expected);
    const list = decoding(listKey, () => decodeManifestList(bytes));
    const loaded: LoadedManifest[] = [];
    for (let at = 0; at < list.length; at += parallelReads) {
      const some = list.slice(at, at + parallelReads);
      loaded.push(...(await Promise.all(some.map((info) => this.#manifest(metadata, listKey, info)))));
    }
    return loaded;
  }

  async #manifest(metadata: TableMetadata, listKey: string, info: ManifestFile): Promise<LoadedManifest> {
    const key = this.objects.key(info.path);
    const known = this.#manifests.get(key);
    if (known !== undefined) return known;
    const spec = decoding(listKey, () => specById(metadata, info.specId));
    const bytes = await this.objects.read(key, listKey, { crc32: manifestChecksum(key), sizeBytes: info.sizeBytes });
    const context = { content: info.content, spec, types: fieldTypes(metadata) };
    const inherited = { snapshotId: info.addedSnapshotId, sequenceNumber: info.sequenceNumber };
    const entries = decoding(key, () => decodeManifest(context, inherited, bytes));
    if (entries.length !== info.files.added + info.files.existing + info.files.deleted) {
      throw damaged(key, 'it has another number of entries than its list says');
    }
    return { info, entries: entries.filter(({ status }) => status !== Status.deleted) };
  }

  /** Keeps the manifests of a snapshot in memory, and lets go of others. */
  remember(manifests: readonly LoadedManifest[]): void {
    this.#manifests = new Map(manifests.map((manifest) => [this.objects.key(manifest.info.path), manifest]));
  }

  async coldSnapshot(table: CurrentTable): Promise<ColdSnapshot> {
    const manifests = await this.manifests(table, currentSnapshot(table.metadata));
    this.remember(manifests);
    return this.toColdSnapshot(table.metadataKey, table.metadata, manifests);
  }

  /** An older snapshot; `undefined` when the table does not have it any more. */
  async pastSnapshot(table: CurrentTable, snapshotId: string): Promise<ColdSnapshot | undefined> {
    const snapshot = snapshotById(table.metadata, BigInt(snapshotId));
    if (snapshot === undefined) return undefined;
    const manifests = await this.manifests(table, snapshot);
    return this.toColdSnapshot(table.metadataKey, table.metadata, manifests, snapshot);
  }

  toColdSnapshot(
    metadataKey: string,
    metadata: TableMetadata,
    manifests: readonly LoadedManifest[],
    snapshot = currentSnapshot(metadata),
  ): ColdSnapshot {
    const types = fieldTypes(metadata);
    const files = <T>(content: 'data' | 'deletes', convert: (entry: LoadedManifest['entries'][number]) => T): T[] =>
      manifests
        .filter(({ info }) => info.content === content)
        .flatMap(({ info, entries }) => decoding(this.objects.key(info.path), () => entries.map(convert)));
    return {
      snapshotId: snapshot === undefined ? undefined : String(snapshot['snapshot-id']),
      metadataUri: this.objects.uri(metadataKey),
      dataFiles: files('data', ({ file }) => fromDataContent(file, this.objects.key(file.path), types)),
      deleteFiles: files('deletes', ({ file }) => fromDeleteContent(file, this.objects.key(file.path))),
    };
  }
}

/** A manifest's name ends in its CRC-32: the specification leaves names free, and has no place for a checksum in the list. */
export function manifestName(unique: string, index: number, crc32: number): string {
  return `${unique}-m${String(index)}-crc32-${crc32.toString(16).padStart(8, '0')}.avro`;
}

function manifestChecksum(key: string): number | undefined {
  const match = /-crc32-([0-9a-f]{8})\.avro$/.exec(key);
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
}

export function snapshotInfo(snapshot: Snapshot): SnapshotInfo {
  const parent = snapshot['parent-snapshot-id'];
  return {
    snapshotId: String(snapshot['snapshot-id']),
    parentId: parent === undefined ? undefined : String(parent),
    sequenceNumber: snapshot['sequence-number'],
    timestampMs: snapshot['timestamp-ms'],
    operation: snapshot.summary['operation'] ?? 'append',
    summary: snapshot.summary,
  };
}

export function findJob(metadata: TableMetadata, jobId: string): Snapshot | undefined {
  return metadata.snapshots.find(({ summary }) => summary[jobIdKey] === jobId);
}
