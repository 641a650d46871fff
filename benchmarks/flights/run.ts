import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlopexDB } from '../../index.ts';
import { geometricMean, median, timed } from '../statistics.ts';
import { COLUMNS, writeNumberedFlights } from './dataset.ts';
import { QUERIES } from './queries.ts';

const ROUNDS = 9;
const LOAD_ROUNDS = 3;

/** How each layout gets from all hot to what its name says. */
const LAYOUTS: readonly { readonly name: string; readonly tier: string | undefined }[] = [
  { name: 'hot', tier: undefined },
  { name: 'cold', tier: 'true' },
  { name: 'split', tier: "date < '2001-04-11'" },
];

const OPTIONS = "WITH (sort_by = 'date', partition_by = 'month(date)', tier_column = 'date')";

/** Everything in one process, the contestants taking turns, so that noise hits all alike. */
export async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-bench-'));
  try {
    const source = join(folder, 'flights.parquet');
    await writeNumberedFlights(source);
    const instance = await DuckDBInstance.create(':memory:');
    const plain = await instance.connect();
    const databases = await compareLoading(folder, source, plain);
    await compareQueries(source, plain, databases);
    for (const database of databases) await database.close();
    const reopened = await timed(async () => (await AlopexDB.open(join(folder, 'split'))).close());
    print(`open and close of the finished split database: ${reopened.toFixed(0)} ms`);
    print(`peak memory of this process: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
    plain.closeSync();
    instance.closeSync();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareLoading(folder: string, source: string, plain: DuckDBConnection): Promise<AlopexDB[]> {
  const baseline: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < LOAD_ROUNDS; round++) {
    baseline.push(
      await timed(async () => {
        await plain.run(`CREATE OR REPLACE TABLE loaded AS SELECT * FROM '${source}'`);
        await plain.run(`COPY loaded TO '${join(folder, 'baseline.parquet')}' (FORMAT parquet)`);
      }),
    );
    await plain.run('DROP TABLE loaded');
    const database = await AlopexDB.open(join(folder, `load-${round}`));
    await database.execute(`CREATE TABLE flights (${COLUMNS}) ${OPTIONS}`);
    ours.push(await timed(() => database.execute(`COPY flights FROM '${source}'`)));
    await database.close();
    await rm(join(folder, `load-${round}`), { recursive: true });
  }
  const ratio = median(ours) / median(baseline);
  print(
    `load 3,000,000 rows: DuckDB CREATE TABLE AS + COPY TO ${median(baseline).toFixed(0)} ms, COPY ${median(ours).toFixed(0)} ms, ratio ${ratio.toFixed(2)}`,
  );

  const databases: AlopexDB[] = [];
  for (const layout of LAYOUTS) {
    const database = await AlopexDB.open(join(folder, layout.name));
    await database.execute(`CREATE TABLE flights (${COLUMNS}) ${OPTIONS}; COPY flights FROM '${source}'`);
    if (layout.tier !== undefined) {
      const tiering = await timed(() =>
        database.execute(`ALTER TABLE flights TIER PARTITION WHERE ${layout.tier} TO COLD`),
      );
      print(`tier to layout "${layout.name}": ${tiering.toFixed(0)} ms`);
    }
    databases.push(database);
  }
  return databases;
}

async function compareQueries(source: string, plain: DuckDBConnection, databases: readonly AlopexDB[]): Promise<void> {
  await plain.run(`CREATE VIEW flights AS SELECT * FROM '${source}'`);
  const header = ['query'.padEnd(20), 'DuckDB ms', ...LAYOUTS.map((layout) => layout.name.padStart(8))];
  print(header.join('  '));
  const ratios: number[][] = LAYOUTS.map(() => []);
  for (const { name, sql } of QUERIES) {
    const base: number[] = [];
    const ours: number[][] = LAYOUTS.map(() => []);
    for (let round = 0; round < ROUNDS + 1; round++) {
      const plainMs = await timed(() => plain.runAndReadAll(sql));
      if (round > 0) base.push(plainMs); // The first round warms up.
      for (const [index, database] of databases.entries()) {
        const ms = await timed(() => database.query(sql));
        if (round > 0) ours[index]?.push(ms);
      }
    }
    const baseMs = median(base);
    const row = ours.map((times) => median(times) / baseMs);
    for (const [index, ratio] of row.entries()) ratios[index]?.push(ratio);
    print(
      [name.padEnd(20), baseMs.toFixed(1).padStart(9), ...row.map((ratio) => ratio.toFixed(2).padStart(8))].join('  '),
    );
  }
  const means = ratios.map((values) => geometricMean(values).toFixed(2).padStart(8));
  print(['geometric mean'.padEnd(20), ''.padStart(9), ...means].join('  '));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
