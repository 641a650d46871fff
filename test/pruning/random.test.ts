import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectSameRows } from '../differential/test-support/same-rows.ts';
import { Monthly } from './test-support/monthly.ts';

const OPERATORS = ['=', '<>', '<', '<=', '>', '>='] as const;
const ids = fc.integer({ min: -100, max: 12_100 });
const days = fc
  .integer({ min: 0, max: 400 })
  .map((day) => `'${new Date(Date.UTC(2000, 11, 20 + day)).toISOString().slice(0, 10)}'`);
const texts = fc.constantFrom("'a01'", "'c05'", "'c'", "'l19'", "''", "'m'", "'g1'");

function comparison(operand: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...OPERATORS), value, fc.boolean())
    .map(([operator, constant, mirrored]) =>
      mirrored ? `${String(constant)} ${operator} ${operand}` : `${operand} ${operator} ${String(constant)}`,
    );
}

const leaf: fc.Arbitrary<string> = fc.oneof(
  comparison('id', ids),
  comparison(
    'id',
    ids.map((id) => `${id}.5`),
  ),
  comparison('n', fc.integer({ min: -1, max: 8 })),
  comparison('f', fc.constantFrom('3.04', '11', '0.5', "'nan'::DOUBLE")),
  comparison('r', fc.constantFrom('3.015625', '0.1', '7')),
  comparison('dec', fc.constantFrom('3.05', '3.055', '11', '0.1::DOUBLE')),
  comparison('st.a', fc.integer({ min: 0, max: 120 })),
  comparison('s', texts),
  comparison('left(s, 1)', texts),
  comparison(
    'd',
    days.map((day) => `DATE ${day}`),
  ),
  comparison(
    'd',
    days.map((day) => `TIMESTAMP ${day}`),
  ),
  comparison('ts', days),
  comparison('tz', days),
  comparison('ts::DATE', days),
  comparison('year(ts)', fc.integer({ min: 2000, max: 2003 })),
  comparison("date_trunc('month', ts)", days),
  fc.tuple(ids, ids).map(([from, to]) => `id BETWEEN ${from} AND ${to}`),
  fc.array(ids, { minLength: 1, maxLength: 14 }).map((list) => `id IN (${list.join(', ')})`),
  fc.array(ids, { minLength: 1, maxLength: 3 }).map((list) => `id NOT IN (${list.join(', ')})`),
  fc.tuple(ids, fc.constantFrom(...OPERATORS)).map(([id, operator]) => `(id, n) ${operator} (${id}, 3)`),
  fc.constantFrom(
    'note IS NULL',
    'note IS NOT NULL',
    'f IS NULL',
    'b',
    'NOT b',
    "s LIKE 'c%'",
    "s NOT LIKE 'c%'",
    "s LIKE '_0%'",
  ),
  fc.constantFrom(
    "note LIKE 'note 1%'",
    'id IS DISTINCT FROM 5003',
    'b IS NOT DISTINCT FROM true',
    'abs(id) < 30',
    'NULL',
    'true',
  ),
);

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small' },
    leaf,
    tie('condition').map((inner) => `NOT (${inner})`),
    fc
      .tuple(fc.array(tie('condition'), { minLength: 2, maxLength: 3 }), fc.constantFrom(' AND ', ' OR '))
      .map(([children, word]) => `(${children.join(word)})`),
  ),
}));

let table: Monthly;
beforeAll(async () => {
  table = await Monthly.open('split');
  await table.run('DELETE FROM t WHERE id % 1000 IN (0, 19) AND n < 4');
  await table.run("UPDATE t SET ts = ts + INTERVAL 100 DAY, s = 'zz', f = NULL WHERE id % 500 = 7");
  await table.run("INSERT INTO t (id, s, f) VALUES (5003, 'c05', 'nan'), (-50, NULL, 3.04)");
}, 60_000);
afterAll(() => table.close());

test('no row is lost to pruning, whatever the condition', async () => {
  let pruned = 0;
  await fc.assert(
    fc.asyncProperty(condition, fc.boolean(), async (where, simple) => {
      const sql = simple
        ? `SELECT id, s FROM t WHERE ${where}`
        : `SELECT id, s FROM (SELECT * FROM t) AS x WHERE ${where}`;
      const { rows, scans } = await table.ours.answer(sql);
      for (const { hot, cold } of scans) pruned += hot.filesPruned + cold.filesPruned;
      expectSameRows(rows, await table.plain.rows(sql), 'none');
    }),
    { seed: 7, numRuns: 250 },
  );
  expect(pruned).toBeGreaterThan(500);
}, 60_000);

test('the first rows by any column are the first rows of all, with and without a condition', async () => {
  let cut = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('id', 'n', 's', 'ts', 'f', 'r', 'dec', 'note'),
      fc.constantFrom('', ' ASC', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST', ' DESC NULLS FIRST'),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 0, max: 30 }),
      fc.option(condition, { nil: 'true' }),
      async (column, order, limit, offset, where) => {
        const sql = `SELECT id, ${column === 'id' ? 's' : column} FROM t WHERE ${where} ORDER BY ${column}${order}, id, ts LIMIT ${limit} OFFSET ${offset}`;
        const { rows, scans } = await table.ours.answer(sql);
        for (const { pruned } of scans) for (const { reason, files } of pruned) if (reason === 'order') cut += files;
        expectSameRows(rows, await table.plain.rows(sql), 'total');
      },
    ),
    { seed: 11, numRuns: 120 },
  );
  expect(cut).toBeGreaterThan(100);
}, 60_000);

test('counts and extremes of what matches are those of all rows, whatever the condition', async () => {
  let known = 0;
  await fc.assert(
    fc.asyncProperty(
      condition,
      fc.constantFrom('count(*)', 'count(*) AS n, count()', 'min(id), max(ts)', 'max(f), min(dec)', 'min(tz)'),
      async (where, items) => {
        const sql = `SELECT ${items} FROM t WHERE ${where}`;
        const { rows, scans } = await table.ours.answer(sql);
        for (const { pruned } of scans) for (const { reason, files } of pruned) if (reason !== 'bounds') known += files;
        expectSameRows(rows, await table.plain.rows(sql), 'total');
      },
    ),
    { seed: 13, numRuns: 120 },
  );
  expect(known).toBeGreaterThan(100);
}, 60_000);
