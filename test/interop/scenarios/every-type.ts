import type { AlopexDB } from '../../../index.ts';
import type { Recorder } from '../recorder.ts';

const CREATE = `
CREATE TABLE events (
  id BIGINT PRIMARY KEY,
  ts TIMESTAMP NOT NULL,
  flag BOOLEAN,
  tiny TINYINT, small SMALLINT, whole INTEGER, big BIGINT,
  utiny UTINYINT, usmall USMALLINT, uwhole UINTEGER,
  single FLOAT, dbl DOUBLE,
  price DECIMAL(9, 2), amount DECIMAL(18, 4), total DECIMAL(38, 10),
  day DATE, clock TIME, instant TIMESTAMP WITH TIME ZONE,
  name VARCHAR, label VARCHAR, key UUID, bytes BLOB,
  tags VARCHAR[],
  point STRUCT(x INTEGER, y VARCHAR, since DATE),
  attrs MAP(VARCHAR, INTEGER),
  deep STRUCT(k VARCHAR, v DECIMAL(9, 2)[])[],
  gone VARCHAR
) WITH (sort_by = 'ts', partition_by = 'month(ts)', tier_column = 'ts')`;

/** Row i is at hour i of 2024; every optional column is NULL in some rows of every month. */
function rows(from: number, to: number): string {
  const unless = (divisor: number, value: string): string => `CASE WHEN i % ${divisor} <> 3 THEN ${value} END`;
  return `SELECT
    i AS id,
    TIMESTAMP '2024-01-01' + to_hours(i) + to_microseconds(i) AS ts,
    ${unless(5, 'i % 2 = 0')} AS flag,
    ${unless(7, 'i % 256 - 128')} AS tiny,
    ${unless(7, 'i * 17 % 65536 - 32768')} AS small,
    ${unless(11, '(i - 2000) * 1000003')} AS whole,
    ${unless(11, '(i - 2000) * 4000000000000003')} AS big,
    ${unless(13, 'i % 256')} AS utiny,
    ${unless(13, 'i * 17 % 65536')} AS usmall,
    ${unless(13, 'i * 1000003 % 4294967296')} AS uwhole,
    ${unless(17, '(i - 2000) / 7')} AS single,
    ${unless(17, '(i - 2000) / 7')} AS dbl,
    ${unless(19, '(i - 2000) * 1.25')} AS price,
    ${unless(19, '(i - 2000) * 12345678.9012')} AS amount,
    ${unless(19, `(i - 2000) * 1234567890123456789.0123456789::DECIMAL(38, 10)`)} AS total,
    ${unless(5, `DATE '1960-02-29' + CAST(i * 31 AS INTEGER)`)} AS day,
    ${unless(5, `TIME '00:00:00' + to_microseconds(i * 21600001)`)} AS clock,
    ${unless(7, `TIMESTAMPTZ '1960-02-29 23:59:59.999999+00' + to_hours(i * 300)`)} AS instant,
    ${unless(5, `'the same long beginning ' || chr(CAST(97 + i % 26 AS INTEGER)) || 'ß€😀' || i`)} AS name,
    ${unless(3, `'label ' || i % 10`)} AS label,
    ${unless(7, 'CAST(md5(CAST(i AS VARCHAR)) AS UUID)')} AS key,
    ${unless(7, `unhex(md5(CAST(i AS VARCHAR)) || '00ff')`)} AS bytes,
    ${unless(5, `CASE WHEN i % 4 = 0 THEN [] ELSE ['tag ' || i, NULL, ''] END`)} AS tags,
    ${unless(5, `{x: CASE WHEN i % 4 <> 1 THEN i END, y: 'y' || i, since: DATE '2000-01-01' + CAST(i AS INTEGER)}`)} AS point,
    ${unless(5, `CASE WHEN i % 4 = 0 THEN MAP {} ELSE MAP {'one': i, 'two': NULL} END`)} AS attrs,
    ${unless(5, `[{k: 'k' || i, v: [i * 0.25, NULL]}, NULL, {k: NULL, v: []}]`)} AS deep,
    ${unless(2, `'gone ' || i`)} AS gone
  FROM range(${from}, ${to}) AS r(i)`;
}

/** The ends of every type, long before everything else: partition values are negative there. 5 rows. */
const EXTREMES = `
INSERT INTO events BY NAME
SELECT -9223372036854775808 AS id, TIMESTAMP '1969-10-31 23:59:59.999999' AS ts, false AS flag,
  -128 AS tiny, -32768 AS small, -2147483648 AS whole, -9223372036854775808 AS big, 0 AS utiny, 0 AS usmall, 0 AS uwhole,
  CAST('-infinity' AS FLOAT) AS single, CAST('-infinity' AS DOUBLE) AS dbl,
  -9999999.99 AS price, -99999999999999.9999 AS amount, CAST('-9999999999999999999999999999.9999999999' AS DECIMAL(38, 10)) AS total,
  DATE '0001-01-01' AS day, TIME '00:00:00' AS clock, TIMESTAMPTZ '0001-01-01 00:00:00+00' AS instant,
  '' AS name, '' AS label, CAST('00000000-0000-0000-0000-000000000000' AS UUID) AS key, CAST('' AS BLOB) AS bytes,
  CAST([] AS VARCHAR[]) AS tags
UNION ALL BY NAME
SELECT 9223372036854775807 AS id, TIMESTAMP '1969-12-31 23:59:59.999999' AS ts, true AS flag,
  127 AS tiny, 32767 AS small, 2147483647 AS whole, 9223372036854775807 AS big, 255 AS utiny, 65535 AS usmall, 4294967295 AS uwhole,
  CAST('infinity' AS FLOAT) AS single, CAST('infinity' AS DOUBLE) AS dbl,
  9999999.99 AS price, 99999999999999.9999 AS amount, CAST('9999999999999999999999999999.9999999999' AS DECIMAL(38, 10)) AS total,
  DATE '9999-12-31' AS day, TIME '23:59:59.999999' AS clock, TIMESTAMPTZ '9999-12-31 23:59:59.999999+00' AS instant,
  repeat(chr(1114111), 20) AS name, 'a' || chr(0) || 'b' AS label, CAST('ffffffff-ffff-ffff-ffff-ffffffffffff' AS UUID) AS key,
  unhex(repeat('ff', 20)) AS bytes, [repeat(chr(55295), 20)] AS tags
UNION ALL BY NAME
SELECT -3 AS id, TIMESTAMP '1970-01-01' AS ts, CAST('nan' AS FLOAT) AS single, CAST('nan' AS DOUBLE) AS dbl, repeat(chr(55295), 20) AS name
UNION ALL BY NAME
SELECT -2 AS id, TIMESTAMP '1970-01-01' AS ts, CAST('-0.0' AS FLOAT) AS single, CAST('-0.0' AS DOUBLE) AS dbl, chr(65535) || chr(65536) AS name
UNION ALL BY NAME
SELECT -1 AS id, TIMESTAMP '1970-01-01' AS ts, 1.17549435e-38 AS single, 5e-324 AS dbl`;

const tier = (condition: string, direction: 'COLD' | 'HOT'): string =>
  `ALTER TABLE events TIER PARTITION WHERE ${condition} TO ${direction}`;

/** A table with every type over its whole life. `reopen` closes the database and opens it again. */
export async function writeEveryType(
  first: AlopexDB,
  recorder: Recorder,
  reopen: () => Promise<AlopexDB>,
): Promise<void> {
  let db = first;
  const table = 'events';
  const run = async (...statements: string[]): Promise<void> => {
    for (const sql of statements) await db.execute(sql);
  };

  // January has hours 0–743, February 744–1439, March 1440–2183, April 2184–2903, May 2904–3647, June from 3648.
  await run(CREATE, EXTREMES, `INSERT INTO events ${rows(0, 3000)}`, tier(`ts < '2024-03-01'`, 'COLD'));
  const firstMove = await recorder.record(db, {
    name: 'every type, first move',
    table,
    where: `ts < '2024-03-01'`,
    rowCount: 5 + 1440,
  });

  await run(
    // 15 cold rows and 15 hot ones.
    `DELETE FROM events WHERE id BETWEEN 700 AND 714 OR id BETWEEN 1500 AND 1514`,
    `UPDATE events SET name = 'changed ' || id, total = -total, tags = ['new'], flag = NULL WHERE id IN (1, 2, 3, 800, 1600, 2999)`,
    // Moves a row from February to March, and one back.
    `UPDATE events SET ts = TIMESTAMP '2024-03-05' WHERE id = 900`,
    `UPDATE events SET ts = TIMESTAMP '2024-01-05' WHERE id = 1700`,
    `INSERT OR REPLACE INTO events ${rows(10, 20)}`,
    `INSERT INTO events (id, ts, label) VALUES (20, '2024-01-01 20:00', 'upserted'), (1800, '2024-03-16', 'upserted'), (50000, '2024-01-02', 'new') ON CONFLICT (id) DO UPDATE SET label = excluded.label`,
    `INSERT INTO events (id, ts, label) VALUES (21, '2024-01-01 21:00', 'ignored') ON CONFLICT DO NOTHING`,
  );
  await recorder.recordUnchanged(db, { name: 'every type, changes not committed yet', table, since: firstMove });

  await run(tier(`ts < '2024-04-01'`, 'COLD'));
  await recorder.record(db, {
    name: 'every type, position deletes',
    table,
    where: `ts < '2024-04-01'`,
    rowCount: 5 + 2184 - 30 + 1,
  });

  db = await reopen();
  await run(
    `ALTER TABLE events ADD COLUMN extra INTEGER`,
    `INSERT INTO events SELECT *, CAST(id AS INTEGER) AS extra FROM (${rows(3000, 4000)}) AS r`,
    `UPDATE events SET extra = -CAST(id AS INTEGER) WHERE id BETWEEN 100 AND 199 OR id BETWEEN 3000 AND 3009`,
    `DELETE FROM events WHERE id BETWEEN 1000 AND 1009 OR id BETWEEN 3010 AND 3014`,
    tier(`ts < '2024-06-01'`, 'COLD'),
  );
  await recorder.record(db, {
    name: 'every type, column added',
    table,
    where: `ts < '2024-06-01'`,
    rowCount: 5 + 3648 - 30 + 1 - 15,
  });

  await run(
    `ALTER TABLE events RENAME COLUMN label TO title`,
    `ALTER TABLE events DROP COLUMN gone`,
    // The old name again, as another column: values of the dropped one must not come back.
    `ALTER TABLE events ADD COLUMN gone VARCHAR`,
    `UPDATE events SET gone = 'here', title = 'renamed ' || id WHERE id BETWEEN 400 AND 409 OR id BETWEEN 3900 AND 3909`,
    tier(`ts < '2024-06-10'`, 'COLD'),
  );
  await recorder.record(db, {
    name: 'every type, columns renamed and dropped',
    table,
    where: `ts < '2024-06-10'`,
    rowCount: 5 + 3864 - 30 + 1 - 15,
  });

  // 24 · 29 hours: 10 February to 9 March. Rows 960–1679, of which 10 + 15 are gone, and 900, which is on 5 March now.
  const back = `ts >= '2024-02-10' AND ts < '2024-03-10'`;
  await run(`DELETE FROM events WHERE id IN (5, 6, 3700)`, tier(back, 'HOT'));
  await recorder.record(db, {
    name: 'every type, some rows moved back',
    table,
    where: `ts < '2024-06-10' AND NOT (${back})`,
    rowCount: 5 + 3864 - 30 + 1 - 15 - 3 - (29 * 24 - 25 + 1),
  });

  await run(
    `UPDATE events SET gone = 'hot again' WHERE ${back} AND id % 5 = 0`,
    `UPDATE events SET dbl = dbl + 1, attrs = MAP {'three': 3} WHERE id % 50 = 0`,
    `DELETE FROM events WHERE id % 100 = 7 AND id < 4000`,
    tier('true', 'COLD'),
  );
  // 4000 − 30 + 1 − 15 − 3 rows, less every 100th but 707 and 1507 and 1007, which are gone already.
  const all = 5 + 4000 - 30 + 1 - 15 - 3 - (40 - 3);
  await recorder.record(db, { name: 'every type, all cold', table, rowCount: all, filters: 'all' });

  // No row to move: the move has only deletes to commit.
  await run(`DELETE FROM events WHERE id BETWEEN 2000 AND 2099`, tier('true', 'COLD'));
  await recorder.record(db, { name: 'every type, nothing but deletes', table, rowCount: all - 99 });
}
