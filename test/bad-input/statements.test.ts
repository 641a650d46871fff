import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlopexDB } from '../../index.ts';
import { makeFolder, openTiered } from './database.ts';
import { expectError, expectRefused, failure, type ExpectedError } from './refusal.ts';

let folder: string;
let db: AlopexDB;

beforeAll(async () => {
  folder = await makeFolder();
  db = await openTiered(folder);
});

afterAll(async () => {
  // Nothing of what was refused stands in the way of the next statement.
  expect(await db.execute(`INSERT INTO t VALUES (9999, '2024-05-01', 1, 'after all', 1)`)).toEqual([
    { command: 'INSERT', rowCount: 1 },
  ]);
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

const COLUMNS = /^Its columns are id, ts, v, s/;

describe('table options', () => {
  test.each<[options: string, expected: ExpectedError]>([
    [
      `sort_bye = 'ts'`,
      { code: '22023', message: 'unknown option "sort_bye"', hint: /^The options are sort_by, partition_by, / },
    ],
    [
      `tier_column = 'nope'`,
      {
        code: '42703',
        message: 'option "tier_column" names column "nope", which the table does not have',
        hint: COLUMNS,
      },
    ],
    [`sort_by = 'ts, nope'`, { code: '42703', message: 'option "sort_by" names column "nope"', hint: COLUMNS }],
    [`partition_by = 'nope'`, { code: '42703', message: 'option "partition_by" names column "nope"', hint: COLUMNS }],
    [
      `partition_by = 'day(nope)'`,
      { code: '42703', message: 'option "partition_by" names column "nope"', hint: COLUMNS },
    ],
    [
      `partition_by = 'week(ts)'`,
      { code: '0A000', message: '"week" is not supported', hint: 'Use identity, year, month' },
    ],
    [
      `partition_by = 'month(v)'`,
      { code: '42804', message: 'column "v" of type DOUBLE', hint: 'take a DATE or TIMESTAMP' },
    ],
    [`tier_column = 's'`, { code: '42804', message: 'tier_column "s" has type VARCHAR', hint: 'Choose a column' }],
    [
      `tier_column = 'ts', tier_after = 'soon'`,
      { code: '22023', message: `option "tier_after" cannot be 'soon'`, hint: `INTERVAL '7 days'` },
    ],
  ])('%s is refused by CREATE TABLE and by ALTER TABLE', async (options, expected) => {
    await expectRefused(
      db,
      folder,
      `CREATE TABLE x (id BIGINT PRIMARY KEY, ts TIMESTAMP, v DOUBLE, s VARCHAR) WITH (${options})`,
      expected,
    );
    expectError(await failure(db.execute('SELECT * FROM x')), { code: '42P01', message: 'x', hint: '' });
    await expectRefused(db, folder, `ALTER TABLE t SET (${options})`, expected);
  });

  test('tier_after without a tier_column is refused', async () => {
    await expectRefused(db, folder, `CREATE TABLE x (ts TIMESTAMP) WITH (tier_after = INTERVAL '1 day')`, {
      code: '22023',
      message: 'need a tier_column',
      hint: `Add tier_column = '…'`,
    });
  });
});

describe('a wrong row in the middle of a batch', () => {
  const HINT = 'nothing of the statement was stored';

  /** 500 rows for VALUES, one of them wrong. */
  function values(wrong: string): string {
    const rows = Array.from({ length: 500 }, (_, index) => `(${10_000 + index}, '2024-05-01', 1, 'a', 1)`);
    return rows.with(250, wrong).join(', ');
  }

  test.each<[row: string, expected: ExpectedError]>([
    [`(10250, NULL, 1, 'a', 1)`, { code: '23502', message: 'NOT NULL constraint failed: t.ts', hint: HINT }],
    [`(NULL, '2024-05-01', 1, 'a', 1)`, { code: '23502', message: 'NOT NULL constraint failed: t.id', hint: HINT }],
    [`(10250, 'not a date', 1, 'a', 1)`, { code: '22007', message: 'not a date', hint: HINT }],
    [`(10250, '2024-05-01', 'abc', 'a', 1)`, { code: '22P02', message: `'abc' to DOUBLE`, hint: HINT }],
    [
      `(10250, '2024-05-01', 1, 'a', 100)`,
      { code: '23514', message: 'CHECK constraint failed on table t', hint: HINT },
    ],
    [
      `(10249, '2024-05-01', 1, 'a', 1)`,
      { code: '23505', message: '(id)=(10249) is given twice', hint: 'ON CONFLICT' },
    ],
    // In a cold file, in a hot segment, in memory.
    [`(6, '2024-05-01', 1, 'a', 1)`, { code: '23505', message: '(id)=(6) exists already', hint: 'ON CONFLICT' }],
    [`(1999, '2024-05-01', 1, 'a', 1)`, { code: '23505', message: '(id)=(1999) exists already', hint: 'ON CONFLICT' }],
    [`(5000, '2024-05-01', 1, 'a', 1)`, { code: '23505', message: '(id)=(5000) exists already', hint: 'ON CONFLICT' }],
  ])('%s is refused by INSERT with all the others', async (row, expected) => {
    await expectRefused(db, folder, `INSERT INTO t VALUES ${values(row)}`, expected);
  });

  test('is refused by a large INSERT … SELECT', async () => {
    const select = `SELECT 10000 + i, CASE WHEN i <> 60000 THEN TIMESTAMP '2024-05-01' END, 1, 'a', 1 FROM range(100000) AS r(i)`;
    await expectRefused(db, folder, `INSERT INTO t ${select}`, {
      code: '23502',
      message: 'NOT NULL constraint failed: t.ts',
      hint: HINT,
    });
  });

  test('is refused by UPDATE, in every tier', async () => {
    await expectRefused(db, folder, 'UPDATE t SET ts = CASE WHEN id <> 20 THEN ts END', {
      code: '23502',
      message: 'NOT NULL constraint failed: t.ts',
      hint: HINT,
    });
    await expectRefused(db, folder, 'UPDATE t SET id = id + 1 WHERE id IN (30, 1700)', {
      code: '23505',
      message: 'exists already',
      hint: 'ON CONFLICT',
    });
  });
});
