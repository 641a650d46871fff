import type { AlopexDB } from '../../../index.ts';
import type { Recorder } from '../recorder.ts';

/** Files that were written under ten schemas of one table: whatever can be changed without rewriting data. */
const CREATE = `
CREATE TABLE evolved (
  id INTEGER PRIMARY KEY,
  part INTEGER,
  ts TIMESTAMP_S,
  small SMALLINT,
  n INTEGER,
  ratio FLOAT,
  price DECIMAL(9, 2),
  code ENUM('a', 'b'),
  note VARCHAR,
  place STRUCT(x INTEGER, y VARCHAR, inner_part STRUCT(p INTEGER, q VARCHAR)),
  parts STRUCT(k INTEGER, v VARCHAR)[],
  marks MAP(VARCHAR, STRUCT(nr INTEGER))
) WITH (sort_by = 'n', partition_by = 'truncate(10, part)')`;

const row = (i: string): string => `
  ${i} AS id,
  CASE WHEN ${i} % 9 > 0 THEN ${i} - 40 END AS part,
  CASE WHEN ${i} % 5 > 0 THEN TIMESTAMP '1969-12-01' + to_days(CAST(${i} AS INTEGER)) END AS ts,
  CASE WHEN ${i} % 5 > 1 THEN ${i} * 100 - 500 END AS small,
  CASE WHEN ${i} % 7 > 0 THEN ${i} - 50 END AS n,
  CASE WHEN ${i} % 5 > 2 THEN ${i} / 3 END AS ratio,
  CASE WHEN ${i} % 5 > 0 THEN (${i} - 50) * 1.25 END AS price,
  CASE WHEN ${i} % 3 > 0 THEN ['a', 'b'][1 + ${i} % 2] END AS code`;

const OLD_NESTED = `
  'note ' || i AS note,
  CASE WHEN i % 4 > 0 THEN {'x': i, 'y': 'y' || i, 'inner_part': CASE WHEN i % 4 > 1 THEN {'p': i, 'q': 'q' || i} END} END AS place,
  CASE WHEN i % 4 > 0 THEN [{'k': i, 'v': 'v' || i}, NULL] END AS parts,
  CASE WHEN i % 4 > 0 THEN MAP {'m': {'nr': i}} END AS marks`;

/** What an added column is for other engines in rows that were cold before: version 2 has no defaults. Rows 20 to 39 are old and were changed later. */
const isOld = `(id < 20 OR id BETWEEN 40 AND 59)`;

const AS_OTHERS_SEE = `* REPLACE (
  CASE WHEN ${isOld} THEN NULL ELSE added END AS added,
  CASE WHEN place IS NULL THEN NULL WHEN ${isOld} THEN {'x2': place.x2, 'inner_part': CASE WHEN place.inner_part IS NOT NULL THEN {'p': place.inner_part.p, 'r': NULL::BIGINT} END, 'z': NULL::DOUBLE} ELSE place END AS place,
  CASE WHEN ${isOld} THEN list_transform(parts, lambda part: CASE WHEN part IS NOT NULL THEN {'kk': part.kk, 'v': part.v, 'w': NULL::DATE} END) ELSE parts END AS parts,
  CASE WHEN ${isOld} THEN CASE WHEN marks IS NOT NULL THEN MAP {'m': {'nr': marks['m'].nr, 'by': NULL::VARCHAR}} END ELSE marks END AS marks,
  CASE WHEN ${isOld} THEN NULL ELSE note END AS note,
  CAST(code AS VARCHAR) AS code,
  CAST(moment AS TIMESTAMP) AS moment
)`;

const tierAll = 'ALTER TABLE evolved TIER PARTITION WHERE true TO COLD';

/** Every kind of ALTER TABLE, between moves to the cold tier. */
export async function writeSchemaChanges(db: AlopexDB, recorder: Recorder): Promise<void> {
  const run = async (...statements: string[]): Promise<void> => {
    for (const sql of statements) await db.execute(sql);
  };
  await run(
    CREATE,
    `INSERT INTO evolved SELECT ${row('i')}, ${OLD_NESTED} FROM range(60) AS r(i)`,
    tierAll,
    // The columns of the sort order and the partitions are among them.
    'ALTER TABLE evolved ALTER n TYPE BIGINT',
    'ALTER TABLE evolved ALTER small TYPE INTEGER',
    'ALTER TABLE evolved ALTER ratio TYPE DOUBLE',
    'ALTER TABLE evolved ALTER price TYPE DECIMAL(12, 2)',
    `ALTER TABLE evolved ALTER code TYPE ENUM('a', 'b', 'c')`,
    'ALTER TABLE evolved ALTER ts TYPE TIMESTAMP',
    'ALTER TABLE evolved RENAME COLUMN part TO portion',
    'ALTER TABLE evolved RENAME COLUMN n TO number',
    'ALTER TABLE evolved RENAME COLUMN ts TO moment',
    `ALTER TABLE evolved ADD COLUMN added INTEGER DEFAULT 7`,
    // The name comes again, and the column that had it does not.
    'ALTER TABLE evolved DROP COLUMN note',
    `ALTER TABLE evolved ADD COLUMN note VARCHAR DEFAULT 'another'`,
    'ALTER TABLE evolved RENAME COLUMN place.x TO x2',
    'ALTER TABLE evolved DROP COLUMN place.y',
    'ALTER TABLE evolved DROP COLUMN place.inner_part.q',
    'ALTER TABLE evolved ADD COLUMN place.inner_part.r BIGINT',
    'ALTER TABLE evolved ADD COLUMN place.z DOUBLE DEFAULT 0.5',
    'ALTER TABLE evolved RENAME COLUMN parts.element.k TO kk',
    'ALTER TABLE evolved ADD COLUMN parts.element.w DATE',
    'ALTER TABLE evolved ADD COLUMN marks.value."by" VARCHAR',
    'ALTER TABLE evolved ALTER note FIRST',
    'ALTER TABLE evolved ALTER moment AFTER price',
    'ALTER TABLE evolved ALTER id SET DEFAULT 0',
    `UPDATE evolved SET added = id WHERE id BETWEEN 20 AND 39`,
    tierAll,
  );
  await recorder.record(db, {
    name: 'schema changes, old files and rows that were changed later',
    table: 'evolved',
    rowCount: 60,
    select: AS_OTHERS_SEE,
    filters: 'all',
  });

  await run(
    `INSERT INTO evolved BY NAME SELECT ${row('i').replaceAll('AS ts', 'AS moment').replaceAll('AS n,', 'AS number,').replaceAll('AS part,', 'AS portion,')},
      i AS added, {'x2': i, 'inner_part': {'p': 0, 'r': i * 3000000000}, 'z': i / 2} AS place, [{'kk': i, 'v': NULL, 'w': DATE '2024-01-01'}] AS parts,
      MAP {'m': {'nr': i, 'by': 'b'}} AS marks FROM range(60, 90) AS r(i)`,
    'ALTER TABLE evolved DROP CONSTRAINT evolved_pkey',
    `ALTER TABLE evolved SET (partition_by = 'month(moment)', sort_by = 'moment, id')`,
    `DELETE FROM evolved WHERE id % 10 = 8`,
    tierAll,
  );
  await recorder.record(db, {
    name: 'schema changes, files of all schemas',
    table: 'evolved',
    rowCount: 60 + 30 - 9,
    select: AS_OTHERS_SEE,
    filters: 'all',
  });

  // PyIceberg gives up on filters with literals that the type of an older file cannot hold, or finds NULL with them: filters on the other columns.
  await run(
    `INSERT INTO evolved (id, number, small, ratio, price, code, moment) VALUES (100, 9223372036854775807, 2147483647, 1e300, 9999999999.99, 'c', '2024-05-05 05:05:05.123456')`,
    tierAll,
  );
  await recorder.record(db, {
    name: 'schema changes, values that only the wider types hold',
    table: 'evolved',
    rowCount: 60 + 30 - 9 + 1,
    select: AS_OTHERS_SEE,
    filters: ['id', 'small', 'code', 'moment', 'added'],
  });
}
