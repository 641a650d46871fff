import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AlopexDB, AlopexError } from '../../index.ts';

let folder: string;
let db: AlopexDB;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-errors-'));
  db = await AlopexDB.open(folder, { threads: 1 });
  await db.execute(`
    CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL CHECK (n < 1000), s VARCHAR UNIQUE, d DATE, g INTEGER AS (n + 1));
    INSERT INTO t (id, n, s) VALUES (1, 10, 'a'), (2, 20, 'b');
    CREATE VIEW v AS FROM t;
    CREATE SEQUENCE q;
  `);
});

afterAll(async () => {
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

/** The error of a text, in which `‸` marks where it should be; none where nothing is marked. */
async function failure(marked: string): Promise<{ error: AlopexError; expected: number | undefined; text: string }> {
  const text = marked.replace('‸', '');
  const at = marked.indexOf('‸');
  const error = await db.execute(text).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AlopexError)) throw new Error(`did not fail: ${text}`);
  return { error, expected: at < 0 ? undefined : Array.from(marked.slice(0, at)).length + 1, text };
}

describe('an error has its SQLSTATE, and the place in the text that was typed', () => {
  test.each([
    // Syntax
    ['42601', '‸SELEC 1'],
    ['42601', 'SELECT 1 +‸'],
    ['42601', 'SELECT 1 FROM t WHERE‸'],
    ['42601', "SELECT ‸'abc"],
    ['42601', 'DELETE ‸FORM t'],
    ['42601', 'UPDATE t n ‸= 1'],
    ['42601', 'INSERT INTO t ‸id VALUES (1)'],
    ['42601', 'CREATE TABLE u (id INTEGER PRIMARY‸)'],
    ['42601', 'SELECT 1; ‸SELEC 2'],
    // Names
    ['42703', 'SELECT ‸nope FROM t'],
    ['42703', 'SELECT n\nFROM t\nWHERE ‸nope = 1'],
    ['42703', 'SELECT * FROM t AS a JOIN t AS b ON a.id = ‸b.nope'],
    ['42703', "SELECT 'ä€😀', ‸nope FROM t"],
    ['42703', 'SELECT id FROM t; SELECT id, ‸nope FROM t'],
    ['42703', 'UPDATE t SET ‸nope = 1'],
    ['42703', 'UPDATE t SET n = ‸nope + 1'],
    ['42703', "UPDATE t SET n = n + 1 WHERE s = 'x' AND ‸nope = 1"],
    ['42703', 'DELETE FROM t WHERE ‸nope IS NULL'],
    ['42703', 'DELETE FROM t WHERE id IN (SELECT ‸nope FROM v)'],
    ['42703', 'INSERT INTO t (id, ‸nope) VALUES (1, 2)'],
    ['42703', 'INSERT INTO t (id, n) SELECT id, ‸nope FROM v'],
    ['42703', 'INSERT INTO t (id, n) VALUES (3, 3) RETURNING ‸nope'],
    ['42703', 'INSERT INTO t (id, n) VALUES (1, 3) ON CONFLICT (id) DO UPDATE SET n = ‸nope'],
    ['42703', 'MERGE INTO t USING v ON t.id = v.id WHEN MATCHED THEN UPDATE SET n = ‸v.nope'],
    ['42703', 'MERGE INTO t USING v ON t.id = ‸v.nope WHEN MATCHED THEN DELETE'],
    ['42703', 'CREATE TABLE u AS SELECT ‸nope FROM t'],
    ['42703', 'CREATE VIEW w AS SELECT ‸nope FROM t'],
    ['42703', 'ALTER TABLE t DROP COLUMN ‸nope'],
    ['42703', 'EXPLAIN SELECT ‸nope FROM t'],
    ['42703', "SELECT nextval('q'), ‸nope FROM t"],
    ['42P01', 'SELECT * FROM ‸missing'],
    ['42P01', 'SELECT * FROM t JOIN ‸missing USING (id)'],
    ['42P01', 'UPDATE ‸missing SET n = 1'],
    ['42P01', 'DELETE FROM ‸missing'],
    ['42P01', 'INSERT INTO ‸missing VALUES (1)'],
    ['42P01', 'DELETE FROM t USING ‸missing WHERE t.id = missing.id'],
    ['42P01', 'DROP TABLE t, ‸missing'],
    ['42P01', 'ALTER TABLE ‸missing ADD COLUMN c INTEGER'],
    ['42883', 'SELECT ‸nope(n) FROM t'],
    ['42883', 'UPDATE t SET n = ‸nope(n)'],
    ['42704', 'SELECT 1::‸nope'],
    ['3F000', 'CREATE TABLE ‸nowhere.u (id INTEGER)'],
    ['42P07', 'CREATE TABLE ‸t (id INTEGER)'],
    ['42809', 'DELETE FROM ‸v'],
    ['42702', 'SELECT ‸id FROM t AS a JOIN t AS b ON a.id = b.id'],
    // Types
    ['42804', 'SELECT true‸::DATE FROM t'],
    ['42883', "SELECT s ‸+ INTERVAL '1 day' FROM t"],
    ['42883', 'SELECT ‸sum(s) FROM t'],
    ['22P02', "INSERT INTO t (id, n) VALUES (3, ‸'x')"],
    ['42803', 'SELECT ‸id, count(*) FROM t'],
    ['22023', 'SELECT $1'],
    // Values: a cast has a place, a row that breaks a rule has none
    ['22003', 'SELECT 2147483647::INTEGER + n FROM t'],
    ['22P02', "SELECT (s || 'x')‸::INTEGER FROM t"],
    ['22007', "SELECT (s || 'x')‸::DATE FROM t"],
    ['23502', 'INSERT INTO t (id, n) VALUES (3, NULL)'],
    ['23505', 'INSERT INTO t (id, n) VALUES (1, 1)'],
    ['23505', "INSERT INTO t (id, n, s) VALUES (9, 1, 'a')"],
    ['23514', 'UPDATE t SET n = 1000'],
    ['428C9', 'INSERT INTO t (id, n, g) VALUES (3, 3, 3)'],
    ['0A000', "ATTACH 'x.db'"],
  ])('%s: %s', async (code, marked) => {
    const { error, expected } = await failure(marked);
    expect({ code: error.code, position: error.position, message: error.message }).toEqual({
      code,
      position: expected,
      message: error.message,
    });
    expect(error.message).not.toMatch(/__alopex|temp\.main|alopex_store/);
    if (expected !== undefined) expect(error.message).toMatch(/\n\nLINE \d+: .*\n *\^$/);
  });
});
