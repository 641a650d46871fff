import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ScanReport } from '../../engine/sql/plan/scan-report.ts';
import { expectSameRows } from '../differential/test-support/same-rows.ts';
import { Monthly } from './test-support/monthly.ts';

/** Query → files read of twelve. */
const QUERIES: readonly (readonly [sql: string, files: number])[] = [
  ['SELECT count(*) FROM t', 0],
  ['SELECT COUNT(*) AS n, count() FROM main_t AS x', 12],
  ['SELECT count(*) AS "how many", count() FROM t', 0],
  ['SELECT count(*) FROM t WHERE id >= 11000', 0],
  ['SELECT count(*) AS n FROM t WHERE id >= 2010 AND id <= 9005', 2],
  ["SELECT count() FROM t AS x WHERE x.ts >= '2001-03-01' AND st.b < 'k'", 8],
  ["SELECT count(*) FROM t WHERE note IS NULL AND id > 0 AND s <> 'a07'", 1],
  ["SELECT count(*) FROM t WHERE note LIKE 'note%' OR id < 1000", 0],
  ["SELECT count(*) FROM t WHERE s LIKE 'c%' AND id >= 2000", 0],
  ["SELECT count(*) FROM t WHERE s LIKE 'c%5'", 1],
  ['SELECT count(*) FROM t WHERE f < 100', 12],
  ['SELECT count(*) FROM t WHERE id = NULL', 0],
  ['SELECT count(*), sum(id) FROM t WHERE id >= 2000', 10],
  ['SELECT count(*) FROM t WHERE id >= 2000 AND n = 3', 10],
  ["SELECT count(*) FROM t WHERE date_trunc('month', ts) >= '2001-11-01'", 0],
  ['SELECT min(id), max(ts) FROM t WHERE id BETWEEN 2010 AND 9005', 4],
  ['SELECT max(id) FROM t WHERE id < 5000', 1],
  ['SELECT max(id) FROM t WHERE n = 3', 12],
  ['SELECT count(f) FROM t', 12],
  ['SELECT count(*) FROM t LIMIT 0', 12],
  ['SELECT min(ts), max(ts) FROM t', 2],
  ['SELECT max(id) AS top FROM t', 1],
  ['SELECT min(f), max(note) FROM t', 12],
  ['SELECT min(n), max(n) FROM t', 1],
  ['SELECT max(dec), min(d) FROM t;', 2],
  ['SELECT min(note) FROM t', 12],
  ['SELECT max(id) FROM t GROUP BY n', 12],
  ['SELECT id, s FROM t ORDER BY ts DESC LIMIT 5', 1],
  ['SELECT id, n, s FROM t ORDER BY id LIMIT 20', 1],
  ['SELECT s, id FROM t ORDER BY id ASC NULLS LAST LIMIT 20 OFFSET 1', 2],
  ['SELECT t.id AS n1, f FROM t ORDER BY f DESC, id LIMIT 17', 2],
  ['SELECT id FROM t ORDER BY n, id LIMIT 5', 12],
  ['SELECT id FROM t ORDER BY f DESC NULLS FIRST, id LIMIT 5', 12],
  ['SELECT id FROM t ORDER BY id NULLS FIRST LIMIT 5', 1],
  ['SELECT id, n + 1 AS m, -dec FROM t ORDER BY t.id DESC LIMIT 5', 1],
  ['SELECT id, note FROM t ORDER BY note NULLS FIRST, id LIMIT 5', 12],
  ['SELECT id, note FROM t ORDER BY note, id LIMIT 5', 1],
  ['SELECT -id AS id FROM t ORDER BY id LIMIT 5', 12],
  ['SELECT id, f AS ts FROM t ORDER BY ts LIMIT 5', 12],
  ['SELECT DISTINCT b FROM t ORDER BY b LIMIT 5', 12],
  ['SELECT id, sum(id) OVER () FROM t ORDER BY id LIMIT 5', 12],
  ['SELECT id FROM t WHERE n = 3 ORDER BY id LIMIT 1', 1],
  ['SELECT id FROM t WHERE n = 3 ORDER BY id DESC LIMIT 2 OFFSET 2', 2],
  ['SELECT id FROM t AS x WHERE x.n = 3 AND abs(n) = 3 ORDER BY x.ts LIMIT 4', 2],
  ['SELECT id FROM t WHERE n = 30 ORDER BY id LIMIT 1', 0],
  ["SELECT id FROM t WHERE s LIKE '%19' ORDER BY id LIMIT 3", 3],
  ["SELECT id FROM t WHERE s LIKE '%19' ORDER BY id LIMIT 4", 12],
  ['SELECT id FROM t WHERE random() >= 0 ORDER BY id LIMIT 1', 12],
  ['SELECT id FROM t WHERE id >= 2000 ORDER BY id LIMIT 1', 1],
  ['SELECT id FROM t WHERE id >= 2010 ORDER BY id LIMIT 12', 2],
  ['SELECT id FROM t WHERE id < 9005 ORDER BY id DESC LIMIT 4 OFFSET 5', 2],
  [
    "SELECT id FROM t WHERE tz > now() - INTERVAL 400 DAY OR d > current_date - 400 OR ts > today() - INTERVAL '1 year'",
    0,
  ],
  ["SELECT count(*) FROM t WHERE tz < now() AND ts < '2001-02-01'", 1],
  ['SELECT id FROM (SELECT * FROM t WHERE n = 3) AS x WHERE id < 1000', 1],
  ["WITH recent AS (SELECT * FROM t WHERE ts >= '2001-12-01') SELECT id FROM recent", 1],
  ['SELECT id FROM late', 1],
  ['SELECT a.id FROM t AS a JOIN t AS b ON a.id = b.id WHERE a.id = 5', 1],
  ['SELECT id FROM t WHERE id = 5 UNION ALL SELECT id FROM t WHERE id = 11005', 2],
  ['SELECT id FROM t WHERE EXISTS (SELECT 1 FROM t AS o WHERE o.id = t.id + 1000 AND o.n = 1) AND id < 1000', 12],
  ['SELECT (FROM (SELECT max(x.id) FROM t AS x)) AS m, id FROM t WHERE id = 5', 12],
];

describe.each(['hot', 'cold', 'split'] as const)('%s', (tier) => {
  let table: Monthly;
  beforeAll(async () => {
    table = await Monthly.open(tier);
    await table.run("CREATE VIEW late AS SELECT * FROM t WHERE ts >= '2001-12-01'");
    await table.run('CREATE VIEW main_t AS SELECT * FROM t');
  }, 60_000);
  afterAll(() => table.close());

  test.each(QUERIES)('%s', async (sql, files) => {
    const { rows, scans } = await table.ours.answer(sql);
    expectSameRows(rows, await table.plain.rows(sql), 'none');
    expect(filesRead(scans)).toBe(files);
  });

  test('the columns are named and typed as by the kernel', async () => {
    const described = 'SELECT column_name, column_type FROM (DESCRIBE SELECT count(*), count() AS n FROM t)';
    const { rows } = await table.ours.answer('SELECT count(*) FROM t');
    expect(rows).toEqual(await table.plain.rows('SELECT count(*) FROM t'));
    expect(await table.ours.rows(described)).toEqual(await table.plain.rows(described));
  });
});

test('deleted and new rows count, and bounds of rows that are gone do not', async () => {
  const table = await Monthly.open('split');
  try {
    await table.run('DELETE FROM t WHERE id IN (0, 1, 11019, 5003)');
    await table.run("INSERT INTO t (id, n, ts) VALUES (20000, 5, '2002-01-01'), (-7, 3, '2000-06-01')");
    await table.run('UPDATE t SET id = id + 50000, ts = ts + INTERVAL 2 YEAR WHERE id = 6001');
    for (const sql of [
      'SELECT count(*) FROM t',
      'SELECT min(id), max(id), min(ts), max(ts) FROM t',
      'SELECT id, ts FROM t ORDER BY id LIMIT 3',
      'SELECT id, ts FROM t ORDER BY ts DESC LIMIT 25',
      'SELECT id, f FROM t ORDER BY f, id LIMIT 20',
    ]) {
      const { rows } = await table.ours.answer(sql);
      expectSameRows(rows, await table.plain.rows(sql), 'none');
    }
  } finally {
    await table.close();
  }
}, 60_000);

test('EXPLAIN says why files are not read', async () => {
  const table = await Monthly.open('split');
  try {
    const why = async (sql: string): Promise<string> => {
      const rows = await table.ours.rows(`EXPLAIN ${sql}`);
      return /pruned {2}(.*)/.exec(String(rows[0]?.[1]))?.[1] ?? '';
    };
    expect(await why('SELECT * FROM t WHERE id = 5')).toBe('11 files by bounds and null counts');
    expect(await why('SELECT * FROM t ORDER BY id LIMIT 5')).toBe('11 files by the order of the rows wanted');
    expect(await why('SELECT max(id) FROM t')).toBe('11 files by the least and greatest values');
    expect(await why('SELECT count(*) FROM t')).toBe('12 files by row counts');
  } finally {
    await table.close();
  }
}, 60_000);

function filesRead(scans: readonly ScanReport[]): number {
  const files = scans.map(({ hot, cold }) => hot.filesRead + cold.filesRead);
  return Math.max(0, ...files);
}
