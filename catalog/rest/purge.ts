import { decodeAvroFile } from '../avro-file.ts';
import type { Locations } from './locations.ts';
import { isMetadataName } from './metadata-files.ts';
import type { JsonObject } from './model/fields.ts';
import type { LoadedTable } from './table-log.ts';
import { badRequest } from './rest-error.ts';

const PARALLEL_READS = 8;

/** Addresses of all files that a table's metadata leads to, those of its metadata last. Files of former metadata alone are not among them. */
export async function filesOfTable({ address, metadata }: LoadedTable, locations: Locations): Promise<string[]> {
  const lists = strings(metadata.snapshots.map((snapshot) => snapshot['manifest-list']));
  const manifests = new Set(metadata.snapshots.flatMap((snapshot) => strings(asList(snapshot['manifests']))));
  for (const records of await readAll(lists, locations)) {
    for (const record of records) for (const path of strings([record['manifest_path']])) manifests.add(path);
  }
  const files = new Set<string>();
  for (const records of await readAll([...manifests], locations)) {
    for (const record of records) {
      for (const path of strings([(record['data_file'] as JsonObject | undefined)?.['file_path']])) files.add(path);
    }
  }
  const statistics = [...metadata.statistics, ...metadata['partition-statistics']];
  return [
    ...files,
    ...strings(statistics.map((file) => file['statistics-path'])),
    ...manifests,
    ...lists,
    ...metadata['metadata-log'].map((entry) => entry['metadata-file']).filter(isMetadataName),
    address,
  ];
}

/** Throws 400 when the table says that its files are not its own. */
export function checkPurge({ metadata }: LoadedTable): void {
  if (metadata.properties['gc.enabled']?.toLowerCase() === 'false') {
    throw badRequest('Cannot purge table: GC is disabled (deleting files may corrupt other tables)');
  }
}

/** Deletes files that are in one of the places; others stay. */
export async function deleteFiles(addresses: readonly string[], locations: Locations): Promise<void> {
  const byStore = Map.groupBy(
    addresses.flatMap((address) => locations.find(address) ?? []),
    ({ store }) => store,
  );
  for (const [store, group] of byStore) await store.delete(group.map(({ key }) => key));
}

/** Records of Avro files. What is not there has nothing to delete behind it. */
async function readAll(addresses: readonly string[], locations: Locations): Promise<JsonObject[][]> {
  const all: JsonObject[][] = [];
  for (let at = 0; at < addresses.length; at += PARALLEL_READS) {
    const some = addresses.slice(at, at + PARALLEL_READS).map(async (address) => {
      const found = locations.find(address);
      const bytes = await found?.store.get(found.key);
      return bytes === undefined ? [] : ([...decodeAvroFile(bytes).records] as JsonObject[]);
    });
    all.push(...(await Promise.all(some)));
  }
  return all;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function strings(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string');
}
