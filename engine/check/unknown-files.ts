import { kvSegmentName } from '../kv/segment-state.ts';
import type { ManifestState } from '../lsm/state.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { segmentName } from '../table/data-file.ts';
import { namedFiles } from './data-files.ts';
import { LOG_NAME } from './log-reading.ts';

/** Where copies go that a repair makes; see `engine/repair`. */
export const LOST_FOLDER = /^lost-/;

/** Names in a data directory. */
const KNOWN = new Set(['manifest', 'log', 'segments', 'deletes', 'history', 'kv', 'warehouse', 'cache', 'tmp']);

/** Paths, below the data directory, of files that nothing names. Those in folders of data are removed by the next open. */
export async function unknownFiles(
  fileSystem: FileSystem,
  dataDir: string,
  state: ManifestState,
  manifestName: string | undefined,
): Promise<{ readonly data: readonly string[]; readonly other: readonly string[] }> {
  const known = new Set([...namedFiles(state)].map((file) => file.name));
  for (const { fileId } of state.kv.segments) known.add(kvSegmentName(fileId));
  for (const { tableId, prepared } of state.jobs.values()) {
    for (const { fileId } of prepared?.addSegments ?? []) known.add(segmentName(tableId, fileId));
  }
  const data: string[] = [];
  for (const kind of ['segments', 'deletes', 'history']) {
    for (const folder of await fileSystem.list(`${dataDir}/${kind}`)) {
      const files = await fileSystem.list(`${dataDir}/${kind}/${folder}`);
      data.push(...files.map((file) => `${kind}/${folder}/${file}`));
    }
  }
  data.push(...(await fileSystem.list(`${dataDir}/kv`)).map((file) => `kv/${file}`));
  const other = (await fileSystem.list(`${dataDir}/manifest`))
    .filter((name) => name !== 'CURRENT' && name !== manifestName)
    .map((name) => `manifest/${name}`);
  other.push(
    ...(await fileSystem.list(`${dataDir}/log`)).filter((name) => !LOG_NAME.test(name)).map((name) => `log/${name}`),
    ...(await fileSystem.list(dataDir)).filter(
      (name) => !KNOWN.has(name) && !name.startsWith('LOCK') && !LOST_FOLDER.test(name),
    ),
  );
  return { data: data.filter((name) => !known.has(name)), other };
}
