import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AlopexSide } from '../differential/test-support/alopex-side.ts';
import { PlainDuckDb } from '../differential/test-support/plain-duckdb.ts';
import { prepareDataset, type Dataset, type SuiteName } from './dataset.ts';
import { isAsNamed } from './is-as-named.ts';
import { layout, LAYOUT_NAMES, type LayoutName } from './layout.ts';
import { checkedQueries, type CheckedQuery } from './queries.ts';
import { difference, differenceFromPublished } from './same-rows.ts';

/**
 * `main.ts [--suite tpch|tpcds] [--scale 0.1] [--layouts hot,cold,…] [--only 1,2,…] [--data FOLDER]`: every query of the suite in every layout, compared with
 * plain DuckDB. Prints a line for each check, then the totals.
 */
const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: 'tpch' },
    scale: { type: 'string', default: '0.1' },
    layouts: { type: 'string', default: LAYOUT_NAMES.join(',') },
    only: { type: 'string' },
    data: { type: 'string' },
  },
});
const totals = { passed: 0, failed: 0 };
const suite: SuiteName = values.suite === 'tpcds' ? 'tpcds' : 'tpch';
const folder = await mkdtemp(join(tmpdir(), 'alopex-tpch-'));
try {
  const dataset = await prepareDataset(suite, Number(values.scale), values.data ?? join(folder, 'data'));
  const only = values.only?.split(',').map(Number);
  const queries = checkedQueries(suite, dataset).filter(({ number }) => only?.includes(number) ?? true);
  if (dataset.answers.length > 0) await checkPublished(dataset, queries);
  for (const name of LAYOUT_NAMES.filter((known) => values.layouts.split(',').includes(known)))
    await checkLayout(name, dataset, queries);
} finally {
  await rm(folder, { recursive: true, force: true });
}
print(`${totals.passed} passed, ${totals.failed} failed`);
if (totals.failed > 0 || totals.passed === 0) process.exitCode = 1;

/** The reference itself, and with it the data and the queries. */
async function checkPublished(dataset: Dataset, queries: readonly CheckedQuery[]): Promise<void> {
  const plain = await openPlain(dataset, []);
  for (const { number, sql } of queries) {
    const published = dataset.answers.find((answer) => answer.number === number);
    await check(`plain DuckDB, query ${number}: the published answer`, async () =>
      differenceFromPublished(await texts(plain, sql), published?.text ?? ''),
    );
  }
  plain.close();
}

async function checkLayout(name: LayoutName, dataset: Dataset, queries: readonly CheckedQuery[]): Promise<void> {
  const { limits, load, changes, finish } = layout(name, suite, dataset);
  const plain = await openPlain(dataset, changes);
  const alopex = await AlopexSide.open(join(folder, name), { limits, durability: 'none' });
  try {
    for (const sql of [...load, ...changes, ...finish]) await alopex.run(sql);
    await check(`${name}: rows lie as it is named`, () => isAsNamed(name, suite, dataset, alopex));
    for (const { number, checkSql, order } of queries) {
      await check(`${name}, query ${number}`, async () =>
        difference(await alopex.rows(checkSql), await plain.rows(checkSql), order),
      );
    }
  } finally {
    await alopex.close();
    plain.close();
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function openPlain(dataset: Dataset, changes: readonly string[]): Promise<PlainDuckDb> {
  const plain = await PlainDuckDb.open();
  for (const { name, columns } of dataset.tables) {
    await plain.run(`CREATE TABLE ${name} (${columns.join(', ')})`);
    await plain.run(`COPY ${name} FROM '${join(dataset.folder, `${name}.parquet`)}'`);
  }
  for (const sql of changes) await plain.run(sql);
  return plain;
}

/** Each value as text. */
async function texts(plain: PlainDuckDb, sql: string): Promise<string[][]> {
  return (await plain.rows(`SELECT COLUMNS(*)::VARCHAR FROM (${sql})`)).map((row) => row.map(String));
}

/** It passes unless it throws or returns what is different. */
async function check(title: string, body: () => Promise<string | undefined>): Promise<void> {
  let problem: string | undefined;
  try {
    problem = await body();
  } catch (error) {
    problem = String(error);
  }
  if (problem === undefined) totals.passed++;
  else totals.failed++;
  print(problem === undefined ? `ok      ${title}` : `FAILED  ${title}: ${problem}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
