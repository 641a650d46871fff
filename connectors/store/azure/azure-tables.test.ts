import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AlopexDB, RequestMetrics } from '../../../index.ts';
import { startAzurite, type Azurite } from '../test-support/azurite.ts';

let azurite: Azurite;
let folder: string;
let keyBefore: string | undefined;
beforeAll(async () => {
  azurite = await startAzurite();
  await azurite.makeContainer('lake');
  folder = await mkdtemp(join(tmpdir(), 'alopex-azure-'));
  keyBefore = process.env['AZURE_STORAGE_KEY'];
  Object.assign(process.env, azurite.environment);
});
afterAll(async () => {
  if (keyBefore === undefined) delete process.env['AZURE_STORAGE_KEY'];
  else process.env['AZURE_STORAGE_KEY'] = keyBefore;
  await rm(folder, { recursive: true, force: true });
  await azurite.stop();
});

const metrics = new RequestMetrics();
const open = (): Promise<AlopexDB> =>
  AlopexDB.open(folder, { stores: { settings: { azure: { endpoint: azurite.endpoint } }, metrics } });

async function rows(db: AlopexDB, sql: string): Promise<unknown[]> {
  return (await db.query(sql)).toArray().map((row: { toJSON(): unknown }) => row.toJSON());
}

test('a table has its cold tier in a service: moved, changed, and read back after it was opened again', async () => {
  let db = await open();
  try {
    await db.execute(
      `CREATE TABLE notes (id INT PRIMARY KEY, body VARCHAR) WITH (cold_storage = 'az://lake/tables', sort_by = 'id')`,
    );
    await db.execute(`INSERT INTO notes SELECT i, 'note ' || i FROM range(1000) t(i)`);
    await db.execute('ALTER TABLE notes TIER PARTITION WHERE id < 900 TO COLD');
    await db.execute(`UPDATE notes SET body = 'changed' WHERE id = 7; DELETE FROM notes WHERE id BETWEEN 10 AND 19`);
    await db.execute('ALTER TABLE notes TIER PARTITION WHERE id < 5 TO HOT');
  } finally {
    await db.close();
  }
  await rm(join(folder, 'cache'), { recursive: true, force: true });
  db = await open();
  try {
    expect(await rows(db, `SELECT count(*)::INT AS n, sum(id)::INT AS ids FROM notes`)).toEqual([
      { n: 990, ids: 499_500 - 145 },
    ]);
    expect(await rows(db, `SELECT id, body FROM notes WHERE id IN (3, 7, 15, 950) ORDER BY id`)).toEqual([
      { id: 3, body: 'note 3' },
      { id: 7, body: 'changed' },
      { id: 950, body: 'note 950' },
    ]);
    const [place] = (await rows(db, 'SELECT metadata_location AS at FROM alopex.tables')) as { at: string }[];
    expect(place?.at).toMatch(/^az:\/\/lake\/tables\/main\/notes-\d+\/metadata\/.*\.metadata\.json$/);
  } finally {
    await db.close();
  }
  expect(metrics.byClass().write).toBeGreaterThan(10);
});

test('no file of the database holds a credential', async () => {
  const key = azurite.environment['AZURE_STORAGE_KEY'] ?? '';
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) expect((await readFile(file)).includes(key), file).toBe(false);
});
