import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AlopexDB } from '../index.ts';

test('flushes and compactions of keys and tables are counted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-metrics-'));
  const db = await AlopexDB.open(folder);
  try {
    expect(db.metrics()).toMatchObject({ keys: { flushes: 0 }, tables: { compactions: 0, stalls: 0 } });
    await db.execute('CREATE TABLE t (a INTEGER)');
    for (let round = 0; round < 3; round++) {
      await db.kv.put(`key ${round}`, 'value');
      await db.execute('INSERT INTO t VALUES (1); CHECKPOINT');
    }
    await db.execute('VACUUM t');
    expect(db.metrics()).toMatchObject({
      keys: { flushes: 3, stalls: 0 },
      tables: { compactions: 1, inputSegments: 3, outputSegments: 1 },
    });
  } finally {
    await db.close();
    await rm(folder, { recursive: true });
  }
});
