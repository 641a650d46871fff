import { crc32 } from 'node:zlib';
import { AlopexError, SqlState } from '../engine/errors.ts';
import type { Clock } from '../engine/ports/clock.ts';
import type { ColdChange, ColdSnapshot, ColdTableDefinition } from '../engine/ports/cold-table.ts';
import type { Random } from '../engine/ports/random.ts';
import { toDataContent, toDeleteContent } from './cold-file.ts';
import { planCommit } from './commit-plan.ts';
import type { PlannedManifest } from './commit-plan.ts';
import type { FileChange } from './conflict.ts';
import { liveFiles } from './live-files.ts';
import type { LiveFiles, LoadedManifest } from './live-files.ts';
import { encodeManifestList, summarizeManifest } from './manifest-list.ts';
import { encodeManifest, Status } from './manifest.ts';
import type { WrittenObject } from './metadata-objects.ts';
import {
  addSnapshot,
  createMetadata,
  currentSnapshot,
  encodeMetadata,
  evolveMetadata,
  fieldTypes,
  schemaForSpec,
  snapshotById,
  specById,
} from './metadata.ts';
import type { TableMetadata } from './metadata.ts';
import { partitionColumns } from './partition.ts';
import type { Pointer } from './pointer.ts';
import { jobIdKey, listChecksumKey, operationOf, summarize } from './summary.ts';
import { manifestName } from './table-reader.ts';
import type { CurrentTable, TableReader } from './table-reader.ts';

/** A commit of which everything is written but its pointer version. */
export interface PreparedCommit {
  readonly pointer: Pointer;
  readonly snapshot: ColdSnapshot;
  readonly manifests: readonly LoadedManifest[];
  /** All objects of the commit, its pointer version included. */
  readonly written: readonly WrittenObject[];
}

/** One try to put a change on top of one version of a table. Another try makes everything anew. */
export class CommitAttempt {
  /** The change in terms of the table's files. */
  readonly files: FileChange;
  readonly #ports: { readonly clock: Clock; readonly random: Random };
  readonly #reader: TableReader;
  readonly #jobId: string;
  readonly #version: number;
  readonly #table: CurrentTable | undefined;
  /** The table's metadata, brought up to the definition, without the new snapshot. */
  readonly #metadata: TableMetadata;
  readonly #types: ReadonlyMap<number, string>;
  readonly #snapshotId: bigint;
  /** In the names of all objects of this attempt. */
  readonly #unique: string;

  constructor(
    ports: { readonly clock: Clock; readonly random: Random },
    reader: TableReader,
    definition: ColdTableDefinition,
    change: ColdChange,
    version: number,
    table: CurrentTable | undefined,
  ) {
    this.#ports = ports;
    this.#reader = reader;
    this.#jobId = change.jobId;
    this.#version = version;
    this.#table = table;
    this.#metadata =
      table === undefined
        ? createMetadata(definition, {
            uuid: ports.random.uuid(),
            location: reader.objects.uri(reader.folder.replace(/\/metadata$/, '')),
            nowMs: ports.clock.nowMs(),
          })
        : evolveMetadata(table.metadata, definition);
    this.#types = fieldTypes(this.#metadata);
    this.#snapshotId = newSnapshotId(this.#metadata, ports.random);
    this.#unique = ports.random.uuid();
    this.files = this.#toFiles(change);
  }

  /** Writes manifests, manifest list and metadata. Nothing of it is visible before the pointer version is created. */
  async prepare(manifests: readonly LoadedManifest[], live: LiveFiles): Promise<PreparedCommit> {
    const { objects, folder, pointers } = this.#reader;
    const parent = currentSnapshot(this.#metadata);
    const sequence = this.#metadata['last-sequence-number'] + 1;
    const plan = planCommit(manifests, live, this.files, { id: this.#snapshotId, sequenceNumber: BigInt(sequence) });
    const written: WrittenObject[] = [];

    const fresh: LoadedManifest[] = [];
    for (const planned of plan.written) {
      fresh.push(await this.#writeManifest(planned, BigInt(sequence), written));
    }
    const after = [...fresh, ...plan.carried];

    const listKey = `${folder}/snap-${String(this.#snapshotId)}-${this.#unique}.avro`;
    const parentId = parent === undefined ? undefined : BigInt(parent['snapshot-id']);
    const list = await objects.write(
      listKey,
      encodeManifestList(
        { snapshotId: this.#snapshotId, parentId, sequenceNumber: BigInt(sequence) },
        after.map(({ info }) => info),
        this.#ports.random.bytes(16),
      ),
    );
    written.push(list);

    const metadata = addSnapshot(
      this.#metadata,
      {
        'snapshot-id': this.#snapshotId,
        ...(parentId === undefined ? {} : { 'parent-snapshot-id': parentId }),
        'sequence-number': sequence,
        'timestamp-ms': this.#timestampMs(),
        summary: {
          operation: operationOf(this.files),
          [jobIdKey]: this.#jobId,
          [listChecksumKey]: String(list.crc32),
          ...summarize(live, liveFiles(after), this.files),
        },
        'manifest-list': objects.uri(listKey),
        'schema-id': this.#metadata['current-schema-id'],
      },
      this.#table === undefined ? undefined : objects.uri(this.#table.metadataKey),
    );
    const metadataName = `${String(this.#version).padStart(5, '0')}-${this.#unique}.metadata.json`;
    const metadataKey = `${folder}/${metadataName}`;
    const metadataFile = await objects.write(metadataKey, encodeMetadata(metadata));
    written.push(metadataFile);

    const pointer = { version: this.#version, metadata: metadataName, crc32: metadataFile.crc32 };
    written.push(pointers.describe(pointer));
    return { pointer, snapshot: this.#reader.toColdSnapshot(metadataKey, metadata, after), manifests: after, written };
  }

  async #writeManifest(
    planned: PlannedManifest,
    sequenceNumber: bigint,
    written: WrittenObject[],
  ): Promise<LoadedManifest> {
    const { objects, folder } = this.#reader;
    const spec = specById(this.#metadata, planned.specId);
    const context = {
      content: planned.content,
      schema: schemaForSpec(this.#metadata, spec),
      spec,
      types: this.#types,
    };
    const bytes = encodeManifest(context, planned.entries, this.#ports.random.bytes(16));
    const key = `${folder}/${manifestName(this.#unique, written.length, crc32(bytes))}`;
    written.push(await objects.write(key, bytes));
    return {
      info: {
        path: objects.uri(key),
        sizeBytes: bytes.length,
        specId: planned.specId,
        content: planned.content,
        sequenceNumber,
        addedSnapshotId: this.#snapshotId,
        ...summarizeManifest(planned.entries, partitionColumns(spec, this.#types), sequenceNumber),
      },
      entries: planned.entries.filter(({ status }) => status !== Status.deleted),
    };
  }

  /** Snapshots are told apart by time when they are queried as of a time: no two have the same, and none goes back. */
  #timestampMs(): number {
    const now = this.#ports.clock.nowMs();
    return this.#metadata.snapshots.length === 0 ? now : Math.max(now, this.#metadata['last-updated-ms'] + 1);
  }

  #toFiles(change: ColdChange): FileChange {
    const { objects } = this.#reader;
    const specId = this.#metadata['default-spec-id'];
    const fieldCount = specById(this.#metadata, specId).fields.length;
    for (const file of change.addData) {
      if (file.partition.length !== fieldCount) {
        throw new AlopexError(
          SqlState.internalError,
          `data file ${file.key} has ${String(file.partition.length)} partition values, the table has ${String(fieldCount)}`,
        );
      }
    }
    return {
      addData: change.addData.map((file) => ({
        specId,
        file: toDataContent(file, objects.uri(file.key), this.#types),
      })),
      addDeletes: change.addDeletes.map((file) => toDeleteContent(file, objects.uri(file.key))),
      removeData: new Set(change.removeData.map((key) => objects.uri(key))),
      removeDeletes: new Set(change.removeDeletes.map((key) => objects.uri(key))),
    };
  }
}

function newSnapshotId(metadata: TableMetadata, random: Random): bigint {
  for (;;) {
    const id = random.positiveInt64();
    if (snapshotById(metadata, id) === undefined) return id;
  }
}
