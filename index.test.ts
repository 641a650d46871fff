import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AlopexDB, type ScanReport } from './index.ts';

let folder: string;
let db: AlopexDB;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-'));
  db = await AlopexDB.open(folder);
});
afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

async function rows(sql: string, parameters?: Parameters<AlopexDB['query']>[1]): Promise<unknown[]> {
  return (await db.query(sql, parameters)).toArray().map((row: { toJSON(): unknown }) => row.toJSON());
}

async function scans(sql: string): Promise<readonly ScanReport[]> {
  for await (const result of db.statements(sql)) if (result.kind === 'rows') return result.scans;
  throw new Error('no rows');
}

describe('the library', () => {
  test('execute, query and stream with parameters of both kinds', async () => {
    await db.execute('CREATE TABLE notes (id BIGINT PRIMARY KEY, text VARCHAR, noted TIMESTAMPTZ, tags VARCHAR[])');
    const at = new Date('2024-05-06T07:08:09.123Z');
    expect(await db.execute('INSERT INTO notes VALUES ($1, $2, $3, $4)', [1n, 'hello', at, ['a', 'b']])).toEqual([
      { command: 'INSERT', rowCount: 1 },
    ]);
    await db.execute('INSERT INTO notes VALUES (?, ?, ?, NULL)', [2, "it's", null]);
    expect(
      await rows(
        'SELECT id::INT AS id, text, epoch_ms(noted)::DOUBLE AS noted, len(tags)::INT AS n FROM notes ORDER BY id',
      ),
    ).toEqual([
      { id: 1, text: 'hello', noted: at.getTime(), n: 2 },
      { id: 2, text: "it's", noted: null, n: null },
    ]);
    expect(await rows('SELECT text FROM notes WHERE id = $id', { id: 2 })).toEqual([{ text: "it's" }]);
    let streamed = 0;
    for await (const batch of db.stream('SELECT * FROM range(100000)')) streamed += batch.numRows;
    expect(streamed).toBe(100_000);
  });

  test('parameters in every part of a statement that runs as several', async () => {
    await db.execute("CREATE TABLE t (k INT PRIMARY KEY, v INT, s VARCHAR); INSERT INTO t VALUES (1, 10, 'a')");
    await db.execute('INSERT INTO t VALUES (?, ?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v + t.v + ?, s = ?', [
      1,
      5,
      'b',
      100,
      'c',
    ]);
    expect(await rows('FROM t')).toEqual([{ k: 1, v: 115, s: 'c' }]);
    await db.execute('WITH w AS (SELECT $3::INT AS k) UPDATE t SET v = $1, s = $2 FROM w WHERE t.k = w.k', [7, 'x', 1]);
    expect(await rows('FROM t')).toEqual([{ k: 1, v: 7, s: 'x' }]);
    await expect(db.execute('DELETE FROM t WHERE k = $1')).rejects.toMatchObject({
      code: expect.any(String) as string,
    });
    expect(await db.execute('DELETE FROM t WHERE k = $1', [1])).toEqual([{ command: 'DELETE', rowCount: 1 }]);
  });

  test('leaving a stream early frees what it held', async () => {
    await db.execute('CREATE TABLE t AS SELECT range AS i FROM range(200000)');
    for await (const batch of db.stream('SELECT * FROM t')) {
      expect(batch.numRows).toBeGreaterThan(0);
      break;
    }
    await db.execute('DROP TABLE t');
    await expect
      .poll(() =>
        stat(join(folder, 'segments', '1')).then(
          () => 'there',
          () => 'gone',
        ),
      )
      .toBe('gone');
  });

  test('a reader keeps its snapshot while rows change, move and are flushed', async () => {
    await db.execute(
      'CREATE TABLE t (i BIGINT PRIMARY KEY, v INT); INSERT INTO t SELECT range, 0 FROM range(150000); CHECKPOINT',
    );
    const stream = db.stream('SELECT i, v FROM t');
    const first = await stream.next();
    await db.execute(
      'UPDATE t SET v = 1; ALTER TABLE t TIER PARTITION WHERE i < 70000 TO COLD; DELETE FROM t WHERE i % 2 = 0',
    );
    let count = first.done === true ? 0 : first.value.numRows;
    let changed = 0;
    for await (const batch of stream) {
      count += batch.numRows;
      for (const value of (batch.getChild('v')?.toArray() ?? []) as Int32Array) changed += value;
    }
    expect({ count, changed }).toEqual({ count: 150_000, changed: 0 });
    expect(await rows('SELECT count(*)::INT AS n, sum(v)::INT AS s FROM t')).toEqual([{ n: 75_000, s: 75_000 }]);
  });

  test('interrupt stops a query, and the database goes on', async () => {
    const query = db.query('SELECT sum(a.range * b.range) FROM range(10000000) a, range(100000) b');
    setTimeout(() => db.interrupt(), 100);
    await expect(query).rejects.toMatchObject({ code: '57014' });
    expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('commits go on under four long queries', async () => {
    await db.execute('CREATE TABLE t (i INT)');
    const long = Array.from({ length: 4 }, () =>
      db.query('SELECT sum(a.range * b.range) FROM range(10000000) a, range(100000) b'),
    );
    const ended = Promise.allSettled(long);
    // Rows that are written out pass the kernel by; those of a query do not.
    expect(await db.execute('INSERT INTO t VALUES (1)')).toEqual([{ command: 'INSERT', rowCount: 1 }]);
    expect(await db.execute('INSERT INTO t SELECT 2')).toEqual([{ command: 'INSERT', rowCount: 1 }]);
    db.interrupt();
    expect((await ended).every((result) => result.status === 'rejected')).toBe(true);
    expect(await rows('SELECT i FROM t ORDER BY i')).toEqual([{ i: 1 }, { i: 2 }]);
  });

  test('a closed database says so, and closing twice is one closing', async () => {
    await Promise.all([db.close(), db.close()]);
    await expect(db.query('SELECT 1')).rejects.toMatchObject({ code: '57P03' });
  });
});

describe('changes', () => {
  test('a statement that fails in the middle of a text leaves the ones before it', async () => {
    await expect(
      db.execute('CREATE TABLE t (i INT); INSERT INTO t VALUES (1); INSERT INTO nope VALUES (1)'),
    ).rejects.toMatchObject({
      code: '42P01',
    });
    expect(await rows('FROM t')).toEqual([{ i: 1 }]);
  });

  test('ON CONFLICT DO UPDATE: plain names are the stored row, WHERE limits it', async () => {
    await db.execute(
      "CREATE TABLE t (k INT PRIMARY KEY, n INT, s VARCHAR DEFAULT 'd'); INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b')",
    );
    await db.execute(
      'INSERT INTO t (k, n) VALUES (1, 10), (2, 20), (3, 30) ON CONFLICT DO UPDATE SET n = n + excluded.n, s = DEFAULT WHERE n < 2',
    );
    expect(await rows('FROM t ORDER BY k')).toEqual([
      { k: 1, n: 11, s: 'd' },
      { k: 2, n: 2, s: 'b' },
      { k: 3, n: 30, s: 'd' },
    ]);
    await expect(
      db.execute('INSERT INTO t (k, n) VALUES (5, 1), (5, 2) ON CONFLICT DO UPDATE SET n = 0'),
    ).rejects.toMatchObject({ code: '21000' });
    await expect(db.execute('INSERT INTO t (k, n) VALUES (5, 1) ON CONFLICT (n) DO NOTHING')).rejects.toMatchObject({
      code: '42P10',
    });
  });

  test('columns are added, renamed and dropped without rewriting, in both tiers', async () => {
    await db.execute(
      "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR, b INT); INSERT INTO t SELECT range, 'a' || range, range FROM range(10)",
    );
    await db.execute('ALTER TABLE t TIER PARTITION WHERE id < 5 TO COLD');
    await db.execute(
      'ALTER TABLE t ADD COLUMN c DOUBLE; ALTER TABLE t RENAME COLUMN a TO name; ALTER TABLE t DROP COLUMN b',
    );
    await db.execute(
      "INSERT INTO t VALUES (10, 'new', 1.5); UPDATE t SET c = 2.5 WHERE id = 1; ALTER TABLE t ADD COLUMN b VARCHAR",
    );
    const expected = [
      { id: 0, name: 'a0', c: null, b: null },
      { id: 1, name: 'a1', c: 2.5, b: null },
      { id: 9, name: 'a9', c: null, b: null },
      { id: 10, name: 'new', c: 1.5, b: null },
    ];
    const query = 'SELECT * FROM t WHERE id IN (0, 1, 9, 10) ORDER BY id';
    expect(await rows(query)).toEqual(expected);
    await db.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    expect(await rows(query)).toEqual(expected);
    await db.close();
    db = await AlopexDB.open(folder);
    expect(await rows(query)).toEqual(expected);
  });

  test('CREATE OR REPLACE, DROP IF EXISTS and renaming', async () => {
    await db.execute(
      'CREATE TABLE t AS SELECT 1 AS a; CREATE OR REPLACE TABLE t AS SELECT 2 AS b; ALTER TABLE t RENAME TO u',
    );
    expect(await rows('FROM u')).toEqual([{ b: 2 }]);
    await expect(db.query('FROM t')).rejects.toMatchObject({ code: '42P01' });
    await db.execute('DROP TABLE IF EXISTS t; DROP TABLE u');
    expect(await rows('SELECT name FROM alopex.tables')).toEqual([]);
  });

  test('a condition with the time in it moves each row once', async () => {
    await db.execute(
      'CREATE TABLE t (ts TIMESTAMP); INSERT INTO t SELECT now()::TIMESTAMP - INTERVAL (range) DAY FROM range(100)',
    );
    const [result] = await db.execute("ALTER TABLE t TIER PARTITION WHERE ts < now() - INTERVAL '50 days' TO COLD");
    expect(result?.rowCount).toBeGreaterThan(45);
    expect(await rows('SELECT count(*)::INT AS n FROM t')).toEqual([{ n: 100 }]);
    await expect(db.execute('ALTER TABLE t TIER PARTITION WHERE random() < 0.5 TO COLD')).rejects.toMatchObject({
      code: '22023',
    });
    expect(await rows('SELECT count(*)::INT AS n FROM t')).toEqual([{ n: 100 }]);
  });

  test('COPY writes and reads Parquet, CSV and JSON', async () => {
    await db.execute("CREATE TABLE t (i INT PRIMARY KEY, s VARCHAR); INSERT INTO t VALUES (1, 'a,b'), (2, NULL)");
    for (const format of ['parquet', 'csv', 'json']) {
      const path = join(folder, `out.${format}`);
      await db.execute(
        `COPY t TO '${path}' (FORMAT ${format}); CREATE OR REPLACE TABLE back (i INT PRIMARY KEY, s VARCHAR)`,
      );
      expect(await db.execute(`COPY back FROM '${path}' (FORMAT ${format})`)).toEqual([
        { command: 'COPY', rowCount: 2 },
      ]);
      expect(await rows('FROM back ORDER BY i')).toEqual(await rows('FROM t ORDER BY i'));
      await expect(db.execute(`COPY back FROM '${path}' (FORMAT ${format})`)).rejects.toMatchObject({ code: '23505' });
    }
  });
});

describe('what is read', () => {
  beforeEach(async () => {
    await db.execute(
      "CREATE TABLE t (id INT PRIMARY KEY, ts TIMESTAMP, s VARCHAR) WITH (partition_by = 'month(ts)', sort_by = 'ts'); INSERT INTO t SELECT range, TIMESTAMP '2024-01-01' + INTERVAL (range) DAY, 's' || range FROM range(360); ALTER TABLE t TIER PARTITION WHERE ts < '2024-10-01' TO COLD; CHECKPOINT",
    );
  });

  test.each([
    ["SELECT * FROM t WHERE ts = '2024-03-05'", 1],
    ["SELECT * FROM t AS x WHERE x.ts >= '2024-02-10' AND x.ts < '2024-03-10'", 2],
    ["WITH q AS (SELECT * FROM t) SELECT count(*) FROM q WHERE date_trunc('month', ts) = DATE '2024-05-01'", 1],
    ['SELECT * FROM t WHERE id IN (3, 350)', 2],
    ["SELECT * FROM (SELECT * FROM t UNION ALL SELECT * FROM t) WHERE ts < '2024-01-10'", 1],
    ['SELECT * FROM t WHERE s IS NULL', 0],
    ['SELECT * FROM t', 10],
    ['SELECT count(*) FROM t WHERE random() >= 0', 10],
    ["SELECT * FROM t WHERE ts = '2024-03-05' OR length(s) = 2", 10],
  ])('%s reads %i files', async (sql, files) => {
    const [scan] = await scans(sql);
    expect((scan?.hot.filesRead ?? 0) + (scan?.cold.filesRead ?? 0)).toBe(files);
  });

  test('a parameter prunes like a literal, each time anew', async () => {
    for (const [ts, id] of [
      ['2024-03-05', 64],
      ['2024-07-01', 182],
      ['2024-12-01', 335],
    ] as const) {
      expect(await rows('SELECT id FROM t WHERE ts = $1', [ts])).toEqual([{ id }]);
    }
  });

  test('EXPLAIN shows tiers, files and the plan; nothing else changes', async () => {
    const [plan] = (await rows("EXPLAIN SELECT * FROM t WHERE ts < '2024-02-01'")) as Record<string, string>[];
    expect(plan?.['explain_key']).toBe('physical_plan');
    expect(plan?.['explain_value']).toContain('cold    31 rows in 1 files (8 pruned)');
    expect(plan?.['explain_value']).toContain('READ_PARQUET');
  });

  test('the catalog tables add up', async () => {
    await db.execute("DELETE FROM t WHERE id < 3; INSERT INTO t VALUES (1000, NULL, 'x')");
    expect(
      await rows(
        'SELECT name, row_count::INT AS row_count, memory_rows::INT AS memory, hot_rows::INT AS hot, cold_rows::INT AS cold, primary_key, partition_by FROM alopex.tables',
      ),
    ).toEqual([
      { name: 't', row_count: 358, memory: 1, hot: 86, cold: 271, primary_key: 'id', partition_by: 'month(ts)' },
    ]);
    expect(
      await rows("SELECT count(*)::INT AS n, sum(deleted_rows)::INT AS d FROM alopex.segments WHERE tier = 'cold'"),
    ).toEqual([{ n: 9, d: 3 }]);
    expect(await rows('SELECT operation, is_current FROM alopex.snapshots')).toEqual([
      { operation: 'append', is_current: true },
    ]);
  });
});
