import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';
import { findingsOf } from './test-support/sample-database.ts';

test('no commit is missed where a transaction that defines something has ended, however others committed meanwhile', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'alopex-check-'));
  try {
    const db = await AlopexDB.open(dataDir);
    await db.execute('CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1), (2)');
    const connection = await db.connect();
    for (const [round, end] of ['ROLLBACK', 'COMMIT', 'COMMIT', 'ROLLBACK', 'COMMIT'].entries()) {
      await connection.execute(`BEGIN; CREATE TABLE u${round} AS FROM t; DELETE FROM t WHERE id = ${round}`);
      for (let put = 0; put < (round % 3) * 4; put++) await db.kv.put(`k${put}`, 'v');
      await connection.execute(
        `ALTER TABLE t ADD COLUMN c${round} INTEGER; SAVEPOINT s; DROP TABLE u${round}; ROLLBACK TO s`,
      );
      await connection.execute(`CREATE VIEW v${round} AS FROM u${round}; ${end}`);
      await db.kv.put('last', end);
      await db.execute(`INSERT INTO t (id) VALUES (${10 + round})`);
    }
    await connection.close();
    await db.close();
    expect(await findingsOf(dataDir)).toEqual([]);
    const again = await AlopexDB.open(dataDir);
    expect((await again.query('FROM t')).numRows).toBe(5);
    await again.close();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
