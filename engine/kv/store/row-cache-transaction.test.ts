import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AlopexDB } from '../../../index.ts';

test('what a transaction has not written itself is not remembered as absent', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-row-cache-'));
  const db = await AlopexDB.open(folder, { threads: 1 });
  try {
    await db.kv.put('in a segment', 'value');
    await db.kv.flush();
    const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();
    await db.transaction(async (tx) => {
      expect(text(await tx.kv.get('in a segment'))).toBe('value');
      expect(await tx.kv.get('nowhere')).toBeUndefined();
    });
    expect(text(await db.kv.get('in a segment'))).toBe('value');
  } finally {
    await db.close();
    await rm(folder, { recursive: true, force: true });
  }
});
