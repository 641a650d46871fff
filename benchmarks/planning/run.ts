import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlopexDB, type ScanReport } from '../../index.ts';
import { print, printTable, whole } from '../print.ts';
import { median, timed } from '../statistics.ts';

const ROWS_PER_FILE = 100;
const ROUNDS = 41;
const SEGMENTS = { largeRows: 1, mergeSegments: 0, slowSegments: 100_000, stopSegments: 100_000, maxSegments: 100_000 };

/** A query of file number `at`, with another text each time or with a parameter. */
interface Probe {
  readonly name: string;
  sql(at: number): string;
  parameters?(at: number): (number | string)[];
}

const PROBES: readonly Probe[] = [
  { name: 'point, new text each time', sql: (at) => `SELECT * FROM t WHERE id = ${at * ROWS_PER_FILE}` },
  { name: 'point, same text', sql: () => 'SELECT * FROM t WHERE id = 500' },
  { name: 'point, parameter', sql: () => 'SELECT * FROM t WHERE id = $1', parameters: (at) => [at * ROWS_PER_FILE] },
  {
    name: 'range of an hour, by a function',
    sql: (at) =>
      `SELECT count(*), sum(v) FROM t WHERE date_trunc('hour', ts) = TIMESTAMP '2020-01-01' + INTERVAL ${at} HOUR`,
  },
  { name: 'last ten rows', sql: () => 'SELECT id, v FROM t ORDER BY ts DESC LIMIT 10' },
  { name: 'least and greatest', sql: () => 'SELECT min(ts), max(ts) FROM t' },
  { name: 'count', sql: () => 'SELECT count(*) FROM t' },
];

/**
 * What planning costs: a query that needs one file of many, beside plain DuckDB over just the files that were read and over all of them. The difference to the former is
 * the planner's. `--files 10,1000` says how many files there are.
 */
export async function run(): Promise<void> {
  const at = process.argv.indexOf('--files');
  const counts = (at < 0 ? '10,1000,10000' : (process.argv[at + 1] ?? '')).split(',').map(Number);
  for (const count of counts) await measure(count);
}

async function measure(count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-bench-'));
  const instance = await DuckDBInstance.create(':memory:');
  const plain = await instance.connect();
  const db = await AlopexDB.open(folder, { limits: SEGMENTS, durability: 'none' });
  try {
    await db.execute("CREATE TABLE t (id BIGINT, ts TIMESTAMP, v DOUBLE, s VARCHAR) WITH (sort_by = 'ts')");
    for (let file = 0; file < count; file++) await db.execute(`INSERT INTO t ${rowsSql(file)}`);
    const paths = await segmentPaths(folder);
    print(`${whole(count)} files of ${ROWS_PER_FILE} rows`);
    const rows: string[][] = [];
    for (const probe of PROBES) rows.push(await measureProbe(db, plain, paths, probe));
    printTable(
      ['query', 'files read', 'AlopexDB ms', 'DuckDB, those files', 'over it', 'DuckDB, all files', 'ratio'],
      rows,
    );
  } finally {
    await db.close();
    plain.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureProbe(
  db: AlopexDB,
  plain: DuckDBConnection,
  paths: readonly string[],
  probe: Probe,
): Promise<string[]> {
  const ours: number[] = [];
  const few: number[] = [];
  const all: number[] = [];
  let filesRead = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const file = (round * 7) % paths.length;
    const sql = probe.sql(file);
    const parameters = probe.parameters?.(file);
    ours.push(await timed(() => db.query(sql, parameters)));
    const scan = await scanOf(db, sql, parameters);
    filesRead = scan.hot.filesRead;
    const read = paths.slice(file, file + Math.max(1, filesRead));
    await plain.run(`CREATE OR REPLACE VIEW t AS SELECT * FROM read_parquet(${list(read)})`);
    few.push(await timed(() => plain.runAndReadAll(sql, parameters)));
    // Reading all of many files takes long, and as long each time.
    if (round > 40 / Math.sqrt(paths.length)) continue;
    await plain.run(`CREATE OR REPLACE VIEW t AS SELECT * FROM read_parquet(${list(paths)})`);
    all.push(await timed(() => plain.runAndReadAll(sql, parameters)));
  }
  const [own, least, most] = [median(ours), median(few), median(all)];
  return [
    probe.name,
    whole(filesRead),
    own.toFixed(2),
    least.toFixed(2),
    (own - least).toFixed(2),
    most.toFixed(2),
    (most / own).toFixed(1),
  ];
}

async function scanOf(db: AlopexDB, sql: string, parameters?: (number | string)[]): Promise<ScanReport> {
  for await (const result of db.statements(sql, parameters)) {
    const scan = result.kind === 'rows' ? result.scans[0] : undefined;
    if (scan !== undefined) return scan;
  }
  throw new Error(`not a query of a table: ${sql}`);
}

function rowsSql(file: number): string {
  const first = file * ROWS_PER_FILE;
  return `SELECT ${first} + i, TIMESTAMP '2020-01-01' + to_seconds((${file} * 3600 + i * 36)::BIGINT), random(), 'row ' || i FROM range(${ROWS_PER_FILE}) AS numbers(i)`;
}

async function segmentPaths(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'segments'), { recursive: true });
  return names
    .filter((name) => name.endsWith('.parquet'))
    .toSorted()
    .map((name) => join(folder, 'segments', name));
}

function list(paths: readonly string[]): string {
  return `[${paths.map((path) => `'${path}'`).join(', ')}]`;
}
