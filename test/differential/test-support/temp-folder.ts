import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder below the system's folder for temporary files. */
export function makeTempFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'alopex-differential-'));
}

export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
