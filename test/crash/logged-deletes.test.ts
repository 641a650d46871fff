import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-crash-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('deletes that the log alone holds are flushed before it is trimmed, also when no row is with them', async () => {
  const first = await AlopexDB.open(folder);
  await first.execute('CREATE TABLE t AS SELECT i::BIGINT AS id FROM range(10) AS r(i); CHECKPOINT');
  await first.execute('DELETE FROM t WHERE id < 4');
  await first.close();
  const second = await AlopexDB.open(folder);
  await second.execute('CHECKPOINT');
  await second.close();
  const third = await AlopexDB.open(folder);
  const [row] = await third.query('SELECT count(*)::INTEGER AS n FROM t');
  await third.close();
  expect(row?.toJSON()).toEqual({ n: 6 });
});
