import { AlopexSide } from '../../differential/test-support/alopex-side.ts';
import { PlainDuckDb } from '../../differential/test-support/plain-duckdb.ts';
import { makeTempFolder, removeFolder } from '../../differential/test-support/temp-folder.ts';

const MONTHS = 12;
/** In file 0 (January) to 11 (December). */
export const ROWS_PER_FILE = 20;

const COLUMNS = `id BIGINT, n INTEGER, s VARCHAR, ts TIMESTAMP, tz TIMESTAMPTZ, d DATE, f DOUBLE, r FLOAT, dec DECIMAL(10,2), u UUID, b BOOLEAN, note VARCHAR, st STRUCT(a INTEGER, b VARCHAR)`;

/** The rows of a month: all columns rise from file to file, `n` repeats, `note` is null but in March, and null values are strewn over `f`. */
function monthSql(month: number): string {
  const letter = 'abcdefghijkl'[month] ?? '';
  const day = `(TIMESTAMP '2001-${String(month + 1).padStart(2, '0')}-01' + to_hours(CAST(i * 33 AS BIGINT)))`;
  return `SELECT ${month * 1000}::BIGINT + i AS id, (i % 7)::INTEGER AS n, '${letter}' || lpad(i::VARCHAR, 2, '0') AS s, ${day} AS ts,
    ${day}::TIMESTAMPTZ AS tz, CAST(${day} AS DATE) AS d, CASE WHEN i % 5 = 0 THEN NULL ELSE ${month} + i / 100.0 END::DOUBLE AS f, (${month} + i / 64.0)::FLOAT AS r,
    (${month} + i / 100)::DECIMAL(10,2) AS dec, ('00000000-0000-0000-0000-0000000' || lpad((${month} * 100 + i)::VARCHAR, 5, '0'))::UUID AS u,
    ${month === 0} AS b, ${month === 2 ? `'note ' || i` : 'NULL'} AS note, {'a': ${month}::INTEGER * 10 + i::INTEGER % 10, 'b': '${letter}'} AS st
    FROM range(${ROWS_PER_FILE}) AS numbers(i)`;
}

/** The same table of twelve files in AlopexDB and in plain DuckDB. */
export class Monthly {
  readonly #folder: string;
  readonly ours: AlopexSide;
  readonly plain: PlainDuckDb;

  private constructor(folder: string, ours: AlopexSide, plain: PlainDuckDb) {
    this.#folder = folder;
    this.ours = ours;
    this.plain = plain;
  }

  /** With a `primaryKey`, rows can be updated by `id`. */
  static async open(tier: 'hot' | 'cold' | 'split'): Promise<Monthly> {
    const folder = await makeTempFolder();
    // Every statement that adds rows writes a segment, and none are merged.
    const ours = await AlopexSide.open(folder, { limits: { largeRows: 1, mergeSegments: 0 } });
    const plain = await PlainDuckDb.open();
    const pair = new Monthly(folder, ours, plain);
    await ours.run(`CREATE TABLE t (${COLUMNS}) WITH (sort_by = 'ts', partition_by = 'month(ts)', tier_column = 'ts')`);
    await plain.run(`CREATE TABLE t (${COLUMNS})`);
    for (let month = 0; month < MONTHS; month++) await pair.run(`INSERT INTO t ${monthSql(month)}`);
    if (tier !== 'hot') {
      await ours.run(`ALTER TABLE t TIER PARTITION WHERE ${tier === 'cold' ? 'true' : "ts < '2001-07-01'"} TO COLD`);
    }
    return pair;
  }

  async run(sql: string): Promise<void> {
    await this.ours.run(sql);
    await this.plain.run(sql);
  }

  async close(): Promise<void> {
    await this.ours.close();
    this.plain.close();
    await removeFolder(this.#folder);
  }
}
