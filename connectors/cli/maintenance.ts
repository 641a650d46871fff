import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import type { ColdStorageResolver } from '../../engine/ports/cold-storage.ts';
import type { FileSystem } from '../../engine/ports/file-system.ts';
import type { KernelConnection } from '../../engine/ports/kernel.ts';

/** A data directory that is held, but not opened: it may be damaged. */
export interface HeldDirectory {
  readonly dataDir: string;
  readonly fileSystem: FileSystem;
  readonly storage: ColdStorageResolver;
  readonly connection: KernelConnection;
  close(): Promise<void>;
}

/** Takes the lock of a data directory. Throws `58P01` when there is none, `55006` when a process has it open. The machinery is loaded when needed. */
export async function holdDirectory(path: string): Promise<HeldDirectory> {
  const dataDir = resolve(path);
  await mustExist(dataDir);
  const { DirectoryLock } = await import('../node/directory-lock.ts');
  const { NodeFileSystem } = await import('../node/node-file-system.ts');
  const { SystemClock } = await import('../node/system-clock.ts');
  const { SystemRandom } = await import('../node/system-random.ts');
  const { ColdStorages } = await import('../store/cold-storage.ts');
  const { DuckDbKernel } = await import('../../engine/kernel/duckdb-kernel.ts');
  const lock = await DirectoryLock.acquire(dataDir);
  const kernel = await DuckDbKernel.open({ tempFolder: `${dataDir}/tmp/spill`, threads: 1 });
  const ports = { clock: new SystemClock(), random: new SystemRandom() };
  const storage = new ColdStorages(`${dataDir}/warehouse`, ports);
  return {
    dataDir,
    fileSystem: new NodeFileSystem(),
    storage,
    connection: await kernel.connect(),
    async close() {
      kernel.close();
      await storage.close();
      await lock.release();
    },
  };
}

async function mustExist(dataDir: string): Promise<void> {
  try {
    if ((await stat(dataDir)).isDirectory()) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  throw new AlopexError(SqlState.undefinedFile, `there is no directory ${dataDir}`, {
    hint: 'Name the directory of the database with --data-dir.',
  });
}
