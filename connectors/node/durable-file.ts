import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { nodeErrorCode } from './node-error.ts';

/** Names of unfinished files begin with this; what bears it after a crash is garbage. */
export const TEMPORARY_PREFIX = '.tmp-';

/** Fsyncs a folder, so that creates, renames and removes in it survive a crash. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders and makes renames durable by itself.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and those above it; each new one is durable in its parent. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  let current = path;
  for (;;) {
    const parent = dirname(current);
    await syncFolder(parent);
    if (current === first || parent === current) return;
    current = parent;
  }
}

/**
 * Puts a complete, fsynced file at `path`, or nothing: `fill` writes the content of a temporary file in the same folder, which is then
 * fsynced and renamed (`replace`) or linked (`create`) into place. With `create`, returns false when the name is taken.
 */
export async function placeFile(
  path: string,
  mode: 'replace' | 'create',
  fill: (temporaryPath: string) => Promise<void>,
): Promise<boolean> {
  const folder = dirname(path);
  const temporary = join(folder, TEMPORARY_PREFIX + randomUUID());
  try {
    await fill(temporary);
    const handle = await open(temporary, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (mode === 'replace') {
      await rename(temporary, path);
    } else {
      // Unlike rename, link fails when the name is taken, in one step for all processes.
      try {
        await link(temporary, path);
      } catch (error) {
        if (nodeErrorCode(error) === 'EEXIST') return false;
        throw error;
      }
    }
    await syncFolder(folder);
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}
