import type { AlopexDB } from '../../../index.ts';
import type { Recorder } from '../recorder.ts';

interface Partitioned {
  readonly name: string;
  /** Type of the column `p`. */
  readonly type: string;
  readonly partitionBy: string;
  /** The value of `p` in row i, of 0–119. */
  readonly value: string;
}

const INSTANT = `TIMESTAMPTZ '1969-12-31 21:30:00+00'`;

/** Each has a handful of partitions on both sides of zero or 1970, and one for NULL. */
const TABLES: readonly Partitioned[] = [
  { name: 'by year', type: 'DATE', partitionBy: 'year(p)', value: `DATE '1968-12-31' + CAST(i * 9 AS INTEGER)` },
  {
    name: 'by month of a date',
    type: 'DATE',
    partitionBy: 'month(p)',
    value: `DATE '1969-11-30' + CAST(i AS INTEGER)`,
  },
  { name: 'by day', type: 'TIMESTAMP', partitionBy: 'day(p)', value: `TIMESTAMP '1969-12-30' + to_minutes(i * 47)` },
  {
    name: 'by day of a date',
    type: 'DATE',
    partitionBy: 'day(p)',
    value: `DATE '1969-12-30' + CAST(i % 5 AS INTEGER)`,
  },
  {
    name: 'by hour',
    type: 'TIMESTAMP',
    partitionBy: 'hour(p)',
    value: `TIMESTAMP '1969-12-31 21:30:00' + to_minutes(i * 3)`,
  },
  {
    name: 'by year of an instant',
    type: 'TIMESTAMPTZ',
    partitionBy: 'year(p)',
    value: `${INSTANT} + to_days(CAST(i AS INTEGER) * 9)`,
  },
  {
    name: 'by month of an instant',
    type: 'TIMESTAMPTZ',
    partitionBy: 'month(p)',
    value: `${INSTANT} + to_days(CAST(i AS INTEGER))`,
  },
  {
    name: 'by day of an instant',
    type: 'TIMESTAMPTZ',
    partitionBy: 'day(p)',
    value: `${INSTANT} + to_minutes(i * 47)`,
  },
  {
    name: 'by hour of an instant',
    type: 'TIMESTAMPTZ',
    partitionBy: 'hour(p)',
    value: `${INSTANT} + to_minutes(i * 3)`,
  },
  { name: 'by truncated integer', type: 'INTEGER', partitionBy: 'truncate(10, p)', value: 'i % 50 - 25' },
  { name: 'by truncated small integer', type: 'SMALLINT', partitionBy: 'truncate(10, p)', value: 'i % 50 - 25' },
  { name: 'by truncated long', type: 'BIGINT', partitionBy: 'truncate(1000, p)', value: 'i * 40 - 2500' },
  { name: 'by truncated unsigned', type: 'UINTEGER', partitionBy: 'truncate(7, p)', value: '4294967295 - i % 30' },
  {
    name: 'by truncated text',
    type: 'VARCHAR',
    partitionBy: 'truncate(2, p)',
    value: `['', 'a', '😀€', '😀€x', '😀€y', 'a/b=c %', 'a/d'][i % 7 + 1]`,
  },
  { name: 'by text', type: 'VARCHAR', partitionBy: 'p', value: `['', 'Zürich', 'a/b=c %', 'null', '😀'][i % 5 + 1]` },
  { name: 'by boolean', type: 'BOOLEAN', partitionBy: 'p', value: 'i % 2 = 0' },
  { name: 'by integer', type: 'INTEGER', partitionBy: 'p', value: 'i % 5 - 2' },
  { name: 'by tiny integer', type: 'TINYINT', partitionBy: 'p', value: 'i % 5 - 2' },
  { name: 'by long', type: 'BIGINT', partitionBy: 'p', value: '(i % 5 - 2) * 4611686018427387903' },
  { name: 'by decimal', type: 'DECIMAL(9, 2)', partitionBy: 'p', value: '(i % 5 - 2) * 1.28' },
  {
    name: 'by wide decimal',
    type: 'DECIMAL(38, 10)',
    partitionBy: 'p',
    value: '(i % 5 - 2) * 1234567890123456789.0123456789::DECIMAL(38, 10)',
  },
  { name: 'by date', type: 'DATE', partitionBy: 'p', value: `DATE '1969-12-30' + CAST(i % 5 AS INTEGER)` },
  {
    name: 'by timestamp',
    type: 'TIMESTAMP',
    partitionBy: 'p',
    value: `TIMESTAMP '1969-12-31 23:59:59.999998' + to_microseconds(i % 4)`,
  },
  {
    name: 'by instant',
    type: 'TIMESTAMPTZ',
    partitionBy: 'p',
    value: `TIMESTAMPTZ '1969-12-31 23:59:59.999998+00' + to_microseconds(i % 4)`,
  },
  { name: 'by time', type: 'TIME', partitionBy: 'p', value: `TIME '23:59:59.999999' - to_microseconds(i % 4)` },
  { name: 'by two columns', type: 'INTEGER', partitionBy: 'p, truncate(50, id)', value: 'i % 2' },
];

/** Every partition transform on every type that takes it: moved in two parts, with deletes in between. */
export async function writePartitions(db: AlopexDB, recorder: Recorder): Promise<void> {
  for (const { name, type, partitionBy, value } of TABLES) {
    const rows = (from: number, to: number): string =>
      `INSERT INTO "${name}" SELECT i, CASE WHEN i % 20 <> 9 THEN ${value} END, 'note ' || i FROM range(${from}, ${to}) AS r(i)`;
    await db.execute(
      `CREATE TABLE "${name}" (id INTEGER PRIMARY KEY, p ${type}, note VARCHAR) WITH (partition_by = '${partitionBy}')`,
    );
    await db.execute(rows(0, 80));
    await db.execute(`ALTER TABLE "${name}" TIER PARTITION WHERE true TO COLD`);
    await db.execute(`DELETE FROM "${name}" WHERE id % 8 = 1`);
    await db.execute(`UPDATE "${name}" SET note = 'changed' WHERE id % 8 = 2`);
    await db.execute(rows(80, 120));
    await db.execute(`ALTER TABLE "${name}" TIER PARTITION WHERE true TO COLD`);
    await recorder.record(db, { name: `partitioned ${name}`, table: name, rowCount: 110, filters: ['p'] });
  }
}
