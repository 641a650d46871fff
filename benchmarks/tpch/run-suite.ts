import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareDataset, type Dataset, type SuiteName } from '../../test/tpch/dataset.ts';
import { layout, LAYOUT_NAMES, type LayoutName } from '../../test/tpch/layout.ts';
import { checkedQueries } from '../../test/tpch/queries.ts';
import { print } from '../print.ts';
import { timed } from '../statistics.ts';
import { checkAnswers } from './check-answers.ts';
import { compare, type Field } from './compare.ts';
import { AlopexContestant, PlainContestant, type Contestant } from './contestant.ts';
import { explain } from './explain.ts';
import { selective } from './selective.ts';

const CHANGED: readonly LayoutName[] = ['split-changed'];

/** All contestants of a suite in one process, taking turns, so that noise hits all alike. */
export async function runSuite(suite: SuiteName): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      scale: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '5' },
      only: { type: 'string' },
      layouts: { type: 'string', default: 'hot,cold,split,split-changed' },
      data: { type: 'string', default: join(tmpdir(), 'alopex-tpch-data') },
      explain: { type: 'boolean', default: false },
      selective: { type: 'boolean', default: false },
    },
  });
  const [scale, rounds] = [positive('scale', values.scale), positive('rounds', values.rounds)];
  const folder = await mkdtemp(join(tmpdir(), 'alopex-bench-'));
  try {
    print(`${suite}, scale ${scale}, medians of ${rounds} rounds, all contestants taking turns in one process`);
    const dataset = await prepareDataset(suite, scale, values.data);
    if (!values.selective) {
      const only = values.only?.split(',').map(Number);
      const queries = checkedQueries(suite, dataset).filter(({ number }) => only?.includes(number) ?? true);
      const names = LAYOUT_NAMES.filter((name) => values.layouts.split(',').includes(name));
      const fields = await openFields(suite, dataset, names, folder);
      if (values.explain) {
        await explain(fields, queries);
      } else {
        await checkAnswers(fields, queries, dataset);
        await compare(fields, queries, rounds);
      }
      for (const { baselines, layouts } of fields)
        for (const contestant of [...baselines, ...layouts]) await contestant.close();
    }
    if (suite === 'tpch' && (values.selective || (values.only === undefined && !values.explain)))
      await selective(dataset, folder, rounds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Those with the rows as they were generated, and those with rows changed. */
async function openFields(
  suite: SuiteName,
  dataset: Dataset,
  names: readonly LayoutName[],
  folder: string,
): Promise<Field[]> {
  const fields: Field[] = [];
  const unchanged = names.filter((name) => !CHANGED.includes(name));
  if (unchanged.length > 0) {
    const baselines = [
      await PlainContestant.overParquet('DuckDB on Parquet', dataset),
      await opened('DuckDB tables', () =>
        PlainContestant.ofTables('DuckDB tables', dataset, join(folder, 'plain.duckdb')),
      ),
    ];
    fields.push({ baselines, layouts: await openLayouts(suite, dataset, unchanged, folder) });
  }
  const changed = names.filter((name) => CHANGED.includes(name));
  if (changed.length > 0) {
    const parquet = await writeChanged(suite, dataset, join(folder, 'changed'));
    const baselines = [await PlainContestant.overParquet('DuckDB on Parquet, changed', dataset, parquet)];
    fields.push({ baselines, layouts: await openLayouts(suite, dataset, changed, folder) });
  }
  return fields;
}

async function openLayouts(
  suite: SuiteName,
  dataset: Dataset,
  names: readonly LayoutName[],
  folder: string,
): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  for (const name of names)
    contestants.push(await opened(name, () => AlopexContestant.open(name, suite, dataset, join(folder, name))));
  return contestants;
}

async function opened(name: string, open: () => Promise<Contestant>): Promise<Contestant> {
  let contestant: Contestant | undefined;
  const ms = await timed(async () => (contestant = await open()));
  if (contestant === undefined) throw new Error(`${name} was not opened`);
  print(`  loaded: ${name}, ${(ms / 1000).toFixed(1)} s`);
  return contestant;
}

/** Parquet files of the rows after the changes, as DuckDB writes them. */
async function writeChanged(suite: SuiteName, dataset: Dataset, folder: string): Promise<string> {
  await mkdir(folder);
  const plain = await PlainContestant.ofTables('', dataset);
  for (const sql of layout('split-changed', suite, dataset).changes) await plain.ask(sql);
  for (const { name } of dataset.tables) await plain.ask(`COPY ${name} TO '${join(folder, `${name}.parquet`)}'`);
  await plain.close();
  return folder;
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${option} takes a number above 0, not "${text}"`);
  return value;
}
