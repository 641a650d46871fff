import { existsSync, statfsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** A folder in memory, where the machine has a large one: a third of the time would go into fsyncs, which prove nothing here. `npm run faults:system` and the benchmarks use the disk. */
const MEMORY_FOLDER = '/dev/shm';
const NEEDED_BYTES = 4 * 1024 ** 3;

function temporaryFolder(): Record<string, string> {
  if (process.env['TMPDIR'] !== undefined || !existsSync(MEMORY_FOLDER)) return {};
  const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
  return bavail * bsize < NEEDED_BYTES ? {} : { TMPDIR: MEMORY_FOLDER };
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**'],
    // Databases and child processes on a loaded machine; no test waits for time to pass.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Much of the time is spent waiting for disks and child processes.
    maxWorkers: 3,
    env: temporaryFolder(),
  },
});
