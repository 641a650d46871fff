import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  damageFile,
  fileLike,
  filesOf,
  findingsOf,
  portsOf,
  readContents,
  SampleDatabase,
  type Contents,
} from '../check/test-support/sample-database.ts';
import { NodeFileSystem } from '../../connectors/node/node-file-system.ts';
import { readManifest } from '../check/manifest-reading.ts';
import { writeManifest } from '../lsm/manifest.ts';
import { AlopexDB } from '../../index.ts';
import { repairDatabase, type RepairOptions, type RepairReport } from './repair.ts';

let sample: SampleDatabase;
beforeAll(async () => {
  sample = await SampleDatabase.make();
});
afterAll(() => sample.remove());

function repair(dataDir: string, options: Partial<RepairOptions> = {}): Promise<RepairReport> {
  return repairDatabase(portsOf(dataDir), dataDir, { timestamp: '20261123T000000Z', ...options });
}

/** Damage, then a repair, after which the database is sound; the copies hold the damaged file as it was. */
async function repairAfter(file: string, damage: (path: string) => Promise<void>): Promise<RepairReport> {
  const dataDir = join(sample.folder, 'data');
  await damage(join(dataDir, file));
  const damaged = await readFile(join(dataDir, file)).catch(() => undefined);
  const report = await repair(dataDir);
  if (damaged !== undefined && report.lostFolder !== undefined) {
    expect(await readFile(join(dataDir, report.lostFolder, file))).toEqual(damaged);
  }
  expect(await findingsOf(dataDir)).toEqual([]);
  return report;
}

const lostKeys = (contents: Contents): string[] => [...sample.contents.keys()].filter((key) => !contents.has(key));

/** What is there is as it was. */
function expectSame(contents: Contents): void {
  for (const [key, value] of contents) expect(`${key}=${value}`).toBe(`${key}=${sample.contents.get(key)}`);
}

test('a sound database is left as it is', async () => {
  const dataDir = await sample.restore();
  expect(await repair(dataDir)).toEqual({ items: [], lostFolder: undefined, hasLoss: false });
  expect((await filesOf(dataDir)).filter((file) => file.startsWith('lost-'))).toEqual([]);
});

describe('a hot segment', () => {
  test.each(['flip', 'cut', 'remove'] as const)('%s: its rows are lost, and no others', async (damage) => {
    const dataDir = await sample.restore();
    const file = await fileLike(dataDir, /^segments\/2/);
    const report = await repairAfter(file, (path) => damageFile(path, damage, 0.5));
    expect(report.items).toMatchObject([{ outcome: 'lost', file }]);
    expect(report.items[0]?.action).toContain('100 rows of table "u" are lost');
    expect(report.hasLoss).toBe(true);
    const contents = await readContents(dataDir);
    expectSame(contents);
    expect(lostKeys(contents).sort()).toEqual(Array.from({ length: 100 }, (_, id) => `u/${id}`).sort());
  });
});

describe('a delete file', () => {
  test('is left without leave to bring rows back', async () => {
    const dataDir = await sample.restore();
    const file = await fileLike(dataDir, /^deletes/);
    await damageFile(join(dataDir, file), 'flip', 0.5);
    const report = await repair(dataDir);
    expect(report).toMatchObject({ items: [{ outcome: 'left', file }], lostFolder: undefined, hasLoss: true });
    await expect(AlopexDB.open(dataDir)).rejects.toMatchObject({ code: 'XX001' });
  });

  test('is dropped with it', async () => {
    const dataDir = await sample.restore();
    const file = await fileLike(dataDir, /^deletes/);
    await damageFile(join(dataDir, file), 'flip', 0.5);
    const report = await repair(dataDir, { acceptResurrectedRows: true });
    expect(report).toMatchObject({ items: [{ outcome: 'lost', file }], hasLoss: true });
    expect(report.items[0]?.action).toContain('are there again');
    expect(await findingsOf(dataDir)).toEqual([]);
    const db = await AlopexDB.open(dataDir);
    const rows = (await db.query('SELECT s FROM t WHERE id IN (7, 90) ORDER BY id, s')).toArray() as { s: string }[];
    await db.close();
    expect(rows.map(({ s }) => s)).toEqual(['new', 'old7', 'new', 'old90']);
  });
});

describe('a key-value segment', () => {
  test('of which one block is damaged loses the keys of that block', async () => {
    const dataDir = await sample.restore();
    const file = await fileLike(dataDir, /^kv/);
    const report = await repairAfter(file, (path) => damageFile(path, 'flip', 0.4));
    expect(report.items).toMatchObject([{ outcome: 'lost', file }]);
    const contents = await readContents(dataDir);
    expectSame(contents);
    const lost = lostKeys(contents).sort();
    expect(lost.length).toBeGreaterThan(10);
    expect(lost.length).toBeLessThan(400);
    const all = [...sample.contents.keys()].filter((key) => key.startsWith('default/')).sort();
    const first = all.indexOf(lost[0] ?? '');
    expect(all.slice(first, first + lost.length)).toEqual(lost);
    // The report names the range that they are in.
    const [, from, to] = /default:(\S+) … default:(\S+?)(?:,|$)/.exec(report.items[0]?.action ?? '') ?? [];
    expect(lost.every((key) => key >= `default/${from}` && key <= `default/${to}`)).toBe(true);
  });

  test('of which filter or footer is damaged is written again', async () => {
    for (const fromEnd of [1, 12, 30, 80, 300]) {
      const dataDir = await sample.restore();
      const file = await fileLike(dataDir, /^kv/);
      const filterAt = (bytes: Buffer): number => (fromEnd === 300 ? bytes.readUInt32LE(bytes.length - 80) + 5 : 0);
      const report = await repairAfter(file, async (path) => {
        const bytes = await readFile(path);
        const at = filterAt(bytes) || bytes.length - fromEnd;
        bytes[at] = (bytes[at] as number) ^ 0xff;
        await writeFile(path, bytes);
      });
      expect(report).toMatchObject({ items: [{ outcome: 'restored', file }], hasLoss: false });
    }
    expect(await readContents(join(sample.folder, 'data'))).toEqual(sample.contents);
  });

  test.each(['cut', 'remove'] as const)('%s: it is dropped, with the range of its keys', async (damage) => {
    const dataDir = await sample.restore();
    const file = await fileLike(dataDir, /^kv/);
    const report = await repairAfter(file, (path) => damageFile(path, damage, 0.7));
    expect(report.items).toMatchObject([{ outcome: 'lost', file }]);
    const [, count, from, to] =
      /(\d+) entries of keys within default:(\S+) … default:(\S+) /.exec(report.items[0]?.action ?? '') ?? [];
    const contents = await readContents(dataDir);
    expectSame(contents);
    const lost = lostKeys(contents);
    expect(lost).toHaveLength(Number(count));
    expect([lost[0], lost.at(-1)]).toEqual([`default/${from}`, `default/${to}`]);
  });
});

test('a damaged log keeps the commits before the damage, in order', async () => {
  // Commits in the order in which they were made: a row, a key, a row, …
  const order = Array.from({ length: 6 }, (_, at) => [`u/${300 + at}`, `logged/l${at}`]).flat();
  for (const at of fc.sample(fc.double({ min: 0.05, max: 0.99, noNaN: true }), { seed: 1, numRuns: 3 })) {
    const dataDir = await sample.restore();
    const file = await fileLike(dataDir, /^log/);
    const report = await repairAfter(file, (path) => damageFile(path, 'flip', at));
    expect(report.items).toMatchObject([{ outcome: 'lost', file }]);
    const contents = await readContents(dataDir);
    expectSame(contents);
    const lost = new Set(lostKeys(contents));
    const kept = order.filter((key) => !lost.has(key));
    expect(order.slice(0, kept.length)).toEqual(kept);
    expect(lost.size).toBe(order.length - kept.length);
    const [, count] = /; (\d+) of them are intact/.exec(report.items[0]?.action ?? '') ?? [];
    expect(Number(count ?? 0)).toBe(lost.size - 1);
  }
});

test.each(['flip', 'remove'] as const)('CURRENT: %s: nothing is lost', async (damage) => {
  const dataDir = await sample.restore();
  const report = await repairAfter('manifest/CURRENT', (path) => damageFile(path, damage, 0.5));
  expect(report).toMatchObject({ items: [{ outcome: 'restored', file: 'manifest/CURRENT' }], hasLoss: false });
  expect(await readContents(dataDir)).toEqual(sample.contents);
});

describe('the manifest', () => {
  test('damaged at its head, which is known, loses nothing', async () => {
    const dataDir = await sample.restore();
    const report = await repairAfter('manifest/MANIFEST-000001', (path) => damageFile(path, 'flip', 0.002));
    expect(report).toMatchObject({ items: [{ outcome: 'restored' }], hasLoss: false });
    expect(await readContents(dataDir)).toEqual(sample.contents);
  });

  test('damaged later on: what is there is as it was at some time, and what nothing names is kept', async () => {
    const older = /^(old|u)\d+$/;
    for (const at of [0.15, 0.3, 0.5, 0.7, 0.85, 0.99]) {
      const dataDir = await sample.restore();
      await damageFile(join(dataDir, 'manifest/MANIFEST-000001'), 'flip', at);
      const named = await filesOf(dataDir);
      const report = await repair(dataDir);
      expect(report.hasLoss).toBe(true);
      expect(report.items[0]).toMatchObject({ outcome: 'lost', file: 'manifest/MANIFEST-000001' });
      expect((await findingsOf(dataDir)).filter(({ severity }) => severity === 'damage')).toEqual([]);
      const after = new Set(await filesOf(dataDir));
      for (const file of named.filter((name) => /^(segments|deletes|kv|manifest|log)\//.test(name))) {
        expect(after.has(file) || after.has(`${report.lostFolder}/${file}`), file).toBe(true);
      }
      const db = await AlopexDB.open(dataDir, { onWarning: () => undefined });
      const { tables } = await namesOf(db);
      for (const table of tables) {
        const rows = (await db.query(`SELECT id, s FROM ${table}`)).toArray() as { id: number; s: string }[];
        for (const { id, s } of rows) {
          expect(s === sample.contents.get(`${table}/${id}`) || older.test(s), `${table}/${id} at ${at}`).toBe(true);
        }
      }
      // The directory can be written to, and numbers are not given out twice.
      await db.execute('CREATE TABLE fresh (id INTEGER)');
      await db.execute('CREATE VIEW fresh_view AS FROM fresh');
      await db.execute('INSERT INTO fresh VALUES (1)');
      await db.kv.keyspace('fresh').put('a', 'b');
      await db.execute('CHECKPOINT');
      await db.close();
    }
  });

  test('that is gone cannot be made again, and nothing is changed, nor by opening', async () => {
    const dataDir = await sample.restore();
    await rm(join(dataDir, 'manifest'), { recursive: true });
    const before = await filesOf(dataDir);
    await expect(repair(dataDir)).rejects.toMatchObject({ code: 'XX001' });
    await expect(AlopexDB.open(dataDir)).rejects.toMatchObject({ code: 'XX001' });
    expect(await filesOf(dataDir)).toEqual(before);
  });
});

test('a manifest that was begun anew is found without CURRENT', async () => {
  const dataDir = await sample.restore();
  // As after an open that has rewritten a long manifest.
  const { state } = await readManifest(new NodeFileSystem(), join(dataDir, 'manifest'));
  const file = await writeManifest(new NodeFileSystem(), join(dataDir, 'manifest'), 2, state);
  await file.close();
  await rm(join(dataDir, 'manifest/MANIFEST-000001'));
  await rm(join(dataDir, 'manifest/CURRENT'));
  await expect(AlopexDB.open(dataDir)).rejects.toMatchObject({ code: 'XX001' });
  expect(await findingsOf(dataDir)).toMatchObject([{ severity: 'damage', file: 'manifest/CURRENT' }]);
  expect(await repair(dataDir)).toMatchObject({ items: [{ outcome: 'restored' }], hasLoss: false });
  expect(await readContents(dataDir)).toEqual(sample.contents);
});

test('a dry run tells the same, and changes nothing', async () => {
  const dataDir = await sample.restore();
  for (const [pattern, at] of [
    [/^segments\/2/, 0.5],
    [/^kv/, 0.4],
    [/^log/, 0.5],
    [/CURRENT/, 0.5],
  ] as const) {
    await damageFile(join(dataDir, await fileLike(dataDir, pattern)), 'flip', at);
  }
  const bytesOf = async (): Promise<string[]> =>
    Promise.all((await filesOf(dataDir)).map(async (file) => `${file} ${await readFile(join(dataDir, file), 'hex')}`));
  const before = await bytesOf();
  const planned = await repair(dataDir, { dryRun: true });
  expect(await bytesOf()).toEqual(before);
  expect(planned.lostFolder).toBeUndefined();
  const done = await repair(dataDir);
  expect(done.items).toEqual(planned.items);
  expect(done.items).toHaveLength(4);
  // Done once, there is nothing left to do; a second folder of copies never takes the name of the first.
  expect(await repair(dataDir)).toMatchObject({ items: [], lostFolder: undefined });
  await damageFile(join(dataDir, 'manifest/CURRENT'), 'remove', 0);
  expect((await repair(dataDir)).lostFolder).toBe(`${done.lostFolder}-2`);
  expectSame(await readContents(dataDir));
});

test('damage of the cold tier is told, and left', async () => {
  const dataDir = await sample.restore();
  const file = await fileLike(dataDir, /^warehouse.*\.parquet$/);
  await damageFile(join(dataDir, file), 'flip', 0.5);
  const report = await repair(dataDir);
  expect(report).toMatchObject({ items: [{ outcome: 'left' }], lostFolder: undefined, hasLoss: true });
  expect(report.items[0]?.file).toContain(file);
});

async function namesOf(db: AlopexDB): Promise<{ tables: string[] }> {
  const rows = (await db.query('SELECT name FROM alopex.tables')).toArray() as { name: string }[];
  return { tables: rows.map(({ name }) => name) };
}
