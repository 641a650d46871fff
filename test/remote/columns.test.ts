import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { IcebergCatalog } from '../../catalog/catalog.ts';
import { SystemClock } from '../../connectors/node/system-clock.ts';
import { SystemRandom } from '../../connectors/node/system-random.ts';
import { MemoryObjectStore } from '../../connectors/store/memory.ts';
import { AlopexDB } from '../../index.ts';

/** An object store that is not on this machine, and counts what it is asked for. */
class CountingStore extends MemoryObjectStore {
  fetchedBytes = 0;

  override async getRange(key: string, offset: number, length: number): Promise<Uint8Array> {
    const bytes = await super.getRange(key, offset, length);
    if (key.endsWith('.parquet')) this.fetchedBytes += bytes.length;
    return bytes;
  }
}

const ROWS = 60_000;

let folder: string;
let db: AlopexDB;
let twin: AlopexDB;
const store = new CountingStore();
let totalBytes = 0;

const CREATE = `CREATE TABLE t (id BIGINT PRIMARY KEY, ts TIMESTAMP, k INTEGER, name VARCHAR, wide VARCHAR, s STRUCT(a INTEGER, b VARCHAR), "s.x" INTEGER, "a,b" DOUBLE, "line
break" INTEGER) WITH (partition_by = 'year(ts)', sort_by = 'ts')`;
const INSERT = `INSERT INTO t SELECT i, TIMESTAMP '2020-01-01' + to_hours(i), i % 17, 'name ' || i % 100, md5(i::VARCHAR) || md5((i * 3)::VARCHAR), {'a': i % 7, 'b': 'b' || i}, i % 3, i / 7, i % 5 FROM range(${ROWS}) AS r(i)`;

async function fill(target: AlopexDB): Promise<void> {
  await target.execute(CREATE);
  await target.execute('CREATE TABLE small (k INTEGER, label VARCHAR)');
  await target.execute(`INSERT INTO small SELECT i, 'label ' || i FROM range(17) AS r(i)`);
  await target.execute(INSERT);
  await target.execute(`ALTER TABLE t TIER PARTITION WHERE ts < '2026-01-01' TO COLD`);
  await target.execute('ALTER TABLE t RENAME COLUMN name TO title');
  await target.execute('ALTER TABLE t ADD COLUMN added INTEGER DEFAULT 5');
  await target.execute(`UPDATE t SET title = 'changed' WHERE id % 1000 = 7`);
  await target.execute('DELETE FROM t WHERE id % 1000 = 9');
  await target.execute('CREATE VIEW v AS SELECT k, title FROM t WHERE k > 3');
}

async function open(name: string, storage?: CountingStore): Promise<AlopexDB> {
  if (storage === undefined) return AlopexDB.open(join(folder, name));
  const ports = { clock: new SystemClock(), random: new SystemRandom() };
  return AlopexDB.open(join(folder, name), {
    storage: { open: () => ({ store: storage, catalog: new IcebergCatalog({ store: storage, ...ports }) }) },
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-remote-'));
  db = await open('remote', store);
  twin = await open('local');
  await fill(db);
  await fill(twin);
  for await (const { key, sizeBytes } of store.list('')) if (key.endsWith('.parquet')) totalBytes += sizeBytes;
});

afterAll(async () => {
  await db.close();
  await twin.close();
  await rm(folder, { recursive: true, force: true });
});

/** Begins with an empty cache. */
beforeEach(async () => {
  await db.close();
  await rm(join(folder, 'remote', 'cache'), { recursive: true, force: true });
  db = await open('remote', store);
  store.fetchedBytes = 0;
});

async function rows(of: AlopexDB, sql: string, parameters?: readonly unknown[]): Promise<string[]> {
  const table = await of.query(sql, parameters as never);
  return table
    .toArray()
    .map((row) => String(row))
    .sort();
}

const QUERIES: readonly { sql: string; share: number; parameters?: readonly number[] }[] = [
  { sql: 'SELECT count(*) FROM t', share: 0.02 },
  { sql: 'SELECT k, count(*) FROM t GROUP BY k', share: 0.1 },
  { sql: 'SELECT sum(id) FROM t WHERE k = 5', share: 0.2 },
  { sql: 'SELECT sum(id) FROM t WHERE k = $1', share: 0.2, parameters: [6] },
  { sql: `SELECT count(*) FROM t WHERE title = 'changed'`, share: 0.15 },
  { sql: 'SELECT s.a, count(*) FROM t GROUP BY ALL', share: 0.35 },
  { sql: 'SELECT "s.x", count(*) FROM t GROUP BY ALL', share: 0.35 },
  { sql: 'SELECT sum("a,b") FROM t WHERE id < 100', share: 0.3 },
  { sql: 'SELECT label, count(*) FROM t JOIN small USING (k) GROUP BY label', share: 0.1 },
  { sql: 'SELECT k, max(title) FROM v GROUP BY k', share: 0.15 },
  { sql: 'WITH x AS (SELECT k, added FROM t) SELECT k, sum(added) FROM x GROUP BY k', share: 0.1 },
  { sql: 'SELECT id FROM t WHERE EXISTS (SELECT 1 FROM small WHERE small.k = t.k AND k = 3)', share: 0.2 },
  { sql: 'SELECT max(ts), min(ts) FROM t', share: 0.2 },
  { sql: 'SELECT id, k FROM t ORDER BY ts DESC LIMIT 5', share: 0.2 },
  { sql: `SELECT md5(string_agg(wide, ',' ORDER BY id)) FROM t WHERE ts < '2021-01-01'`, share: 0.35 },
  { sql: 'SELECT sum("line\nbreak") FROM t', share: 1.01 },
  { sql: 'SELECT * FROM t WHERE id % 5000 = 1', share: 1.01 },
  { sql: `SELECT count(*) FROM t a JOIN t b ON a.id = b.id + 1 WHERE a.k = 1 AND b.title LIKE 'name 1%'`, share: 0.35 },
];

for (const { sql, share, parameters } of QUERIES) {
  test(`brings only what is needed: ${sql}`, async () => {
    const expected = await rows(twin, sql, parameters);
    expect(await rows(db, sql, parameters)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(0);
    expect(store.fetchedBytes).toBeLessThan(totalBytes * share);
    store.fetchedBytes = 0;
    expect(await rows(db, sql, parameters)).toEqual(expected);
    expect(store.fetchedBytes).toBe(0);
  });
}

test('changes read what they need, and the rest later', async () => {
  await db.execute('BEGIN; UPDATE t SET k = 99 WHERE id % 500 = 3; ROLLBACK');
  expect(await rows(db, 'SELECT count(*), sum(k) FROM t')).toEqual(await rows(twin, 'SELECT count(*), sum(k) FROM t'));
  await db.execute('CREATE TABLE copied AS SELECT k, title FROM t');
  await twin.execute('CREATE TABLE copied AS SELECT k, title FROM t');
  const sql = 'SELECT count(*), sum(hash(title, k)) FROM copied';
  expect(await rows(db, sql)).toEqual(await rows(twin, sql));
});
