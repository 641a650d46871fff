import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HistoryDatabase } from './test-support/history-database.ts';

let database: HistoryDatabase;

beforeEach(async () => {
  database = await HistoryDatabase.open();
  await database.db.execute("CREATE TABLE t (id INTEGER, n INTEGER) WITH (history_retention = INTERVAL '1 hour')");
});

afterEach(() => database.remove());

async function commit(sql: string): Promise<number> {
  database.clock.wallMs += 60_000;
  await database.db.execute(sql);
  return database.version();
}

describe('where AT can stand', () => {
  let old: number;

  beforeEach(async () => {
    old = await commit('INSERT INTO t VALUES (1, 10), (2, 20)');
    await commit('UPDATE t SET n = n + 1');
    await commit('DELETE FROM t WHERE id = 2');
  });

  test.each([
    ['SELECT n FROM t AT (VERSION => {v}) ORDER BY n', [10, 20]],
    ['SELECT t.n FROM main.t AT(VERSION=>{v}) ORDER BY t.n', [10, 20]],
    ['SELECT x.n FROM t AS x AT (VERSION => {v}) ORDER BY 1', [10, 20]],
    ['SELECT x.n FROM t x AT (VERSION => {v}) ORDER BY 1', [10, 20]],
    ['SELECT x.n FROM t AT (VERSION => {v}) AS x ORDER BY 1', [10, 20]],
    ['SELECT n FROM "T" AT (VERSION => {v} + 1) WHERE id = 2', [21]],
    ['SELECT now.n - x.n FROM t now JOIN t x AT (VERSION => {v}) USING (id)', [1]],
    ['WITH c AS (FROM t AT (VERSION => {v})) SELECT sum(n)::INTEGER FROM c', [30]],
    ['SELECT (SELECT max(n) FROM t AT (VERSION => {v})) - max(n) FROM t', [9]],
    ['SELECT x.n FROM t x AT (VERSION => {v}), t y AT (VERSION => {v} + 1) WHERE x.id = y.id ORDER BY 1', [10, 20]],
    ["SELECT count(*)::INTEGER FROM t AT (TIMESTAMP => TIMESTAMPTZ '2026-01-31 12:02:00+00')", [2]],
    ["SELECT count(*)::INTEGER FROM t AT (TIMESTAMP => '2026-01-31 12:01:59.999')", [2]],
    ["SELECT count(*)::INTEGER FROM t AT (TIMESTAMP => '2026-01-31 12:00:30')", [0]],
    ["SELECT count(*)::INTEGER FROM t AT (TIMESTAMP => '2026-01-31 13:00:00')", [1]],
  ])('%s', async (sql, expected) => {
    const rows = await database.db.query(sql.replaceAll('{v}', String(old)));
    expect(Array.from(rows.getChildAt(0) ?? [])).toEqual(expected);
  });

  test('a parameter says which version, among others', async () => {
    const sql = 'SELECT n FROM t AT (VERSION => ?) WHERE id = ? ORDER BY n';
    expect(await database.value(sql, [old, 2])).toBe(20);
    const named = 'SELECT n FROM t AT (VERSION => $v) WHERE id = $id';
    expect(await database.value(named, { v: old, id: 2 })).toBe(20);
  });

  test('rows that were deleted or changed come back', async () => {
    await database.db.execute(`INSERT INTO t SELECT * FROM t AT (VERSION => ${old}) WHERE id = 2`);
    await database.db.execute(`UPDATE t SET n = p.n FROM t AS p AT (VERSION => ${old}) WHERE t.id = p.id`);
    expect(await database.rows('FROM t ORDER BY id')).toEqual(['{"id":1,"n":10}', '{"id":2,"n":20}']);
    await database.db.execute(`CREATE TABLE was AS FROM t AT (VERSION => ${old + 1})`);
    expect(await database.value('SELECT sum(n)::INTEGER FROM was')).toBe(32);
  });

  test('a transaction sees the past as it is for all, without its own changes', async () => {
    await database.db.transaction(async (tx) => {
      await tx.execute('UPDATE t SET n = 0');
      const was = await tx.query(`SELECT n FROM t AT (VERSION => ${old}) ORDER BY n`);
      expect(Array.from(was.getChildAt(0) ?? [])).toEqual([10, 20]);
      const latest = await tx.query("SELECT n FROM t AT (TIMESTAMP => '2100-01-01')");
      expect(Array.from(latest.getChildAt(0) ?? [])).toEqual([11]);
    });
  });

  test('files that cannot hold what is wanted are left out', async () => {
    await commit('CHECKPOINT');
    const large = await commit('INSERT INTO t SELECT 1000 + range, 5 FROM range(100)');
    await commit('VACUUM t');
    const [plan] = await database.rows(`EXPLAIN SELECT * FROM t AT (VERSION => ${large}) WHERE id < 100`);
    expect(plan).toContain(`t AT (VERSION => ${large})`);
    expect(plan).toContain('1 rows in 1 files (1 pruned)');
    expect(plan).not.toContain('Table t\\n');
  });

  test('nothing of it stays in the session', async () => {
    await database.rows(`FROM t AT (VERSION => ${old})`);
    expect(
      await database.rows("SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'alopex_%'"),
    ).toEqual([]);
    expect(await database.rows('SHOW TABLES')).toEqual(['{"name":"t"}']);
  });
});

describe('what it says no to', () => {
  test.each([
    ['SELECT * FROM t AT (VERSION => 1000)', '22023'],
    ['SELECT * FROM t AT (VERSION => 0)', '55000'],
    ["SELECT * FROM t AT (VERSION => 'x')", '22023'],
    ['SELECT * FROM t AT (VERSION => NULL)', '22023'],
    ["SELECT * FROM t AT (TIMESTAMP => 'yesterday')", '22023'],
    ["SELECT * FROM t AT (TIMESTAMP => '2020-01-01')", '55000'],
    ['SELECT * FROM plain AT (VERSION => 1)', '55000'],
    ['SELECT * FROM missing AT (VERSION => 1)', '42P01'],
    ['SELECT * FROM v AT (VERSION => 1)', '42809'],
    ['SELECT nothing FROM t AT (VERSION => {v})', '42703'],
    ['CREATE VIEW w AS FROM t AT (VERSION => {v})', '0A000'],
    ['CREATE TEMP VIEW w AS FROM t AT (VERSION => {v})', '0A000'],
    ['CREATE MACRO m() AS TABLE FROM t AT (VERSION => {v})', '0A000'],
    ['DELETE FROM t AT (VERSION => {v})', '42601'],
    ['UPDATE t AT (VERSION => {v}) SET n = 1', '42601'],
    ["ALTER TABLE t SET (history_retention = 'soon')", '22023'],
    ["ALTER TABLE t SET (history_retention = INTERVAL '-1 day')", '22023'],
  ])('%s', async (sql, code) => {
    await database.db.execute('CREATE TABLE plain (id INTEGER); CREATE VIEW v AS FROM t');
    const text = sql.replaceAll('{v}', String(await database.version()));
    await expect(database.db.execute(text)).rejects.toMatchObject({ code });
  });

  test('a mistake behind AT is shown where it is', async () => {
    const text = `SELECT *\nFROM t AT (VERSION => ${await database.version()})\nWHERE nothing > 1`;
    await expect(database.db.execute(text)).rejects.toThrow(/LINE 3: WHERE nothing > 1\n {14}\^/);
  });
});

describe('how long versions are kept', () => {
  const files = async (folder: string): Promise<number> => (await readdir(join(database.folder, folder, '1'))).length;

  test('as long as the table says, and then their files go', async () => {
    const first = await commit('INSERT INTO t SELECT range, 1 FROM range(100)');
    const second = await commit('DELETE FROM t WHERE id < 50');
    await commit('VACUUM t');
    const count = (version: number): Promise<unknown> =>
      database.value(`SELECT count(*)::INTEGER FROM t AT (VERSION => ${version})`);
    expect([await count(first), await count(second)]).toEqual([100, 50]);
    expect(Number(await database.value('SELECT history_bytes FROM alopex.tables'))).toBeGreaterThan(0);
    database.clock.wallMs += 3_500_000;
    await database.db.execute('CHECKPOINT');
    expect(await count(second)).toBe(50);
    database.clock.wallMs += 200_000;
    await database.db.execute('CHECKPOINT');
    await expect(count(second)).rejects.toMatchObject({ code: '55000' });
    expect(await database.value('SELECT history_bytes FROM alopex.tables')).toBe(0n);
    await vi.waitFor(async () => expect([await files('segments'), await files('history')]).toEqual([1, 0]));
    expect(await count(await database.version())).toBe(50);
  });

  test('a reader that is at work keeps the files that it reads', async () => {
    const first = await commit('INSERT INTO t SELECT range, 1 FROM range(3000)');
    await commit('VACUUM t');
    await commit('DELETE FROM t');
    await commit('VACUUM t');
    const reader = database.db.stream(`SELECT id FROM t AT (VERSION => ${first})`)[Symbol.asyncIterator]();
    let count = (await reader.next()).value?.numRows ?? 0;
    database.clock.wallMs += 10_000_000;
    await database.db.execute('CHECKPOINT');
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) count += next.value.numRows;
    expect(count).toBe(3000);
    await database.db.execute('CHECKPOINT');
    await vi.waitFor(async () => expect(await files('segments')).toBe(0));
  });

  test('no more than the limit', async () => {
    await database.remove();
    database = await HistoryDatabase.open({ limits: { historyBytes: 1500 } });
    await database.db.execute("CREATE TABLE t (id INTEGER) WITH (history_retention = INTERVAL '1 year')");
    const versions: number[] = [];
    for (let step = 0; step < 8; step++) {
      versions.push(await commit(`INSERT INTO t SELECT ${step}`));
      await database.db.execute('CHECKPOINT');
    }
    expect(Number(await database.value('SELECT history_bytes FROM alopex.tables'))).toBeLessThanOrEqual(1500);
    await expect(database.rows(`FROM t AT (VERSION => ${versions[0]})`)).rejects.toMatchObject({
      code: '55000',
      hint: expect.stringMatching(/^The oldest that is kept is version \d+, of 2026-01-31 /) as string,
    });
    expect(await database.value(`SELECT count(*)::INTEGER FROM t AT (VERSION => ${versions[7]})`)).toBe(8);
  });

  test('not without the option, from which on they are', async () => {
    const first = await commit('INSERT INTO t VALUES (1, 1)');
    await commit('CHECKPOINT');
    await commit('ALTER TABLE t SET (history_retention = NULL)');
    await expect(database.rows(`FROM t AT (VERSION => ${first})`)).rejects.toMatchObject({ code: '55000' });
    await vi.waitFor(async () => expect(await files('history')).toBe(0));
    await commit("ALTER TABLE t SET (history_retention = INTERVAL '1 day')");
    const version = await database.version();
    await commit('DELETE FROM t');
    expect(await database.rows(`FROM t AT (VERSION => ${version})`)).toEqual(['{"id":1,"n":1}']);
    await expect(database.rows(`FROM t AT (VERSION => ${first})`)).rejects.toMatchObject({ code: '55000' });
  });

  test('a dropped table takes its history along', async () => {
    await commit('INSERT INTO t VALUES (1, 1)');
    await database.db.execute('CHECKPOINT; DROP TABLE t');
    await vi.waitFor(async () => expect(await readdir(join(database.folder, 'history'))).toEqual([]));
  });
});
