import { expect, test } from 'vitest';
import type { RecordOutcome, RecordResult } from '../../engine/sql/sqllogic/script-result.ts';
import { castQuery } from './column-type.ts';
import { scriptReason, statementNotApplicable } from './not-applicable.ts';
import { printedSummary } from './print-summary.ts';
import { rootCauses } from './root-causes.ts';
import { normalizedReason, summarize } from './tally.ts';

let line = 0;
const record = (sql: string, outcome: RecordOutcome): RecordResult => ({ line: ++line, sql, outcome });
const failed = (sql: string, reason: string): RecordResult => record(sql, { kind: 'failed', reason });
const passed = (sql: string, byKind = false): RecordResult => record(sql, { kind: 'passed', byKind });

const setFailed = failed("SET x = 'y'", '0A000 SET is not supported');
const createFailed = failed('CREATE VIEW v2 AS SELECT 1', '0A000 CREATE VIEW is not supported');
const missing = failed('SELECT * FROM v2', '42P01 Catalog Error: Table with name v2 does not exist!');
const wrong = failed('SELECT 1', 'wrong value in row 1, column 1: expected "1", found "2"');
const records = [passed('SELECT 0'), setFailed, createFailed, missing, wrong, passed('SELECT 2', true)];

test('failures go back to what they follow from', () => {
  expect([...rootCauses(records)]).toEqual([
    [setFailed, setFailed],
    [createFailed, createFailed],
    [missing, createFailed],
    [wrong, setFailed],
  ]);
  expect([...rootCauses([wrong, missing])]).toEqual([
    [wrong, wrong],
    [missing, missing],
  ]);
});

test('the summary counts by folder and by reason', () => {
  const result = { broken: undefined, elapsedMs: 1 };
  const summary = summarize(
    [
      { ...result, path: 'a/x.test', records, skipped: undefined },
      { ...result, path: 'b/y.test', records: [record('A', { kind: 'skipped', reason: 'no' })], skipped: 'no' },
      { ...result, path: 'b/z.test', records: [], skipped: undefined, broken: 'line 1: bad' },
      { ...result, path: 'b/w.test', records: [passed('A')], skipped: undefined },
    ],
    (path) => path.split('/')[0] ?? '',
  );
  expect(summary.folders).toEqual([
    { folder: 'a', files: 1, filesPassed: 0, filesSkipped: 0, passed: 2, passedByKind: 1, failed: 4, skipped: 0 },
    { folder: 'b', files: 3, filesPassed: 1, filesSkipped: 1, passed: 1, passedByKind: 0, failed: 1, skipped: 1 },
  ]);
  expect(summary.total).toMatchObject({ files: 4, passed: 3, failed: 5, skipped: 1 });
  expect(summary.failing.map(({ reason, count, following }) => [reason, count, following])).toEqual([
    ['0A000 SET is not supported', 1, 1],
    ['0A000 CREATE VIEW is not supported', 1, 1],
    ['broken: line #: bad', 1, 0],
  ]);
  const text = printedSummary(summary, 2);
  expect(text).toContain('| all | 4 | 1 | 1 | 8 | 3 | 1 | 5 | 37.5 | 1 |');
  expect(text).toContain('1 + 1  0A000 SET is not supported  (1 files, a/x.test:');
  expect(text).toContain('and 1 other reasons');
});

test.each([
  ['42P01 table "a b" does not exist\nLINE 1', '42P01 table "…" does not exist'],
  ["22003 value '7' of 12 rows", "22003 value '…' of # rows"],
  ['wrong value in row 3, column 1: expected "a", found "b"', 'wrong value'],
  ['another error is expected: x — found: 0A000 no\nmore', 'another error is expected — found: 0A000 no'],
])('%s', (reason, normalized) => {
  expect(normalizedReason(reason)).toBe(normalized);
});

test('queries that give text can be made of queries only', () => {
  expect(castQuery('SELECT 1 AS a, 2 AS a;', 2)).toBe(
    'SELECT CAST(result_1 AS VARCHAR), CAST(result_2 AS VARCHAR) FROM (\nSELECT 1 AS a, 2 AS a\n) AS results(result_1, result_2)',
  );
  expect(castQuery('WITH x AS (SELECT 1) FROM x', 1)).toBeDefined();
  expect(castQuery('INSERT INTO t VALUES (1) RETURNING a', 1)).toBeUndefined();
  expect(castQuery('WITH x AS (SELECT 1) DELETE FROM t RETURNING a', 1)).toBeUndefined();
});

test.each([
  ['PRAGMA enable_verification', true],
  ['pragma verify_external;', true],
  ['SET debug_force_external = true', true],
  ["ATTACH 'x.db'", true],
  ["SELECT * FROM pragma_storage_info('t')", true],
  ['PRAGMA threads = 4', false],
  ['SET threads = 4', false],
  ["SELECT 'attach'", false],
])('%s', (sql, excluded) => {
  expect(statementNotApplicable(sql) !== undefined).toBe(excluded);
});

test('scripts are left out by path', () => {
  expect(scriptReason('test/sql/types/geo/geometry_shred_more.test')).toBeDefined();
  expect(scriptReason('test/sql/select/test_select_into.test')).toBeUndefined();
});
