import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Output } from '../connectors/text/output.ts';
import { tablePrinter } from '../connectors/text/formats/table.ts';
import { AlopexDB, type ScanReport } from '../index.ts';
import { QUESTIONS } from './tour-questions.ts';

/** Three million real flights, from the npm package `vega-datasets`. */
const FLIGHTS = fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')));

const CUTOFF = '2001-05-16';

const { values: flags } = parseArgs({ options: { 'data-dir': { type: 'string', default: './alopex-data' } } });
const dataDir = flags['data-dir'];
const output = new Output(process.stdout);
const printTable = tablePrinter({ maxWidth: process.stdout.columns, maxRows: undefined, types: false });

const opening = performance.now();
const db = await AlopexDB.open(dataDir);
try {
  const openMs = performance.now() - opening;
  if (await hasFlights()) {
    say(`Reopened the database in ${dataDir} in ${openMs.toFixed(0)} ms: the flights of an earlier run are there.`);
  } else {
    say(`Made a new database in ${dataDir}.`);
    await prepare();
  }
  await showTiers();
  for (const { question, sql } of QUESTIONS) await ask(question, sql);
  sayWhatNext();
} finally {
  await db.close();
  await output.flush();
}

async function hasFlights(): Promise<boolean> {
  const tables = await db.query("SELECT name FROM alopex.tables WHERE name = 'flights' AND cold_rows > 0");
  return tables.numRows > 0;
}

/** Loads, tiers, and changes rows on both sides of the cutoff. Starts afresh when an earlier run was stopped half way. */
async function prepare(): Promise<void> {
  await step('Create the table', [
    `CREATE OR REPLACE TABLE flights (id BIGINT PRIMARY KEY, date TIMESTAMP NOT NULL, delay BIGINT, distance BIGINT, origin VARCHAR, destination VARCHAR) WITH (sort_by = 'date', partition_by = 'month(date)', tier_column = 'date', tier_after = INTERVAL '45 days')`,
  ]);
  await step('Load three million real flights', [
    `INSERT INTO flights SELECT row_number() OVER () AS id, date, delay, distance, origin, destination FROM '${FLIGHTS}'`,
  ]);
  await step(`Move all flights before ${CUTOFF} to the cold tier, an Iceberg table`, [
    `ALTER TABLE flights TIER PARTITION WHERE date < '${CUTOFF}' TO COLD`,
  ]);
  await step('Change rows on both sides of the cutoff', [
    'DELETE FROM flights WHERE id IN (11, 2999991)',
    'UPDATE flights SET delay = delay + 1000 WHERE id IN (12, 2999990)',
    "UPDATE flights SET destination = 'EWR' WHERE destination = 'LGA' AND date BETWEEN '2001-05-15' AND '2001-05-16 23:59:59'",
    "INSERT INTO flights VALUES (3000001, '2001-02-03 04:05', 7, 2475, 'JFK', 'LAX'), (3000002, '2001-06-30 23:59', -3, 2475, 'LAX', 'JFK')",
    "INSERT INTO flights VALUES (3000002, '2001-06-30 23:59', 12, 2475, 'LAX', 'JFK') ON CONFLICT (id) DO UPDATE SET delay = excluded.delay",
  ]);
}

async function step(title: string, statements: readonly string[]): Promise<void> {
  say(`\n== ${title}`);
  for (const sql of statements) {
    say(`   ${sql}`);
    await output.flush();
    const start = performance.now();
    const [result] = await db.execute(sql);
    const rows = result?.rowCount === undefined ? '' : `, rows: ${count(result.rowCount)}`;
    say(`   ${result?.command ?? ''}${rows}, ${(performance.now() - start).toFixed(0)} ms`);
  }
}

async function showTiers(): Promise<void> {
  await ask(
    'Where are the rows?',
    'SELECT name, memory_rows, hot_rows, hot_files, cold_rows, cold_files, cold_bytes FROM alopex.tables',
  );
}

async function ask(question: string, sql: string): Promise<void> {
  say(`\n== ${question}\n   ${sql}`);
  const start = performance.now();
  for await (const result of db.statements(sql)) {
    if (result.kind !== 'rows') continue;
    await printTable(result, output);
    const tookMs = performance.now() - start;
    for (const scan of result.scans) say(describe(scan, tookMs));
  }
}

function describe({ memory, hot, cold }: ScanReport, tookMs: number): string {
  const pruned = hot.filesPruned + cold.filesPruned;
  const rows = `${count(memory.rows)} from memory, ${count(hot.rows)} from hot segments, ${count(cold.rows)} from cold files`;
  return `   rows read: ${rows}; files: ${hot.filesRead + cold.filesRead} read, ${pruned} pruned; ${tookMs.toFixed(0)} ms`;
}

function sayWhatNext(): void {
  say(`
== What to try next
   npx alopex sql                      your own questions; \\d lists the tables, \\q leaves
   npx alopex sql -c "SELECT * FROM alopex.segments"
   npx alopex sql -c "EXPLAIN SELECT count(*) FROM flights WHERE date >= '2001-06-01'"
   npx alopex sql -c "ALTER TABLE flights TIER PARTITION WHERE date >= '2001-04-01' TO HOT"
   npm start                           again: the database is reopened, nothing is loaded twice
   README.md                           the five-minute tour, and how other engines read the cold tier`);
}

function count(rows: number): string {
  return rows.toLocaleString('en-US');
}

function say(line: string): void {
  output.append(`${line}\n`);
}
