import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NodeFileSystem } from '../../connectors/node/node-file-system.ts';
import { ColdStorages } from '../../connectors/store/cold-storage.ts';
import { SystemClock } from '../../connectors/node/system-clock.ts';
import { SystemRandom } from '../../connectors/node/system-random.ts';
import { checkDatabase } from '../../engine/check/check.ts';
import { AlopexDB } from '../../index.ts';
import { Fuse } from '../crash/fuse.ts';
import { FusedFileSystem } from '../crash/fused-files.ts';
import { FusedStorage } from '../crash/fused-storage.ts';

/** Nothing in the background: the changes are counted. */
const LIMITS = { largeRows: 50, mergeSegments: 0 };

const SETUP = [
  "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER) WITH (history_retention = INTERVAL '1 day')",
  'INSERT INTO t SELECT range, 1 FROM range(200)',
  'DELETE FROM t WHERE id % 10 = 0',
  'INSERT INTO t VALUES (1000, 5)',
];

/** Everything that ends a period, with changes in between. */
const STEPS = [
  'UPDATE t SET n = 2 WHERE id < 20',
  'CHECKPOINT',
  'DELETE FROM t WHERE id % 10 = 1',
  'VACUUM t',
  'UPDATE t SET n = 3 WHERE id > 150',
  'ALTER TABLE t TIER PARTITION WHERE id >= 100 TO COLD',
  'DELETE FROM t WHERE id % 10 = 2',
  'ALTER TABLE t TIER PARTITION WHERE id >= 90 TO COLD',
  'DELETE FROM t WHERE id % 10 = 3',
  'ALTER TABLE t TIER PARTITION WHERE id >= 150 TO HOT',
  'ALTER TABLE t ADD COLUMN c INTEGER DEFAULT 7',
  'INSERT INTO t VALUES (1001, 1, 1)',
];

const READ = 'SELECT hash(list(t ORDER BY id))::VARCHAR AS rows, count(*)::INTEGER AS n FROM';

let folder: string;
let base: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-history-'));
  base = join(folder, 'base');
  const db = await AlopexDB.open(base, { limits: LIMITS });
  for (const sql of SETUP) await db.execute(sql);
  await db.close();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Seen {
  readonly version: number;
  readonly rows: string;
}

/** Runs the steps until the fuse blows; tells what was there after each that came back. */
async function run(path: string, fuse: Fuse): Promise<Seen[]> {
  const seen: Seen[] = [];
  const db = await AlopexDB.open(path, {
    limits: LIMITS,
    threads: 1,
    fileSystem: new FusedFileSystem(fuse, path),
    storage: new FusedStorage(fuse, path),
    onWarning: () => undefined,
  });
  try {
    seen.push(await look(db));
    for (const sql of STEPS) {
      await db.execute(sql);
      seen.push(await look(db));
    }
  } catch (error) {
    if (fuse.death === undefined) throw error;
  } finally {
    await db.close().catch(() => undefined); // The dead close nothing.
  }
  return seen;
}

async function look(db: AlopexDB): Promise<Seen> {
  const table = await db.query("SELECT max(last_version) AS v FROM alopex.history WHERE table_name = 't'");
  return { version: Number(table.getChildAt(0)?.get(0)), rows: await rowsOf(db, 't') };
}

/** The versions after one, as if they had the same rows. */
async function versionsAfter(db: AlopexDB, { version, rows }: Seen): Promise<Seen[]> {
  const last = (await look(db)).version;
  return Array.from({ length: last - version }, (_, index) => ({ version: version + 1 + index, rows }));
}

async function rowsOf(db: AlopexDB, relation: string): Promise<string> {
  const table = await db.query(`${READ} ${relation}`);
  return `${table.getChildAt(0)?.get(0)} of ${table.getChildAt(1)?.get(0)}`;
}

test('a process that dies at any change of files leaves every version that was seen as it was', async () => {
  const whole = new Fuse();
  const path = join(folder, 'whole');
  await cp(base, path, { recursive: true });
  expect(await run(path, whole)).toHaveLength(STEPS.length + 1);
  const storage = new ColdStorages(`${path}/warehouse`, { clock: new SystemClock(), random: new SystemRandom() });
  expect(whole.passed.length).toBeGreaterThan(30);
  expect(await checkDatabase({ fileSystem: new NodeFileSystem(), storage }, path)).toMatchObject({
    damage: 0,
    warnings: 0,
  });
  // Just before and after what ends a period, and between the commit of a move in the catalog and in the manifest.
  const edits = whole.passed.flatMap((label, at) => (label.startsWith('append manifest') ? [at, at + 1] : []));
  const commits = whole.passed.flatMap((label, at) => (/^create .*\/pointer\//.test(label) ? [at + 1, at + 2] : []));
  expect(commits).toHaveLength(6);
  for (const dieAt of [...edits.filter((_, index) => index % 7 === 0), ...commits]) {
    const copy = join(folder, `died-${dieAt}`);
    await cp(base, copy, { recursive: true });
    const fuse = new Fuse();
    fuse.dieAt = dieAt;
    const seen = await run(copy, fuse).catch((error: unknown) => {
      if (fuse.death === undefined) throw error;
      return [];
    });
    const db = await AlopexDB.open(copy, { limits: LIMITS, threads: 1 });
    try {
      const last = seen.at(-1);
      // A move changes no rows: what it has committed itself is as before.
      const own = last !== undefined && commits.includes(dieAt) ? await versionsAfter(db, last) : [];
      for (const { version, rows } of [...seen, ...own]) {
        const found = await rowsOf(db, `t AT (VERSION => ${version})`);
        expect({ died: `${dieAt}: ${fuse.death}`, version, rows: found }).toEqual({
          died: `${dieAt}: ${fuse.death}`,
          version,
          rows,
        });
      }
    } finally {
      await db.close();
    }
    await rm(copy, { recursive: true });
  }
});
