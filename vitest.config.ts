import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**'],
    // Databases and child processes on a loaded machine; no test waits for time to pass.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
