import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestKernel, type TestKernel } from '../../kernel/test-support/open-kernel.ts';
import { fieldIdsFrom } from '../../table/data-type.ts';
import type { SourceRows } from '../../table/source-rows.ts';
import { parseDataType } from '../../table/type-parser.ts';
import type { TableVersion } from '../../table/version.ts';
import { cutBySortKey } from './key-cuts.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await openTestKernel();
});
afterAll(() => kernel.close());

test.each([
  ['INTEGER', 'i - 1000'],
  ['DOUBLE', 'i * 1e3 - 0.5'],
  ['VARCHAR', 'i'],
  ['DATE', "DATE '0010-01-01' - (i * 100)::INTEGER"],
  ['UHUGEINT', 'i'],
  ['BIT', '(i + 1)::BIT'],
  ['TIMESTAMP_NS', "CASE WHEN i < 9 THEN '-infinity'::TIMESTAMP_NS ELSE make_timestamp_ns(i * 999999999) END"],
  ['TIME WITH TIME ZONE', "format('12:00:{:02d}-00:00:{:02d}', i % 60, i // 60 + 1)"],
  ['INTERVAL', 'to_microseconds(-9223372036854775808 + i) + to_months(i::INTEGER - 1000)'],
  ["ENUM('z', 'it''s', 'b', 'a')", "['z', 'it''s', 'b', 'a'][1 + i % 4]"],
  ['BLOB', "unhex(format('{:04x}', i))"],
])('%s keys are cut into parts that hold each row once, in order', async (type, value) => {
  const { connection } = kernel;
  await connection.run(
    `CREATE OR REPLACE TABLE t AS SELECT CASE WHEN i % 7 > 0 THEN CAST(${value} AS ${type}) END AS "the key" FROM range(2000) AS r(i)`,
  );
  const column = { id: 1, name: 'the key', type: parseDataType(type, 'c', fieldIdsFrom(1)), required: false };
  const version = { schema: { columns: [column] }, options: { sortBy: [1] } } as unknown as TableVersion;
  const rows = { relation: (condition: string) => `(SELECT * FROM t WHERE ${condition})` } as unknown as SourceRows;
  const cuts = await cutBySortKey(connection, version, rows, 5);
  expect(cuts.length).toBeGreaterThan(type.startsWith('ENUM') ? 2 : 4);
  const parts = cuts.map((condition, part) => `SELECT ${part} AS part, "the key" AS k FROM t WHERE ${condition}`);
  const relation = parts.join(' UNION ALL ');
  expect(await connection.rows(`SELECT count(*)::INTEGER AS n FROM (${relation})`)).toEqual([{ n: 2000 }]);
  const disordered = `SELECT count(*)::INTEGER AS n FROM (SELECT k, lag(k) OVER (ORDER BY part, k NULLS FIRST) AS previous FROM (${relation})) WHERE k < previous`;
  expect(await connection.rows(disordered)).toEqual([{ n: 0 }]);
});
