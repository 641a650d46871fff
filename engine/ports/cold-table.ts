import type { ColumnStats, Bound } from '../table/bound.ts';
import type { TableSchema } from '../table/schema.ts';

/** Iceberg partition transforms of the thin first version; `source` is a column's field id. */
export interface PartitionField {
  readonly sourceId: number;
  readonly transform: 'identity' | 'year' | 'month' | 'day' | 'hour' | `bucket[${number}]` | `truncate[${number}]`;
  /** Name of the partition column, e.g. `ts_month`. */
  readonly name: string;
}

/** `null` is a null partition value. year/month/day/hour and bucket are integers (bigint), identity and truncate the column's own kind. */
export type PartitionValue = Bound | null;

/** What a cold table is, for creating it or bringing it up to date. */
export interface ColdTableDefinition {
  readonly schema: TableSchema;
  /** Empty for an unpartitioned table. */
  readonly partition: readonly PartitionField[];
  /** Field ids in sort order, ascending, nulls first. */
  readonly sort: readonly number[];
}

/** A Parquet file of rows. Immutable; its key is never used again for other content. */
export interface ColdDataFile {
  /** Key in the object store. */
  readonly key: string;
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** By field id, primitives only. */
  readonly stats: ReadonlyMap<number, ColumnStats>;
  readonly partition: readonly PartitionValue[];
}

/** A Parquet file of Iceberg position deletes (`file_path`, `pos`), which may concern several data files. */
export interface ColdDeleteFile {
  readonly key: string;
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** The partition of all the data files it concerns. */
  readonly partition: readonly PartitionValue[];
  /** Least and greatest `file_path` in it (full addresses), for its bounds. */
  readonly minPath: string;
  readonly maxPath: string;
}

/** The live files of one snapshot. */
export interface ColdSnapshot {
  /** Decimal text of Iceberg's 64-bit id; `undefined` for a table without snapshots. */
  readonly snapshotId: string | undefined;
  /** Full address of the metadata file, for other engines. */
  readonly metadataUri: string;
  readonly dataFiles: readonly ColdDataFile[];
  readonly deleteFiles: readonly ColdDeleteFile[];
}

export interface ColdChange {
  /** Recorded in the snapshot summary as `alopex.job-id`; the same id is never committed twice. */
  readonly jobId: string;
  readonly addData: readonly ColdDataFile[];
  /** Keys of data files that leave the table. */
  readonly removeData: readonly string[];
  readonly addDeletes: readonly ColdDeleteFile[];
  /** Keys of delete files that leave the table. */
  readonly removeDeletes: readonly string[];
  /**
   * The snapshot that the change was planned on: deletes that others have committed since, on data files that this
   * change removes, make it a conflict. Without it, the snapshot that is current when the commit starts.
   */
  readonly baseSnapshotId?: string;
}

export type ColdCommit =
  | {
      readonly kind: 'committed';
      readonly snapshot: ColdSnapshot;
      /** Keys of metadata objects written by this commit, with their CRC-32, for checks when they are read back. */
      readonly written: readonly { key: string; crc32: number }[];
    }
  /** Proven not to have happened, for another writer's commit came first and cannot be combined with this one. */
  | { readonly kind: 'conflict'; readonly reason: string }
  /** It may or may not have happened: look for the job id before anything else, and delete nothing. */
  | { readonly kind: 'unknown'; readonly cause: unknown };

export interface SnapshotInfo {
  readonly snapshotId: string;
  readonly parentId: string | undefined;
  readonly sequenceNumber: number;
  readonly timestampMs: number;
  readonly operation: string;
  readonly summary: Readonly<Record<string, string>>;
}

/** One Iceberg table, reached through its catalog. */
export interface ColdTable {
  /** The current snapshot, or another of the table's; `undefined` when the table does not exist yet, or does not have it any more. */
  load(snapshotId?: string): Promise<ColdSnapshot | undefined>;
  /** Commits a change in one new snapshot; creates the table, or brings its schema, partitioning and sort order up to `definition`, first. Batches nothing: one call, one snapshot. */
  commit(definition: ColdTableDefinition, change: ColdChange): Promise<ColdCommit>;
  /** Whether a snapshot that names the job is in the table's history. Throws when that cannot be found out. */
  findJob(jobId: string): Promise<SnapshotInfo | undefined>;
  snapshots(): Promise<readonly SnapshotInfo[]>;
  /** Removes the pointer, so that the table is gone for readers; its files stay until garbage collection. */
  drop(): Promise<void>;
}

/** Opens cold tables by location. `verify` is told of every metadata object read back and throws (`XX001`) when its checksum is wrong. */
export interface ColdCatalog {
  /** `prefix` is the table's folder within the store, e.g. `main/flights-1`. */
  table(prefix: string, verify?: (key: string, bytes: Uint8Array) => void): ColdTable;
}
