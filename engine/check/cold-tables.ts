import { crc32 } from 'node:zlib';
import type { TableState } from '../lsm/state.ts';
import type { ColdStorage, ColdStorageResolver } from '../ports/cold-storage.ts';
import type { ColdSnapshot } from '../ports/cold-table.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { contentProblem } from './data-files.ts';
import type { FindingSink } from './finding.ts';

/** What is read of a remote object at a time. */
const PIECE_BYTES = 8 << 20;

interface ColdCheck {
  readonly fileSystem: FileSystem;
  readonly storage: ColdStorageResolver;
  readonly onFinding: FindingSink;
  readonly onFile: (file: string) => void;
}

/**
 * Checks the cold table behind a table: pointer, metadata, manifest list and manifests against each other, then each data and delete file of the current snapshot, byte by byte where
 * this database wrote it and knows its checksum. Objects under the table's data folder that neither the snapshot nor the manifest names are told as warnings.
 */
export async function checkColdTable(check: ColdCheck, table: TableState): Promise<void> {
  const { onFinding, onFile, storage } = check;
  const found = await load(storage, table);
  if (typeof found === 'string') {
    const file = `${table.options.coldStorage ?? 'warehouse'}/${table.coldPrefix}`;
    onFinding({ severity: 'damage', kind: 'cold table', file, problem: found });
    return;
  }
  const { snapshot, store } = found;
  const checksums = new Map(table.cold?.checksums);
  const named = [...snapshot.dataFiles, ...snapshot.deleteFiles];
  for (const { key, sizeBytes } of named) {
    const file = `${store.uri}/${key}`;
    onFile(file);
    const problem = await objectProblem(check.fileSystem, store, key, { sizeBytes, crc32: checksums.get(key) });
    if (problem !== undefined) onFinding({ severity: 'damage', kind: 'cold file', file, problem });
  }
  const known = new Set([...named.map(({ key }) => key), ...checksums.keys()]);
  for await (const { key } of store.list(`${table.coldPrefix}/data/`)) {
    if (known.has(key)) continue;
    const problem = 'neither the current snapshot nor the manifest names it';
    onFinding({ severity: 'warning', kind: 'unknown file', file: `${store.uri}/${key}`, problem });
  }
}

/** The current snapshot, or what is wrong with the metadata. */
async function load(
  storage: ColdStorageResolver,
  table: TableState,
): Promise<{ readonly snapshot: ColdSnapshot; readonly store: ObjectStore } | string> {
  try {
    const { store, catalog }: ColdStorage = storage.open(table.options.coldStorage);
    const cold = catalog.table(table.coldPrefix);
    const snapshot = await cold.load();
    if (snapshot === undefined) return `the cold table of "${table.name}" is missing`;
    const known = table.cold?.snapshotId;
    if (known !== undefined && known !== snapshot.snapshotId) {
      const history = await cold.snapshots();
      if (!history.some(({ snapshotId }) => snapshotId === known)) return `it has lost snapshot ${known}`;
    }
    return { snapshot, store };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function objectProblem(
  fileSystem: FileSystem,
  store: ObjectStore,
  key: string,
  expected: { readonly sizeBytes: number; readonly crc32: number | undefined },
): Promise<string | undefined> {
  const path = store.localPath(key);
  if (path !== undefined) return contentProblem(fileSystem, path, expected);
  try {
    const info = await store.head(key);
    if (info === undefined) return 'it is missing';
    if (info.sizeBytes !== expected.sizeBytes) return `it has ${info.sizeBytes} bytes, not ${expected.sizeBytes}`;
    if (expected.crc32 === undefined) return undefined;
    let checksum = 0;
    for (let at = 0; at < info.sizeBytes; at += PIECE_BYTES) {
      checksum = crc32(await store.getRange(key, at, Math.min(PIECE_BYTES, info.sizeBytes - at)), checksum);
    }
    return checksum === expected.crc32 ? undefined : 'its checksum is wrong';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
