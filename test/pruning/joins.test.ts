import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectSameRows } from '../differential/test-support/same-rows.ts';
import { Monthly } from './test-support/monthly.ts';

/** Query → files of the large table read of twelve. */
const QUERIES: readonly (readonly [sql: string, files: number])[] = [
  ["SELECT t.id, name FROM t JOIN wanted ON t.id = k WHERE name = 'x'", 2],
  ["SELECT t.id, name FROM wanted, t WHERE k = t.id AND name = 'x'", 2],
  ["SELECT id FROM t WHERE id IN (SELECT k FROM wanted WHERE name = 'x')", 2],
  ['SELECT id FROM t WHERE id IN (SELECT k FROM wanted)', 3],
  ["SELECT id FROM t WHERE EXISTS (FROM wanted WHERE k = t.id AND name LIKE 'x%')", 12],
  ["SELECT id, name FROM wanted LEFT JOIN t ON t.id = k WHERE name = 'x'", 2],
  ["SELECT id, name FROM t LEFT JOIN wanted ON t.id = k AND name = 'x'", 12],
  ["SELECT id FROM t WHERE id NOT IN (SELECT k FROM wanted WHERE name = 'x')", 12],
  ['SELECT id FROM t ANTI JOIN wanted ON t.id = k', 12],
  ["SELECT id FROM t JOIN wanted ON t.id = k WHERE name = 'nobody'", 0],
  ["SELECT id FROM t JOIN wanted ON t.id = k + 1 WHERE name = 'x'", 12],
  ['SELECT t.id FROM t JOIN days ON t.d = days.d WHERE festive', 2],
  ["SELECT t.id FROM t JOIN days ON t.d = days.d JOIN wanted ON t.id = k WHERE festive AND name = 'y'", 0],
  ['SELECT t.id FROM t JOIN days ON t.d = days.d OR t.id = 1', 12],
  ["SELECT x.id FROM (SELECT id + 1000 AS id, n FROM t) AS x JOIN wanted ON x.id = k WHERE name = 'x'", 12],
  ["WITH w AS MATERIALIZED (SELECT k FROM wanted WHERE name = 'x') SELECT t.id FROM t JOIN w ON t.id = k", 12],
  ["SELECT a.id, b.id FROM t AS a JOIN t AS b ON a.id = b.id JOIN wanted ON a.id = k WHERE name = 'x'", 12],
];

describe.each(['hot', 'cold'] as const)('%s', (tier) => {
  let table: Monthly;
  beforeAll(async () => {
    table = await Monthly.open(tier);
    await table.run('CREATE TABLE wanted (k BIGINT, name VARCHAR)');
    await table.run("INSERT INTO wanted VALUES (3, 'x'), (9011, 'x'), (500, 'x'), (7007, 'y'), (NULL, 'x')");
    await table.run('CREATE TABLE days (d DATE, festive BOOLEAN)');
    await table.run("INSERT INTO days VALUES ('2001-05-01', true), ('2001-12-25', true), ('2001-06-03', false)");
  }, 60_000);
  afterAll(() => table.close());

  test.each(QUERIES)('%s', async (sql, files) => {
    const { rows, scans } = await table.ours.answer(sql);
    expectSameRows(rows, await table.plain.rows(sql), 'none');
    const scan = scans.find((each) => each.table === 't');
    expect((scan?.hot.filesRead ?? 0) + (scan?.cold.filesRead ?? 0)).toBe(files);
  });
});
