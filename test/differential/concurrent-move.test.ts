import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AlopexSide } from './test-support/alopex-side.ts';
import { HookedStorage, type MoveMoment } from './test-support/hooked-storage.ts';
import { PlainDuckDb } from './test-support/plain-duckdb.ts';
import { expectSameRows } from './test-support/same-rows.ts';
import { makeTempFolder, removeFolder } from './test-support/temp-folder.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** 1,200 rows over six months, every 50th without a timestamp. */
const ROWS = `SELECT i AS id, CASE WHEN i % 50 <> 0 THEN TIMESTAMP '2024-01-01' + INTERVAL (i % 180) DAY END AS ts, i * 3 AS n, 'row ' || i AS s FROM range(1200) r(i)`;
const CUTOFF = "ts < TIMESTAMP '2024-04-01'";

/** What is done to the table while a move is under way: to rows that move, to rows that stay, to both, more than once. */
const MEANWHILE: Readonly<Record<string, readonly string[]>> = {
  'updates of rows that move': [
    `UPDATE t SET n = -n WHERE ${CUTOFF} AND id % 7 = 0`,
    `UPDATE t SET n = n - 1, s = s || '!' WHERE ${CUTOFF} AND id % 14 = 0`,
  ],
  'deletes of rows that move and rows that stay': [
    'DELETE FROM t WHERE id % 5 = 0',
    'DELETE FROM t WHERE id BETWEEN 100 AND 130',
  ],
  'a row that is deleted, inserted again and changed': [
    'DELETE FROM t WHERE id = 3',
    "INSERT INTO t VALUES (3, TIMESTAMP '2024-01-04', 1, 'again')",
    'UPDATE t SET n = n + 1 WHERE id = 3',
    "INSERT OR REPLACE INTO t VALUES (3, TIMESTAMP '2024-05-04', 7, 'replaced')",
    "INSERT INTO t VALUES (3, NULL, 2, 'x'), (4, NULL, 2, 'y'), (5000, NULL, 2, 'z') ON CONFLICT DO UPDATE SET n = t.n + excluded.n",
  ],
  'rows that are moved across the cutoff by an update': [
    `UPDATE t SET ts = ts + INTERVAL 6 MONTH WHERE ${CUTOFF} AND id % 3 = 0`,
    "UPDATE t SET ts = TIMESTAMP '2024-01-31' WHERE ts IS NULL",
  ],
  'keys that are changed': ['UPDATE t SET id = id + 10000 WHERE id % 4 = 1', 'UPDATE t SET id = 1 WHERE id = 10001'],
  'a flush in the middle': [
    `UPDATE t SET n = 0 WHERE id % 11 = 0`,
    'CHECKPOINT',
    'DELETE FROM t WHERE id % 22 = 0',
    'CHECKPOINT',
    'UPDATE t SET n = n + 1 WHERE id % 33 = 0',
  ],
  'everything deleted': ['DELETE FROM t'],
  'everything changed': ['UPDATE t SET n = n + 1'],
};

let folder: string;
let storage: HookedStorage;
let alopex: AlopexSide;
let plain: PlainDuckDb;

beforeEach(async () => {
  folder = await makeTempFolder();
  storage = new HookedStorage(`${folder}/warehouse`);
  plain = await PlainDuckDb.open();
  alopex = await AlopexSide.open(`${folder}/data`, { storage });
});

afterEach(async () => {
  await alopex.close();
  plain.close();
  await removeFolder(folder);
});

/** CHECKPOINT means something else to the plain database, and changes no row there either. */
async function both(sql: string): Promise<void> {
  await plain.run(sql);
  await alopex.run(sql);
}

async function expectSameTable(): Promise<void> {
  for (const sql of ['SELECT * FROM t', `SELECT count(*), sum(n) FROM t WHERE ${CUTOFF}`]) {
    expectSameRows(await alopex.rows(sql), await plain.rows(sql), 'none');
  }
  const [counted] = await plain.rows('SELECT count(*) FROM t');
  expect((await alopex.placement('t')).rows).toBe(Number(counted?.[0]));
}

async function createTable(): Promise<void> {
  const create = 'CREATE TABLE t (id BIGINT PRIMARY KEY, ts TIMESTAMP, n BIGINT, s VARCHAR)';
  await plain.run(create);
  await alopex.run(`${create} WITH (sort_by = 'ts', partition_by = 'month(ts)', tier_column = 'ts')`);
  await both(`INSERT INTO t ${ROWS}`);
  await alopex.run('CHECKPOINT');
}

const MOMENTS: readonly MoveMoment[] = ['upload', 'before-commit', 'after-commit'];

describe.each(MOMENTS)('rows changed while they are being moved, at the moment: %s', (moment) => {
  test.each(Object.entries(MEANWHILE))('to cold: %s', async (_name, statements) => {
    await createTable();
    storage.at(moment, async () => {
      for (const sql of statements) await both(sql);
      await expectSameTable();
    });
    await alopex.run(`ALTER TABLE t TIER PARTITION WHERE ${CUTOFF} TO COLD`);
    expect(storage.isWaiting).toBe(false);
    await expectSameTable();
    await alopex.reopen();
    await expectSameTable();
    // What was changed late is now a position delete of its own in the cold table.
    await alopex.run("ALTER TABLE t TIER PARTITION WHERE ts < TIMESTAMP '2024-05-01' TO COLD");
    await expectSameTable();
    await alopex.reopen();
    await expectSameTable();
  });

  // On the way back, an upload is as much before the commit as the moment itself is: one of the two is enough.
  const back = moment === 'before-commit' ? [] : Object.entries(MEANWHILE);
  test.for(back)('back to hot: %s', async ([, statements]) => {
    await createTable();
    await alopex.run('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    await both('DELETE FROM t WHERE id % 9 = 8');
    storage.at(moment, async () => {
      for (const sql of statements) await both(sql);
      await expectSameTable();
    });
    // In the middle of a month, so that files are split.
    await alopex.run("ALTER TABLE t TIER PARTITION WHERE ts < TIMESTAMP '2024-02-20' TO HOT");
    // A move of whole files to hot uploads nothing.
    expect(storage.isWaiting).toBe(false);
    await expectSameTable();
    await alopex.reopen();
    await expectSameTable();
    await alopex.run('ALTER TABLE t TIER PARTITION WHERE true TO HOT');
    await expectSameTable();
  });
});

describe('a move whose commit is not answered', () => {
  test.each(Object.entries(MEANWHILE))(
    'is finished at the next start, with changes made since: %s',
    async (_name, statements) => {
      await createTable();
      storage.at('after-commit', () => Promise.resolve(storage.goDown()));
      await expect(alopex.run(`ALTER TABLE t TIER PARTITION WHERE ${CUTOFF} TO COLD`)).rejects.toMatchObject({
        code: '58030',
      });
      await expectSameTable();
      for (const sql of statements) await both(sql);
      await expectSameTable();
      storage.comeUp();
      await alopex.reopen();
      await expectSameTable();
      expect((await alopex.placement('t')).coldFiles).toBe(3);
      await alopex.reopen();
      await expectSameTable();
    },
  );

  test.each(Object.entries(MEANWHILE).slice(4))(
    'and that had deletes of older cold rows with it: %s',
    async (_name, statements) => {
      await createTable();
      await alopex.run("ALTER TABLE t TIER PARTITION WHERE ts < TIMESTAMP '2024-02-10' TO COLD");
      await both('DELETE FROM t WHERE id % 9 = 8');
      storage.at('after-commit', () => Promise.resolve(storage.goDown()));
      await expect(alopex.run(`ALTER TABLE t TIER PARTITION WHERE ${CUTOFF} TO COLD`)).rejects.toMatchObject({
        code: '58030',
      });
      for (const sql of statements) await both(sql);
      await expectSameTable();
      storage.comeUp();
      await alopex.reopen();
      await expectSameTable();
      await both('UPDATE t SET n = n + 5 WHERE id % 2 = 1');
      await alopex.reopen();
      await expectSameTable();
      await alopex.run('ALTER TABLE t TIER PARTITION WHERE true TO HOT');
      await expectSameTable();
    },
  );

  test.each(Object.entries(MEANWHILE).slice(2, 6))('on the way back to hot: %s', async (_name, statements) => {
    await createTable();
    await alopex.run('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    await both('DELETE FROM t WHERE id % 9 = 8');
    storage.at('after-commit', () => Promise.resolve(storage.goDown()));
    await expect(
      alopex.run("ALTER TABLE t TIER PARTITION WHERE ts < TIMESTAMP '2024-02-20' TO HOT"),
    ).rejects.toMatchObject({ code: '58030' });
    for (const sql of statements) await both(sql);
    await expectSameTable();
    storage.comeUp();
    await alopex.reopen();
    await expectSameTable();
    await alopex.reopen();
    await expectSameTable();
  });

  test('is undone at the next start when it did not happen', async () => {
    await createTable();
    storage.at('before-commit', () => Promise.resolve(storage.goDown()));
    await expect(alopex.run(`ALTER TABLE t TIER PARTITION WHERE ${CUTOFF} TO COLD`)).rejects.toMatchObject({
      code: '58030',
    });
    await both('UPDATE t SET n = n + 1 WHERE id % 2 = 0');
    storage.comeUp();
    await alopex.reopen();
    await expectSameTable();
    expect((await alopex.placement('t')).coldFiles).toBe(0);
    await alopex.run(`ALTER TABLE t TIER PARTITION WHERE ${CUTOFF} TO COLD`);
    await expectSameTable();
    expect((await alopex.placement('t')).coldFiles).toBe(3);
  });
});
