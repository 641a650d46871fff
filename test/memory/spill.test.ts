import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';

/** Some 50 MB of rows to sort. */
const LARGE = 'SELECT i, md5(i::VARCHAR) AS h FROM range(800000) t(i) ORDER BY h';

let folder: string;
let spill: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-memory-'));
  spill = join(folder, 'data/tmp/spill');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function open(tempLimit?: string): Promise<AlopexDB> {
  const options = { memoryLimit: '40MB', threads: 1 };
  return AlopexDB.open(join(folder, 'data'), tempLimit === undefined ? options : { ...options, tempLimit });
}

async function spilledBytes(): Promise<number> {
  const names = await readdir(spill).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(spill, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

test('a query that outgrows the memory goes on in the folder of the database, and leaves nothing there', async () => {
  const db = await open();
  try {
    const batches = db.stream(LARGE)[Symbol.asyncIterator]();
    const first = await batches.next();
    expect(await spilledBytes()).toBeGreaterThan(5_000_000);
    const elsewhere = [...(await readdir(tmpdir())), ...(await readdir('.')), ...(await readdir(folder))];
    expect(elsewhere.filter((name) => /duckdb_temp|^\.tmp/.test(name))).toEqual([]);
    let [rows, last] = [first.value?.numRows ?? 0, ''];
    for (let next = first; next.done !== true; next = await batches.next()) {
      if (next !== first) rows += next.value.numRows;
      const hashes = next.value.getChild('h');
      expect(String(hashes?.get(0)) > last).toBe(true);
      last = String(hashes?.get(next.value.numRows - 1));
    }
    expect(rows).toBe(800_000);
    expect(await spilledBytes()).toBe(0);
    // One that is given up cleans up as well.
    for await (const batch of db.stream(LARGE)) if (batch.numRows > 0) break;
    expect(await spilledBytes()).toBe(0);
  } finally {
    await db.close();
  }
  expect(await spilledBytes()).toBe(0);
});

test.each([
  ['the room on disk', LARGE, '53100', /max_temp_directory_size.*tempLimit/],
  [
    'the memory, by what cannot spill',
    'SELECT list(i) FROM range(12000000) t(i)',
    '53200',
    /memory_limit.*memoryLimit/,
  ],
])('%s ends: the query fails, and the database works on', async (_, sql, code, hint) => {
  const db = await open('500KB');
  try {
    await db.execute('CREATE TABLE t (i INTEGER PRIMARY KEY)');
    await expect(db.query(sql)).rejects.toMatchObject({
      code,
      message: expect.not.stringMatching(/PRAGMA|Possible solutions|duckdb\.org/) as string,
      hint: expect.stringMatching(hint) as string,
    });
    expect(await spilledBytes()).toBe(0);
    await db.execute('INSERT INTO t SELECT range FROM range(1000)');
    const table = await db.query('SELECT sum(i)::INTEGER AS n FROM t');
    expect(table.getChild('n')?.get(0)).toBe(499_500);
    await db.execute("SET max_temp_directory_size = '1GB'; SET memory_limit = '2GB'");
    expect((await db.query(sql)).numRows).toBeGreaterThan(0);
    await db.execute('RESET max_temp_directory_size; RESET memory_limit');
    await expect(db.query(sql)).rejects.toMatchObject({ code });
  } finally {
    await db.close();
  }
});

test('what a crash has left there goes when the database is opened', async () => {
  await mkdir(spill, { recursive: true });
  await writeFile(join(spill, 'duckdb_temp_storage_DEFAULT-0.tmp'), 'rest');
  const db = await open();
  expect(await readdir(join(folder, 'data/tmp'))).toEqual([]);
  await db.close();
});

test('without options the limits are shares of what the machine has', async () => {
  const db = await AlopexDB.open(join(folder, 'data'));
  try {
    const table = await db.query(
      "SELECT value FROM duckdb_settings() WHERE name IN ('memory_limit', 'max_temp_directory_size') ORDER BY name",
    );
    const [temp, memory] = Array.from(table.getChild('value') ?? [], String);
    expect(temp).toMatch(/^[\d.]+ [MGT]iB$/);
    expect(memory).toMatch(/^[\d.]+ [MGT]iB$/);
  } finally {
    await db.close();
  }
});
