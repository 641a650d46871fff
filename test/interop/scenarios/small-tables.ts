import type { AlopexDB } from '../../../index.ts';
import type { Recorder } from '../recorder.ts';

/** Tables that are unusual in one way each. */
export async function writeSmallTables(db: AlopexDB, recorder: Recorder): Promise<void> {
  await unpartitioned(db, recorder);
  await newPartitioning(db, recorder);
  await strangeNames(db, recorder);
  await allMovedBack(db, recorder);
  await allDeleted(db, recorder);
}

/** No partitions, no primary key, rows that are equal. */
async function unpartitioned(db: AlopexDB, recorder: Recorder): Promise<void> {
  await db.execute(`CREATE TABLE plain (a INTEGER, b VARCHAR)`);
  await db.execute(`INSERT INTO plain SELECT i % 10, 'b' || i % 3 FROM range(300) AS r(i)`);
  await db.execute(`ALTER TABLE plain TIER PARTITION WHERE a < 5 TO COLD`);
  await recorder.record(db, { name: 'unpartitioned, half', table: 'plain', where: 'a < 5', rowCount: 150 });
  await db.execute(`DELETE FROM plain WHERE a = 3 AND b = 'b1'`);
  await db.execute(`UPDATE plain SET b = NULL WHERE a = 4`);
  await db.execute(`INSERT INTO plain VALUES (NULL, NULL), (NULL, NULL), (1, 'b1')`);
  await db.execute(`ALTER TABLE plain TIER PARTITION WHERE true TO COLD`);
  await recorder.record(db, { name: 'unpartitioned, all', table: 'plain', rowCount: 293, filters: 'all' });
}

/** Files of two partition specs, and deletes from both. */
async function newPartitioning(db: AlopexDB, recorder: Recorder): Promise<void> {
  const table = 'repartitioned';
  await db.execute(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, ts TIMESTAMP, kind VARCHAR)`);
  const insert = async (from: number, to: number): Promise<void> => {
    await db.execute(
      `INSERT INTO ${table} SELECT i, TIMESTAMP '2024-01-01' + to_days(CAST(i AS INTEGER)), 'kind ' || i % 2 FROM range(${from}, ${to}) AS r(i)`,
    );
    await db.execute(`ALTER TABLE ${table} TIER PARTITION WHERE true TO COLD`);
  };
  await insert(0, 60);
  await db.execute(`ALTER TABLE ${table} SET (partition_by = 'month(ts)', sort_by = 'ts')`);
  await db.execute(`DELETE FROM ${table} WHERE id % 10 = 0`);
  await insert(60, 120);
  await db.execute(`ALTER TABLE ${table} SET (partition_by = 'kind', sort_by = 'kind, id')`);
  await db.execute(`UPDATE ${table} SET kind = 'other' WHERE id % 10 = 5`);
  await insert(120, 180);
  await db.execute(`DELETE FROM ${table} WHERE id % 10 = 1`);
  await insert(180, 200);
  await recorder.record(db, { name: 'partitioning changed twice', table, rowCount: 200 - 6 - 18, filters: 'all' });
}

/** Names that neither Avro nor SQL takes without quotes, with partitions by such columns. */
async function strangeNames(db: AlopexDB, recorder: Recorder): Promise<void> {
  const table = 'Straße & 😀';
  await db.execute(
    `CREATE TABLE "${table}" ("Der Schlüssel" INTEGER PRIMARY KEY, "1st.day" DATE, "a-b" VARCHAR, "select" STRUCT("x y" INTEGER)) WITH (partition_by = 'month("1st.day"), "a-b"', sort_by = '"1st.day"')`,
  );
  await db.execute(
    `INSERT INTO "${table}" SELECT i, DATE '2024-01-15' + CAST(i AS INTEGER), 'ab'[i % 2 + 1], {'x y': i} FROM range(40) AS r(i)`,
  );
  await db.execute(`ALTER TABLE "${table}" TIER PARTITION WHERE true TO COLD`);
  await db.execute(`DELETE FROM "${table}" WHERE "Der Schlüssel" < 5`);
  await db.execute(`UPDATE "${table}" SET "a-b" = 'c' WHERE "Der Schlüssel" = 39`);
  await db.execute(`ALTER TABLE "${table}" TIER PARTITION WHERE true TO COLD`);
  await recorder.record(db, { name: 'strange names', table, rowCount: 35, filters: 'all' });
}

async function allMovedBack(db: AlopexDB, recorder: Recorder): Promise<void> {
  await db.execute(`CREATE TABLE returned (id INTEGER PRIMARY KEY, v VARCHAR)`);
  await db.execute(`INSERT INTO returned SELECT i, 'v' || i FROM range(100) AS r(i)`);
  await db.execute(`ALTER TABLE returned TIER PARTITION WHERE true TO COLD`);
  await db.execute(`DELETE FROM returned WHERE id < 10`);
  await db.execute(`ALTER TABLE returned TIER PARTITION WHERE true TO HOT`);
  await recorder.record(db, { name: 'all moved back', table: 'returned', where: 'false', rowCount: 0 });
  await db.execute(`ALTER TABLE returned TIER PARTITION WHERE id < 50 TO COLD`);
  await recorder.record(db, {
    name: 'all moved back, some cold again',
    table: 'returned',
    where: 'id < 50',
    rowCount: 40,
  });
}

async function allDeleted(db: AlopexDB, recorder: Recorder): Promise<void> {
  await db.execute(`CREATE TABLE emptied (id INTEGER PRIMARY KEY, v VARCHAR)`);
  await db.execute(`INSERT INTO emptied SELECT i, 'v' || i FROM range(100) AS r(i)`);
  await db.execute(`ALTER TABLE emptied TIER PARTITION WHERE id < 99 TO COLD`);
  await db.execute(`DELETE FROM emptied WHERE id < 99`);
  await db.execute(`INSERT OR REPLACE INTO emptied VALUES (99, 'last')`);
  await db.execute(`ALTER TABLE emptied TIER PARTITION WHERE true TO COLD`);
  await recorder.record(db, { name: 'all but one row deleted', table: 'emptied', rowCount: 1 });
}
