import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeErrorCode } from '../../connectors/node/node-error.ts';

const BYTES_PER_BLOCK = 512;

/** Bytes that the files of a folder take on the disk, holes not counted. */
export async function folderBytes(folder: string): Promise<number> {
  let sizeBytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    try {
      sizeBytes += (await stat(join(entry.parentPath, entry.name))).blocks * BYTES_PER_BLOCK;
    } catch (error) {
      if (nodeErrorCode(error) !== 'ENOENT') throw error; // A compaction has removed it since.
    }
  }
  return sizeBytes;
}

/** Files of a folder by the ending of their names. */
export async function filesByEnding(folder: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const ending = /\.[^.]*$/.exec(entry.name)?.[0] ?? '(none)';
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  return counts;
}

/** Bytes that this process and its threads have handed to `write` so far; `undefined` where the system does not count them. */
export function writtenBytes(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const wchar = /^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1];
  return wchar === undefined ? undefined : Number(wchar);
}
