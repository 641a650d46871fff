import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AlopexDB } from '../../index.ts';

/** One state of a cold table: what readers are given, and the rows that they must get. */
export interface ColdState {
  readonly name: string;
  /** Address of the Iceberg metadata file, as `alopex.tables` says it. */
  readonly metadataLocation: string;
  /** As `alopex.tables` says it; `null` without partitions. */
  readonly partitionBy: string | null;
  /** Parquet file with the rows that AlopexDB returned, in the types of the table or those that others see. */
  readonly expected: string;
  /** Columns on which filters are tried too; `null` for all. They take the longest. */
  readonly filters: readonly string[] | null;
}

export interface RecordOptions {
  readonly name: string;
  readonly table: string;
  /** Condition that is true for just the rows of the cold tier; all rows when absent. */
  readonly where?: string;
  /** How many rows that must be, worked out by hand: an empty table would agree with an empty table. */
  readonly rowCount: number;
  /** The columns as other engines see them; as they are when absent. */
  readonly select?: string;
  /** Columns on which filters are tried too; none when absent. */
  readonly filters?: 'all' | readonly string[];
}

/** Writes down states of cold tables for the readers. All are checked at the end, so older metadata files must stay readable. */
export class Recorder {
  readonly #folder: string;
  readonly #states: ColdState[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Records the cold tier as it is, after making sure that the condition tells it from the rest of the table. */
  async record(db: AlopexDB, options: RecordOptions): Promise<ColdState> {
    const { name, table, where = 'true', rowCount, select = '*', filters = [] } = options;
    const relation = `"${table}"`;
    const tiers = await only(
      db,
      `SELECT memory_rows + hot_rows AS hot, cold_rows AS cold, partition_by, metadata_location FROM alopex.tables WHERE name = '${table}'`,
    );
    const counts = await only(
      db,
      `SELECT count(*) FILTER (WHERE ${where}) AS cold, count(*) FILTER (WHERE (${where}) IS NOT TRUE) AS hot FROM ${relation}`,
    );
    assert.equal(Number(tiers['cold']), rowCount, `${name}: rows in the cold tier`);
    assert.equal(Number(counts['cold']), rowCount, `${name}: rows for which the condition is true`);
    assert.equal(Number(tiers['hot']), Number(counts['hot']), `${name}: rows outside of the cold tier`);
    const expected = `${this.#states.length}.parquet`;
    await db.execute(
      `COPY (SELECT ${select} FROM ${relation} WHERE ${where}) TO '${join(this.#folder, expected)}' (FORMAT parquet)`,
    );
    const metadataLocation = tiers['metadata_location'];
    assert.ok(typeof metadataLocation === 'string', `${name}: the table has no metadata_location`);
    const partitionBy = tiers['partition_by'] as string | null;
    return this.#add({ name, metadataLocation, partitionBy, expected, filters: filters === 'all' ? null : filters });
  }

  /**
   * Records that readers still see an earlier state: the table was changed, but no cold commit has told them. Fails when one has.
   */
  async recordUnchanged(db: AlopexDB, options: { name: string; table: string; since: ColdState }): Promise<void> {
    const { name, table, since } = options;
    const row = await only(db, `SELECT metadata_location FROM alopex.tables WHERE name = '${table}'`);
    assert.equal(row['metadata_location'], since.metadataLocation, `${name}: metadata_location`);
    this.#add({ ...since, name, filters: [] });
  }

  async save(): Promise<void> {
    await writeFile(join(this.#folder, 'states.json'), JSON.stringify(this.#states, undefined, 2));
  }

  #add(state: ColdState): ColdState {
    this.#states.push(state);
    return state;
  }
}

/** The single row of a query. */
async function only(db: AlopexDB, sql: string): Promise<Record<string, unknown>> {
  const rows = (await db.query(sql)).toArray() as Record<string, unknown>[];
  const [row] = rows;
  assert.ok(row !== undefined && rows.length === 1, `one row expected of ${sql}`);
  return row;
}
