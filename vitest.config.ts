import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**'],
    // Databases and child processes on a loaded machine; no test waits for time to pass.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Much of the time is spent waiting for disks and child processes.
    maxWorkers: 3,
  },
});
