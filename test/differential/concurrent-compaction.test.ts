import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AlopexSide } from './test-support/alopex-side.ts';
import { HookedFiles, type CompactionMoment } from './test-support/hooked-files.ts';
import { PlainDuckDb } from './test-support/plain-duckdb.ts';
import { expectSameRows } from './test-support/same-rows.ts';
import { makeTempFolder, removeFolder } from './test-support/temp-folder.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Segments of a few kilobytes, so that a compaction makes several; nothing in the background. */
const LIMITS = { segmentBytes: 8_000, mergeSegments: 0 };

/** What is done to the table while a compaction is under way. */
const MEANWHILE: Readonly<Record<string, readonly string[]>> = {
  'updates, twice': ['UPDATE t SET n = -n WHERE id % 7 = 0', "UPDATE t SET n = n - 1, s = s || '!' WHERE id % 14 = 0"],
  deletes: ['DELETE FROM t WHERE id % 5 = 0', 'DELETE FROM t WHERE id BETWEEN 100 AND 130'],
  'a row that is deleted, inserted again and replaced': [
    'DELETE FROM t WHERE id = 3',
    "INSERT INTO t VALUES (3, TIMESTAMP '2024-01-04', 1, 'again')",
    "INSERT OR REPLACE INTO t VALUES (3, NULL, 7, 'replaced')",
    "INSERT INTO t VALUES (3, NULL, 2, 'x'), (4, NULL, 2, 'y'), (5000, NULL, 2, 'z') ON CONFLICT DO UPDATE SET n = t.n + excluded.n",
  ],
  'a flush in the middle': [
    'UPDATE t SET n = 0 WHERE id % 11 = 0',
    'CHECKPOINT',
    'DELETE FROM t WHERE id % 22 = 0',
    'CHECKPOINT',
    'UPDATE t SET n = n + 1 WHERE id % 33 = 0',
  ],
  'more flushes than there may be delete files': Array.from({ length: 10 }, (_, index) => [
    `DELETE FROM t WHERE id % 40 = ${index}`,
    'CHECKPOINT',
  ]).flat(),
  'everything deleted': ['DELETE FROM t'],
  'everything changed': ['UPDATE t SET n = n + 1'],
};

let folder: string;
let files: HookedFiles;
let alopex: AlopexSide;
let plain: PlainDuckDb;

beforeEach(async () => {
  folder = await makeTempFolder();
  files = new HookedFiles();
  plain = await PlainDuckDb.open();
  alopex = await AlopexSide.open(`${folder}/data`, { fileSystem: files, limits: LIMITS });
});

afterEach(async () => {
  await alopex.close();
  plain.close();
  await removeFolder(folder);
});

async function both(sql: string): Promise<void> {
  await plain.run(sql);
  await alopex.run(sql);
}

async function expectSameTable(): Promise<void> {
  for (const sql of [
    'SELECT * FROM t',
    "SELECT count(*), sum(n) FROM t WHERE ts < TIMESTAMP '2024-03-01'",
    'SELECT * FROM t WHERE id = 3 OR id = 700',
    'SELECT count(*) FROM t WHERE ts IS NULL',
  ]) {
    expectSameRows(await alopex.rows(sql), await plain.rows(sql), 'none');
  }
  const [counted] = await plain.rows('SELECT count(*) FROM t');
  expect((await alopex.placement('t')).rows).toBe(Number(counted?.[0]));
}

/** 1,200 rows in four segments, some of them deleted, every 50th without a sort key. */
async function createTable(options: string): Promise<void> {
  const create = 'CREATE TABLE t (id BIGINT PRIMARY KEY, ts TIMESTAMP, n BIGINT, s VARCHAR)';
  await plain.run(create);
  await alopex.run(`${create}${options}`);
  for (const part of [0, 1, 2, 3]) {
    await both(
      `INSERT INTO t SELECT i, CASE WHEN i % 50 <> 0 THEN TIMESTAMP '2024-01-01' + INTERVAL (i * 7 % 180) DAY END, i * 3, 'row ' || i FROM range(${part * 300}, ${part * 300 + 300}) r(i)`,
    );
    await both(`DELETE FROM t WHERE id % 23 = ${part}`);
    await alopex.run('CHECKPOINT');
  }
}

async function filesBelow(name: string): Promise<number> {
  return (await readdir(`${folder}/data/${name}/1`)).length;
}

const SORTED = " WITH (sort_by = 'ts', partition_by = 'month(ts)', tier_column = 'ts')";
const MOMENTS: readonly CompactionMoment[] = ['before-reading', 'written'];

/** All of it at the moment at which most can go wrong; some of it also before, and without a sort order. */
const CASES = Object.entries(MEANWHILE).flatMap(([name, statements], index) => [
  { name, statements, moment: 'written' as const, order: 'sorted', options: SORTED },
  ...(index % 3 === 1
    ? [{ name, statements, moment: 'before-reading' as const, order: 'sorted', options: SORTED }]
    : []),
  ...(index % 3 === 0 ? [{ name, statements, moment: 'written' as const, order: 'as they came', options: '' }] : []),
]);

describe('rows changed while they are compacted', () => {
  test.each(CASES)('$moment: $name ($order)', async ({ moment, options, statements }) => {
    await createTable(options);
    files.at(moment, async () => {
      for (const sql of statements) await both(sql);
      await expectSameTable();
    });
    await alopex.run('VACUUM t');
    expect(files.isWaiting).toBe(false);
    await expectSameTable();
    await alopex.reopen();
    await expectSameTable();
    await both('UPDATE t SET n = n + 5 WHERE id % 3 = 1');
    await alopex.run('VACUUM t');
    await expectSameTable();
    expect(await alopex.rows('SELECT count(*) FROM alopex.segments WHERE deleted_rows > 0')).toEqual([[0n]]);
    const { hotFiles } = await alopex.placement('t');
    await vi.waitFor(async () => {
      expect(await filesBelow('segments')).toBe(hotFiles);
      expect(await filesBelow('deletes')).toBe(0);
    });
    await alopex.reopen();
    await expectSameTable();
  });
});

describe('what a compaction makes', () => {
  test('segments of the table are cut by the sort order, so that a range is in few of them', async () => {
    await createTable(SORTED);
    await alopex.run('VACUUM t');
    const { hotFiles } = await alopex.placement('t');
    expect(hotFiles).toBeGreaterThan(2);
    const query = "SELECT count(*) FROM t WHERE ts BETWEEN TIMESTAMP '2024-02-01' AND TIMESTAMP '2024-02-02'";
    const { scans } = await alopex.answer(query);
    expect(scans[0]?.hot).toMatchObject({ filesRead: 1, filesPruned: hotFiles - 1 });
    await expectSameTable();
  });

  test.each([
    ['VARCHAR', "'k' || (i * 7919 % 1000)"],
    ['DOUBLE', "CASE WHEN i % 9 = 0 THEN 'nan'::DOUBLE ELSE i * 7919 % 1000 / 3 END"],
    ['TIMESTAMP WITH TIME ZONE', "TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (i * 7919 % 1000) MINUTE"],
    ['BLOB', "encode('k' || (i * 7919 % 1000))"],
    ['INTEGER', '1'],
  ])('a sort order by %s', async (type, value) => {
    const create = `CREATE TABLE t (k ${type}, id BIGINT, n BIGINT, s VARCHAR, ts TIMESTAMP)`;
    await plain.run(create);
    await alopex.run(`${create} WITH (sort_by = 'k')`);
    for (const from of [0, 400, 800]) {
      await both(`INSERT INTO t SELECT ${value}, i, i, 'row ' || i, NULL FROM range(${from}, ${from + 400}) r(i)`);
      await both(`INSERT INTO t VALUES (NULL, ${from}, 0, 'null', NULL)`);
      await both(`DELETE FROM t WHERE id % 11 = 3`);
      await alopex.run('CHECKPOINT');
    }
    await alopex.run('VACUUM t');
    await expectSameTable();
  });

  test('columns that were added and dropped since', async () => {
    await createTable(SORTED);
    await both('ALTER TABLE t ADD COLUMN extra INTEGER');
    await both('UPDATE t SET extra = n WHERE id % 4 = 0');
    await both('ALTER TABLE t DROP COLUMN s');
    await alopex.run('VACUUM');
    await expectSameTable();
    expect(await alopex.rows('SELECT DISTINCT schema_id FROM alopex.segments')).toEqual([[2]]);
  });
});

describe('others meanwhile', () => {
  test('a reader of the version before goes on, and then the files vanish', async () => {
    await createTable(SORTED);
    const before = await filesBelow('segments');
    const whole = await plain.rows('SELECT * FROM t');
    const seen: unknown[] = [];
    for await (const row of alopex.stream('SELECT * FROM t')) {
      if (seen.length === 0) {
        await alopex.run('DELETE FROM t WHERE id > 10');
        await alopex.run('VACUUM t');
        expect(await filesBelow('segments')).toBe(before + 1);
      }
      seen.push(row);
    }
    expect(seen).toHaveLength(whole.length);
    await vi.waitFor(async () => expect(await filesBelow('segments')).toBe(1));
  });

  test.each(MOMENTS)('the table is dropped: %s', async (moment) => {
    await createTable(SORTED);
    files.at(moment, () => alopex.run('DROP TABLE t').then(() => undefined));
    await alopex.run('VACUUM t');
    await vi.waitFor(async () => expect(await readdir(`${folder}/data/segments`)).toEqual([]));
    expect(await readdir(`${folder}/data/tmp`)).toEqual([]);
    await alopex.reopen();
    expect(await alopex.rows('SELECT name FROM alopex.tables')).toEqual([]);
  });

  test.each(MOMENTS)('columns and the name of the table change: %s', async (moment) => {
    await createTable(SORTED);
    files.at(moment, async () => {
      await both('ALTER TABLE t ADD COLUMN extra INTEGER');
      await both('UPDATE t SET extra = n WHERE id % 4 = 0');
      await both('ALTER TABLE t RENAME COLUMN s TO renamed');
      await both('ALTER TABLE t DROP COLUMN renamed');
      await both('ALTER TABLE t RENAME TO u');
    });
    await alopex.run('VACUUM t');
    await both('ALTER TABLE u RENAME TO t');
    await expectSameTable();
    await alopex.reopen();
    await expectSameTable();
  });

  test('a move between tiers waits until the compaction is done', async () => {
    await createTable(SORTED);
    let move: Promise<unknown> = Promise.resolve();
    files.at('written', () => {
      move = alopex.run("ALTER TABLE t TIER PARTITION WHERE ts < TIMESTAMP '2024-03-01' TO COLD");
      return both('DELETE FROM t WHERE id % 6 = 1');
    });
    await alopex.run('VACUUM t');
    await move;
    await expectSameTable();
    expect((await alopex.placement('t')).coldFiles).toBe(2);
    await alopex.reopen();
    await expectSameTable();
  });

  test('a compaction that fails leaves all as it was', async () => {
    await createTable(SORTED);
    const before = await filesBelow('segments');
    files.at('written', async () => {
      await both('DELETE FROM t WHERE id % 6 = 1');
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    });
    await expect(alopex.run('VACUUM t')).rejects.toMatchObject({ code: '53100' });
    expect(await filesBelow('segments')).toBe(before);
    expect(await readdir(`${folder}/data/tmp`)).toEqual([]);
    await expectSameTable();
    await alopex.run('VACUUM t');
    await expectSameTable();
  });
});
