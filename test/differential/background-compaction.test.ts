import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AlopexSide } from './test-support/alopex-side.ts';
import { HookedFiles } from './test-support/hooked-files.ts';
import { PlainDuckDb } from './test-support/plain-duckdb.ts';
import { expectSameRows } from './test-support/same-rows.ts';
import { makeTempFolder, removeFolder } from './test-support/temp-folder.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const LIMITS = { largeRows: 20, segmentBytes: 40_000, mergeSegments: 2 };
const TABLE = 'CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT)';

let folder: string;
let files: HookedFiles;
let alopex: AlopexSide | undefined;

beforeEach(async () => {
  folder = await makeTempFolder();
  files = new HookedFiles();
});

afterEach(async () => {
  await alopex?.close();
  await removeFolder(folder);
});

async function open(limits: object = LIMITS): Promise<AlopexSide> {
  alopex = await AlopexSide.open(`${folder}/data`, { fileSystem: files, limits });
  return alopex;
}

const insert = (part: number): string => `INSERT INTO t SELECT i, i FROM range(${part * 30}, ${part * 30 + 30}) r(i)`;

test('many small segments become few, with the same rows', async () => {
  const db = await open();
  const plain = await PlainDuckDb.open();
  const both = async (sql: string): Promise<void> => {
    await plain.run(sql);
    await db.run(sql);
  };
  try {
    await both(TABLE);
    for (let part = 0; part < 40; part++) {
      await both(insert(part));
      if (part % 5 === 4) await both(`UPDATE t SET n = n + 1 WHERE id % 7 = ${part % 7}`);
      if (part % 8 === 7) await both(`DELETE FROM t WHERE id % 13 = ${part % 13} AND id > ${part * 20}`);
    }
    await vi.waitFor(async () => expect((await db.placement('t')).hotFiles).toBeLessThan(12), { timeout: 20_000 });
    const rows = await plain.rows('SELECT * FROM t');
    expectSameRows(await db.rows('SELECT * FROM t'), rows, 'none');
    await db.reopen();
    expectSameRows(await db.rows('SELECT * FROM t'), rows, 'none');
  } finally {
    plain.close();
  }
});

test('closing ends a compaction, of which nothing is left', async () => {
  const db = await open();
  await db.run(TABLE);
  let reached: () => void = () => undefined;
  const isCompacting = new Promise<void>((resolve) => (reached = resolve));
  let goOn: () => void = () => undefined;
  const closing = new Promise<void>((resolve) => (goOn = resolve));
  files.at('written', () => {
    reached();
    return closing;
  });
  for (let part = 0; part < 4; part++) await db.run(insert(part));
  await isCompacting;
  const closed = db.close();
  goOn();
  await closed;
  const reopened = await open({ ...LIMITS, mergeSegments: 0 });
  expect(await reopened.rows('SELECT count(*), sum(id) FROM t')).toEqual([[120n, 7140n]]);
  expect(await readdir(`${folder}/data/tmp`)).toEqual([]);
  expect(await readdir(`${folder}/data/segments/1`)).toHaveLength((await reopened.placement('t')).hotFiles);
});

test('at the greatest number of segments a statement is refused, until there are fewer', async () => {
  const db = await open({ ...LIMITS, mergeSegments: 0, maxSegments: 3 });
  await db.run(TABLE);
  for (let part = 0; part < 3; part++) await db.run(insert(part));
  await expect(db.run(insert(3))).rejects.toMatchObject({ code: '53400', hint: expect.stringContaining('VACUUM t') });
  await db.run('INSERT INTO t VALUES (-1, 0)');
  await db.run('VACUUM t');
  await db.run(insert(3));
  expect(await db.rows('SELECT count(*) FROM t')).toEqual([[121n]]);
});
