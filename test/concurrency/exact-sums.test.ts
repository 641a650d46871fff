import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exactSums } from './exact-sums.ts';

test('sixteen readers see exact sums while rows change, move and are merged', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-sums-'));
  try {
    const { wrong, reads, transfers, rearrangements } = await exactSums(join(folder, 'data'), 6_000, 1);
    expect(wrong).toEqual([]);
    expect(Math.min(reads, transfers, rearrangements)).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
