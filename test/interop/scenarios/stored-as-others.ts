import type { AlopexDB } from '../../../index.ts';
import type { Recorder } from '../recorder.ts';

const CREATE = `
CREATE TABLE others (
  id INTEGER PRIMARY KEY,
  mood ENUM('sad', 'ok', '', 'it''s'),
  u UBIGINT, h HUGEINT, uh UHUGEINT, big BIGNUM,
  s TIMESTAMP_S, ms TIMESTAMP_MS, ns TIMESTAMP_NS, z TIME WITH TIME ZONE, tn TIME_NS,
  span INTERVAL, bits BIT, doc JSON, vec FLOAT[3],
  one UNION(n INTEGER, t VARCHAR),
  place GEOMETRY,
  m MAP(VARCHAR, UBIGINT),
  moods ENUM('x', 'y')[],
  deep STRUCT(i INTERVAL, n TIMESTAMP_NS)[]
) WITH (sort_by = 'mood', partition_by = 'mood, year(s)')`;

/** Every column is NULL in some rows. */
const ROWS = `
INSERT INTO others SELECT
  i,
  CASE WHEN i % 7 > 0 THEN ['sad', 'ok', '', 'it''s'][1 + i % 4] END,
  CASE WHEN i % 5 > 0 THEN 18446744073709551615 - i * 1000 END,
  CASE WHEN i % 5 > 1 THEN (i - 50) * 1000000000000000000000000000000::HUGEINT END,
  CASE WHEN i % 5 > 2 THEN 340282366920938463463374607431768211455::UHUGEINT - i::UHUGEINT END,
  CASE WHEN i % 5 > 3 THEN repeat('9', 40 + i::INTEGER)::BIGNUM END,
  CASE WHEN i % 11 > 0 THEN TIMESTAMP '2020-06-01' + to_days((i * 20)::INTEGER) END,
  CASE WHEN i % 5 > 0 THEN TIMESTAMP '1969-12-31 23:59:59.5' + to_milliseconds(i) END,
  CASE WHEN i % 5 > 1 THEN make_timestamp_ns(i * 1000000001 - 3) END,
  CASE WHEN i % 5 > 2 THEN format('12:00:00.5+{:02d}:30', i % 15)::TIMETZ END,
  CASE WHEN i % 5 > 3 THEN format('12:00:00.{:09d}', i)::TIME_NS END,
  CASE WHEN i % 5 > 0 THEN to_months(i::INTEGER - 50) + to_days((i * 2)::INTEGER) + to_microseconds(-i) END,
  CASE WHEN i % 5 > 1 THEN (i + 1)::BIT END,
  CASE WHEN i % 5 > 2 THEN '{"i":  ' || i || '}' END,
  CAST(CASE WHEN i % 5 > 3 THEN [i, NULL, i / 2] END AS FLOAT[3]),
  CASE i % 3 WHEN 0 THEN union_value(n := i::INTEGER)::UNION(n INTEGER, t VARCHAR) WHEN 1 THEN union_value(t := 't' || i)::UNION(n INTEGER, t VARCHAR) END,
  CASE WHEN i % 5 > 0 THEN format('POINT ({} 0.5)', i)::GEOMETRY END,
  CASE WHEN i % 5 > 1 THEN MAP {'k': i, 'null': NULL} END,
  CASE WHEN i % 5 > 2 THEN ['x', NULL, 'y'] END,
  CASE WHEN i % 5 > 3 THEN [{'i': to_days(i::INTEGER), 'n': make_timestamp_ns(i)}, NULL, {'i': NULL, 'n': NULL}] END
FROM range(100) AS r(i)`;

/** What docs/types.md says that others see, out of the numbers that the rows were made of. */
const AS_OTHERS_SEE = `
  id,
  CAST(mood AS VARCHAR) AS mood,
  CAST(u AS DECIMAL(20, 0)) AS u, CAST(h AS VARCHAR) AS h, CAST(uh AS VARCHAR) AS uh, CAST(big AS VARCHAR) AS big,
  CAST(s AS TIMESTAMP) AS s, CAST(ms AS TIMESTAMP) AS ms,
  CASE WHEN id % 5 > 1 THEN CAST(id AS BIGINT) * 1000000001 - 3 END AS ns,
  CASE WHEN id % 5 > 2 THEN format('12:00:00.5+{:02d}:30:00', id % 15) END AS z,
  CAST(tn AS VARCHAR) AS tn,
  CASE WHEN id % 5 > 0 THEN {'months': id - 50, 'days': id * 2, 'micros': CAST(-id AS BIGINT)} END AS span,
  CAST(bits AS VARCHAR) AS bits,
  CASE WHEN id % 5 > 2 THEN '{"i":  ' || id || '}' END AS doc,
  CAST(vec AS FLOAT[]) AS vec,
  CASE id % 3 WHEN 0 THEN {'tag': 'n', 'n': id, 't': NULL::VARCHAR} WHEN 1 THEN {'tag': 't', 'n': NULL::INTEGER, 't': 't' || id} END AS one,
  st_aswkb(place) AS place,
  CAST(m AS MAP(VARCHAR, DECIMAL(20, 0))) AS m,
  CAST(moods AS VARCHAR[]) AS moods,
  CASE WHEN id % 5 > 3 THEN [{'i': {'months': 0, 'days': id, 'micros': 0::BIGINT}, 'n': id::BIGINT}, NULL, {'i': NULL, 'n': NULL}] END AS deep`;

/** Columns of types that Iceberg does not have. */
export async function writeStoredAsOthers(db: AlopexDB, recorder: Recorder): Promise<void> {
  const table = 'others';
  for (const sql of [CREATE, ROWS, `ALTER TABLE ${table} TIER PARTITION WHERE id < 80 TO COLD`]) await db.execute(sql);
  await recorder.record(db, {
    name: 'stored as others',
    table,
    where: 'id < 80',
    rowCount: 80,
    select: AS_OTHERS_SEE,
    filters: ['mood', 'u', 'h', 's', 'ns', 'tn', 'span', 'bits', 'one'],
  });
  await db.execute(`DELETE FROM ${table} WHERE id % 10 = 3`);
  await db.execute(`UPDATE ${table} SET mood = 'sad' WHERE id % 10 = 4`);
  await db.execute(`ALTER TABLE ${table} TIER PARTITION WHERE true TO COLD`);
  await recorder.record(db, { name: 'stored as others, changed', table, rowCount: 90, select: AS_OTHERS_SEE });
}
