import type { Int64 } from '../json.ts';
import { liveFiles, type LiveFiles } from '../live-files.ts';
import { currentSnapshot, decodeMetadata } from '../metadata.ts';
import { TableReader } from '../table-reader.ts';
import type { Locations } from './locations.ts';
import { encodeIcebergMetadata, type IcebergMetadata } from './model/metadata.ts';
import { canonical } from './model/schema.ts';
import type { DatabaseTable } from './ports.ts';
import { forbidden } from './rest-error.ts';

/** Members of the metadata that the database decides; to change them is a matter of SQL. */
const DECIDED: Readonly<Record<string, string>> = {
  'format-version': 'its format version',
  'table-uuid': 'its uuid',
  location: 'its location',
  'last-column-id': 'its columns',
  'current-schema-id': 'its columns',
  schemas: 'its columns',
  'default-spec-id': 'its partitioning',
  'partition-specs': 'its partitioning',
  'last-partition-id': 'its partitioning',
  'default-sort-order-id': 'its sort order',
  'sort-orders': 'its sort order',
};

/**
 * What others may do to a table of the database: add rows, and change what the database does not look at (properties, statistics,
 * branches beside `main`, tags). The database keeps deletes of cold rows by file and position until its next cold commit, finds its jobs by
 * their snapshots, and checks keys when it writes; a commit that would make one of these wrong is refused with 403 and its reason. Files must be
 * spelled as the database spells them (`file:///`), for position deletes name them by their exact address.
 */
export async function checkDatabaseCommit(
  table: DatabaseTable,
  locations: Locations,
  base: IcebergMetadata,
  next: IcebergMetadata,
): Promise<void> {
  const refuse = (what: string): never => {
    throw forbidden(`${what}: the table ${table.schemaName}.${table.name} belongs to the database; change it by SQL`);
  };
  for (const [member, what] of Object.entries(DECIDED)) {
    if (canonical(base[member]) !== canonical(next[member])) refuse(`Cannot change ${what}`);
  }
  const ids = new Set(next.snapshots.map((snapshot) => BigInt(snapshot['snapshot-id'])));
  const known = (id: Int64): boolean => ids.has(BigInt(id));
  if (!base.snapshots.every((snapshot) => known(snapshot['snapshot-id']))) refuse('Cannot remove snapshots');
  if (BigInt(base['current-snapshot-id']) === BigInt(next['current-snapshot-id'])) return;

  if (table.refusesRows !== undefined) refuse(`Cannot add rows, for ${table.refusesRows}`);
  const [before, after] = [await filesOf(table, base), await filesOf(table, next)];
  if (!isSubset(before.data, after.data)) refuse('Cannot remove or rewrite data files');
  if (!isSubset(before.deletes, after.deletes) || !isSubset(after.deletes, before.deletes))
    refuse('Cannot delete rows');
  for (const [address, { specId }] of after.data) {
    if (before.data.has(address)) continue;
    if (locations.find(address)?.store !== table.store)
      refuse(`Cannot add ${address}, which is not in ${table.store.uri}`);
    if (specId !== next['default-spec-id']) refuse(`Cannot add ${address}, which is of a former partitioning`);
  }
}

/** The files of the current snapshot, read as the database will read them: what it cannot read is refused here. */
async function filesOf(table: DatabaseTable, metadata: IcebergMetadata): Promise<LiveFiles> {
  const reader = new TableReader(table.store, table.prefix);
  try {
    const decoded = decodeMetadata(Buffer.from(encodeIcebergMetadata(metadata)));
    const current = { metadataKey: `${table.prefix}/metadata/new.metadata.json`, metadata: decoded };
    const manifests = await reader.manifests(current, currentSnapshot(decoded));
    reader.toColdSnapshot(current.metadataKey, decoded, manifests);
    return liveFiles(manifests);
  } catch (error) {
    throw forbidden(
      `The database cannot read the new snapshot: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function isSubset(some: ReadonlyMap<string, unknown>, all: ReadonlyMap<string, unknown>): boolean {
  return Array.from(some.keys()).every((key) => all.has(key));
}
