import { defineConfig } from 'vitest/config';

/** Suites that need servers, which `run.sh` installs. */
export default defineConfig({
  test: { include: ['test/interop/stores/*.interop.ts'], testTimeout: 240_000, hookTimeout: 240_000, maxWorkers: 2 },
});
