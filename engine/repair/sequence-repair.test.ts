import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { damageFile, findingsOf, portsOf } from '../check/test-support/sample-database.ts';
import { AlopexDB } from '../../index.ts';
import { repairDatabase } from './repair.ts';

async function next(db: AlopexDB): Promise<number> {
  const rows = (await db.query(`SELECT nextval('q')::INTEGER AS v`)).toArray() as { v: number }[];
  return rows[0]?.v ?? 0;
}

test('a sequence of which edits are lost hands out no value again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-'));
  const dataDir = join(folder, 'data');
  try {
    const db = await AlopexDB.open(dataDir);
    await db.execute('CREATE SEQUENCE q');
    await db.execute('CREATE TABLE t (id INTEGER)');
    await db.execute(`INSERT INTO t SELECT nextval('q') FROM range(3000)`);
    await db.close();
    await cp(dataDir, join(folder, 'pristine'), { recursive: true });
    for (const at of [0.7, 0.9, 0.99]) {
      await rm(dataDir, { recursive: true });
      await cp(join(folder, 'pristine'), dataDir, { recursive: true });
      await damageFile(join(dataDir, 'manifest/MANIFEST-000001'), 'flip', at);
      const report = await repairDatabase(portsOf(dataDir), dataDir, { timestamp: '20261123T000000Z' });
      expect(report.items[0]).toMatchObject({ outcome: 'lost' });
      expect((await findingsOf(dataDir)).filter(({ severity }) => severity === 'damage')).toEqual([]);
      const repaired = await AlopexDB.open(dataDir);
      expect(await next(repaired), `damaged at ${at}`).toBeGreaterThan(3000);
      await repaired.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
