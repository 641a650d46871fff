import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Parameters } from '../../engine/ports/kernel.ts';
import { expectSameRows } from '../differential/test-support/same-rows.ts';
import { Monthly } from './test-support/monthly.ts';

/** Condition → files read of twelve. */
const CONDITIONS: readonly (readonly [condition: string, files: number, parameters?: Parameters])[] = [
  ['id = 3005', 1],
  ['id = 3500', 0],
  ["id = '3005'", 1],
  ['id <> 3005', 12],
  ['id < 2000', 2],
  ['id <= 2000', 3],
  ['3000 > id', 3],
  ['id BETWEEN 3010 AND 5000', 3],
  ['id NOT BETWEEN 1000 AND 10999', 2],
  ['id IN (1, 5001, 11001)', 3],
  ['id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 9001)', 2],
  ['id NOT IN (1, 2)', 12],
  ['id >= 1000.5 AND id < 2000.5', 2],
  ['id + 1 = 3006', 1],
  ['NOT (id >= 1000)', 1],
  ['NOT (id < 11000 OR s IS NULL)', 1],
  ['id < 1000 OR id > 11000', 2],
  ["(id < 1000 AND s = 'a01') OR (id > 11000 AND s = 'l02')", 2],
  ["id = 5 OR s = 'c03'", 2],
  ['note IS NOT NULL', 1],
  ['note IS NULL', 11],
  ["note = 'note 3'", 1],
  ["note LIKE 'note%'", 1],
  ['f IS NULL', 12],
  ['id IS NULL', 0],
  ['b', 1],
  ['NOT b', 11],
  ['b IS NOT DISTINCT FROM true', 1],
  ["s = 'c05'", 1],
  ["s LIKE 'c%'", 1],
  ["s LIKE 'c0_'", 1],
  ["s NOT LIKE 'c%'", 12],
  ["starts_with(s, 'd')", 1],
  ["s ^@ 'd'", 1],
  ["prefix(s, 'd')", 1],
  ["left(s, 1) = 'e'", 1],
  ["substring(s, 1, 1) IN ('e', 'f')", 2],
  ["s BETWEEN 'b' AND 'd'", 2],
  ["s IN ('a01', 'l19')", 2],
  ["lower(s) = 'a01'", 12],
  ["ts >= '2001-11-01'", 2],
  ["ts >= TIMESTAMP '2001-11-01' AND ts < TIMESTAMP '2001-12-01'", 1],
  ["ts::DATE = DATE '2001-03-04'", 1],
  ["ts::DATE BETWEEN '2001-03-04' AND '2001-04-02'", 2],
  ["CAST(ts AS DATE) < '2001-02-01'", 1],
  ["date_trunc('month', ts) = '2001-05-01'", 1],
  ["date_trunc('month', ts) >= DATE '2001-11-01'", 2],
  ["date_trunc('day', tz) = '2001-05-01'", 1],
  ['year(ts) = 2001', 12],
  ['year(ts) = 2002', 0],
  ['extract(year FROM d) < 2001', 0],
  ['month(ts) = 5', 12],
  ["d = DATE '2001-03-01'", 1],
  ["d >= TIMESTAMP '2001-12-01 00:00:00'", 1],
  ["d IN ('2001-03-01', '2001-04-01')", 2],
  ["tz < '2001-02-01'", 1],
  ["tz < '2001-02-01 00:00:00+00'::TIMESTAMPTZ", 1],
  ['f > 11', 1],
  ['f = 3.04', 1],
  ['r = 3.015625', 1],
  ['r < 1', 1],
  ['dec = 3.05', 1],
  ['dec > 11.005', 1],
  ['dec BETWEEN 1 AND 2.01', 2],
  ["u = '00000000-0000-0000-0000-000000000305'", 1],
  ['st.a = 25', 1],
  ["st.b = 'c'", 1],
  ["st['b'] = 'c'", 1],
  ['st.a IS NULL', 12],
  ['(id, n) = (3001, 1)', 1],
  ['(id, n) > (11000, 1)', 1],
  ['abs(id) = 3001', 12],
  ['id = 3001 AND abs(n) = 1', 1],
  ['id % 10 = 3', 12],
  ['id = NULL', 12],
  ['id = $1', 1, [3005]],
  ['id = $1', 1, [3005n]],
  ['id = $1', 1, ['3005']],
  ['id = $id', 1, { id: 4005 }],
  ['id IN ($1, $2)', 2, [1, 2001]],
  ['id > $1 AND id < $2', 1, [3500.5, 5000]],
  ['id = $1', 0, [null]],
  ['id = $1 OR id = 5', 1, [null]],
  ['s = $1', 1, ['c05']],
  ['s LIKE $1', 1, ['c%']],
  ['ts >= $1', 2, ['2001-11-01']],
  ['ts >= $1', 2, [new Date('2001-11-01T00:00:00Z')]],
  ['tz >= $1', 2, [new Date('2001-11-01T00:00:00Z')]],
  ['d >= $1', 2, [new Date('2001-11-01T00:00:00Z')]],
  ['dec > $1', 2, [10.05]],
  ['f > $1', 2, [10.05]],
  ['lower(s) = $1', 12, ['c05']],
  ['b = $1', 1, [true]],
];

describe.each(['hot', 'cold'] as const)('%s', (tier) => {
  let table: Monthly;
  beforeAll(async () => {
    table = await Monthly.open(tier);
  }, 60_000);
  afterAll(() => table.close());

  test.each(CONDITIONS.map(([condition, files, parameters]) => ({ condition, files, parameters })))(
    '$condition reads $files files',
    async ({ condition, files, parameters }) => {
      const sql = `SELECT id, s, ts FROM t WHERE ${condition}`;
      const { rows, scans } = await table.ours.answer(sql, parameters);
      const [scan] = scans;
      expect((scan?.hot.filesRead ?? 0) + (scan?.cold.filesRead ?? 0)).toBe(files);
      expectSameRows(rows, await table.plain.rows(sql, parameters ?? []), 'none');
    },
  );
});
