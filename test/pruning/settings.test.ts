import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { AlopexDB, type Connection } from '../../index.ts';
import type { Row } from '../differential/test-support/cell.ts';
import { arrowRows } from '../differential/test-support/cell.ts';
import { expectSameRows } from '../differential/test-support/same-rows.ts';
import { PlainDuckDb } from '../differential/test-support/plain-duckdb.ts';
import { makeTempFolder, removeFolder } from '../differential/test-support/temp-folder.ts';

let folder: string;
let db: AlopexDB;
let plain: PlainDuckDb;
let connection: Connection;

beforeAll(async () => {
  folder = await makeTempFolder();
  db = await AlopexDB.open(folder, { threads: 2, limits: { largeRows: 1, mergeSegments: 0 } });
  plain = await PlainDuckDb.open();
  const columns = "id BIGINT, ts TIMESTAMP, tz TIMESTAMPTZ, d DATE, e ENUM ('z', 'a'), h HUGEINT";
  await db.execute(`CREATE TABLE t (${columns})`);
  await plain.run(`CREATE TABLE t (${columns})`);
  for (let day = 1; day <= 9; day++) {
    const rows = `SELECT ${day} * 100 + i, TIMESTAMP '2001-03-0${day}' + to_hours(i * 2), (TIMESTAMP '2001-03-0${day}' + to_hours(i * 2)) AT TIME ZONE 'UTC', DATE '2001-03-0${day}', ${day < 5 ? "'a'" : "'z'"}, ${day} * 100000000000000000000 + i FROM range(12) AS numbers(i)`;
    await db.execute(`INSERT INTO t ${rows}`);
    await plain.run(`INSERT INTO t ${rows}`);
  }
}, 60_000);

afterAll(async () => {
  await db.close();
  plain.close();
  await removeFolder(folder);
});

beforeEach(async () => {
  connection = await db.connect();
});

afterEach(() => connection.close());

async function answer(sql: string): Promise<{ rows: Row[]; filesRead: number }> {
  const rows: Row[] = [];
  for await (const result of connection.statements(sql)) {
    if (result.kind !== 'rows') continue;
    for await (const batch of result.batches) rows.push(...arrowRows([batch]));
    return { rows, filesRead: result.scans[0]?.hot.filesRead ?? 0 };
  }
  throw new Error(`not a query: ${sql}`);
}

/** Setting → condition → files read of nine. */
const CASES: readonly (readonly [name: string, value: string, condition: string, files: number])[] = [
  ['integer_division', 'true', 'id = 305', 1],
  ['integer_division', 'true', 'id < 401 / 2', 1],
  ['TimeZone', "'Asia/Tokyo'", 'id = 305', 1],
  ['TimeZone', "'Asia/Tokyo'", "ts < '2001-03-02'", 1],
  ['TimeZone', "'Asia/Tokyo'", "d = '2001-03-02' AND abs(id) > 0", 1],
  ['TimeZone', "'Asia/Tokyo'", "tz < '2001-03-02 09:00:00'", 1],
  ['TimeZone', "'Asia/Tokyo'", "tz < '2001-03-02 10:00:00'", 2],
  ['TimeZone', "'Asia/Tokyo'", "tz::DATE = '2001-03-02'", 9],
  ['TimeZone', "'Asia/Tokyo'", "tz::DATE = DATE '2001-03-10' AND id > 0", 9],
  ['TimeZone', "'Asia/Tokyo'", "ts::TIMESTAMPTZ < '2001-03-02 00:00:00+00'", 9],
  ['TimeZone', "'America/New_York'", "tz >= TIMESTAMPTZ '2001-03-09' - INTERVAL 1 DAY", 2],
  ['TimeZone', "'UTC'", "tz::DATE = '2001-03-02'", 1],
  ['Calendar', "'japanese'", 'id = 305', 1],
];

test.each(CASES)('with %s = %s: %s', async (name, value, condition, files) => {
  await connection.execute(`SET ${name} = ${value}`);
  await plain.run(`SET ${name} = ${value}`);
  const sql = `SELECT id FROM t WHERE ${condition}`;
  const { rows, filesRead } = await answer(sql);
  const expected = await plain.rows(sql);
  await plain.run(name === 'TimeZone' ? "SET TimeZone = 'UTC'" : `RESET ${name}`);
  expectSameRows(rows, expected, 'none');
  expect(filesRead).toBe(files);
});

test('a setting of one connection is none of the next', async () => {
  const sql = "SELECT count(*) FROM t WHERE tz < '2001-03-02 00:00:00' AND abs(id) > 0";
  await connection.execute("SET TimeZone = 'Asia/Tokyo'");
  expect((await answer(sql)).rows).toEqual([[8n]]);
  const other = await db.connect();
  try {
    expect((await other.query(sql)).get(0)?.toArray()).toEqual([12n]);
  } finally {
    await other.close();
  }
  await connection.execute('RESET TimeZone');
  expect((await answer(sql)).rows).toEqual([[12n]]);
});

test('where nulls come by default holds for all connections', async () => {
  await db.execute("INSERT INTO t (id, d) SELECT NULL, DATE '2001-03-05' FROM range(2)");
  await connection.execute("SET default_null_order = 'nulls_first'");
  try {
    expect((await answer('SELECT d, id FROM t ORDER BY id LIMIT 2')).rows[0]?.[1]).toBeNull();
    expect((await answer('SELECT d, id FROM t ORDER BY id DESC LIMIT 2')).filesRead).toBe(2);
  } finally {
    await connection.execute('RESET default_null_order');
  }
  expect(await answer('SELECT d, id FROM t ORDER BY id LIMIT 1')).toMatchObject({
    filesRead: 1,
    rows: [[11382, 100n]],
  });
  await db.execute('DELETE FROM t WHERE id IS NULL');
});

test('a temporary macro means what it says', async () => {
  await connection.execute('CREATE TEMP MACRO abs(x) AS -x');
  const { rows } = await answer('SELECT id FROM t WHERE abs(id) = -305');
  expect(rows).toEqual([[305n]]);
  expect((await answer('SELECT id FROM t WHERE id = 305')).rows).toEqual([[305n]]);
  await connection.close();
  connection = await db.connect();
  expect((await answer('SELECT id FROM t WHERE abs(id) = 305')).rows).toEqual([[305n]]);
});

test.each([
  ['SELECT e, id FROM t ORDER BY e, id LIMIT 3'],
  ['SELECT e, id FROM t ORDER BY e DESC, id LIMIT 3'],
  ['SELECT h FROM t ORDER BY h DESC LIMIT 3'],
  ['SELECT min(h), max(h) FROM t'],
  ['SELECT min(e), max(e) FROM t'],
  ['SELECT count(*) FROM t WHERE h > 200000000000000000005'],
])('text bounds that order otherwise than values decide nothing: %s', async (sql) => {
  expectSameRows((await answer(sql)).rows, await plain.rows(sql), 'total');
});
