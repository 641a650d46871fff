import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HistoryDatabase } from './test-support/history-database.ts';

let database: HistoryDatabase;
let before: number;

beforeEach(async () => {
  database = await HistoryDatabase.open();
  await database.db.execute("CREATE TABLE t (id INTEGER, n INTEGER) WITH (history_retention = INTERVAL '1 hour')");
  await database.db.execute('INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)');
  before = await database.version();
});

afterEach(() => database.remove());

const at = async (seq: number): Promise<string[]> =>
  database.rows(`SELECT * FROM t AT (VERSION => ${seq}) ORDER BY id`);
const OLD = ['{"id":1,"n":10}', '{"id":2,"n":20}', '{"id":3,"n":30}'];

async function historyFiles(): Promise<string[]> {
  return (await readdir(join(database.folder, 'history'), { recursive: true })).toSorted();
}

test('a transaction that defines something is one version, of the time of its commit', async () => {
  const connection = await database.db.connect();
  database.clock.wallMs += 60_000;
  await connection.execute('BEGIN; UPDATE t SET n = 0 WHERE id = 1; ALTER TABLE t ADD COLUMN x INTEGER DEFAULT 7');
  for (let put = 0; put < 3; put++) await database.db.kv.put('k', 'v');
  database.clock.wallMs += 60_000;
  await connection.execute('DELETE FROM t WHERE id = 2; ALTER TABLE t DROP COLUMN n');
  const within = await connection.query(`SELECT * FROM t AT (VERSION => ${before}) ORDER BY id`);
  expect(within.numRows).toBe(3);
  database.clock.wallMs += 60_000;
  await connection.execute('COMMIT');
  await connection.close();
  for (const reopens of [false, true]) {
    if (reopens) await database.reopen();
    const last = await database.version();
    for (let seq = before; seq < last; seq++) expect(await at(seq), `version ${seq} of ${last}`).toEqual(OLD);
    expect(await at(last)).toEqual(['{"id":1,"x":7}', '{"id":3,"x":7}']);
    const meanwhile = "SELECT * FROM t AT (TIMESTAMP => '2026-01-31 12:02:30') ORDER BY id";
    expect(await database.rows(meanwhile)).toEqual(OLD);
    expect(await database.rows("SELECT * FROM t AT (TIMESTAMP => '2026-01-31 12:03:00')")).toHaveLength(2);
  }
});

test('a rollback leaves the history as it was, also where it was to end', async () => {
  await database.db.execute('CHECKPOINT; UPDATE t SET n = 0; CHECKPOINT');
  const files = await historyFiles();
  const last = await database.version();
  const connection = await database.db.connect();
  await connection.execute('BEGIN; ALTER TABLE t ADD COLUMN x INTEGER; DELETE FROM t; ALTER TABLE t DROP COLUMN x');
  await connection.execute('ALTER TABLE t SET (history_retention = NULL); ROLLBACK');
  await connection.close();
  expect(await historyFiles()).toEqual(files);
  expect(await database.version()).toBe(last);
  expect(await at(before)).toEqual(OLD);
  await database.reopen();
  expect(await at(before)).toEqual(OLD);
  await database.db.execute('BEGIN; ALTER TABLE t SET (history_retention = NULL); COMMIT');
  await expect(at(before)).rejects.toMatchObject({ code: '55000' });
});
