// Runs scripts of the sqllogictest format, such as DuckDB's corpus in a checkout, and counts what passes.
import { existsSync, globSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AlopexDatabase } from './alopex-database.ts';
import { DuckDbDatabase } from './duckdb-database.ts';
import { differenceByDesign } from './by-design.ts';
import { isLayout, LAYOUTS, layoutRequirements, type Layout } from './layout.ts';
import { PlacedDatabase } from './placed-database.ts';
import { printedSummary } from './print-summary.ts';
import { runFile, type FileOptions, type FileResult } from './run-file.ts';
import { summarize } from './tally.ts';

const USAGE = `npm run sqllogic -- --corpus PATH [--folder select,join/asof] [--file PART] [--database alopex|duckdb] [--layout ${LAYOUTS.join('|')}]
    [--slow] [--limit-s SECONDS] [--reasons COUNT] [--failures] [--report text|json]`;

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    folder: { type: 'string' },
    file: { type: 'string', default: '' },
    database: { type: 'string', default: 'alopex' },
    layout: { type: 'string', default: 'memory' },
    slow: { type: 'boolean', default: false },
    'limit-s': { type: 'string', default: '60' },
    reasons: { type: 'string', default: '40' },
    failures: { type: 'boolean', default: false },
    report: { type: 'string', default: 'text' },
  },
});
const { corpus, layout } = values;
if (corpus === undefined || !existsSync(corpus)) usage('--corpus names no folder');
if (values.database !== 'alopex' && values.database !== 'duckdb') usage(`there is no database ${values.database}`);
if (!isLayout(layout)) usage(`there is no layout ${layout}`);

// Scripts name their data files as seen from the root of the corpus.
process.chdir(resolve(corpus));
const root = existsSync('test/sql') ? 'test/sql' : '.';
const extension = values.slow ? '{test,test_slow}' : 'test';
const folders = values.folder?.split(',') ?? [''];
const paths = folders
  .flatMap((folder) => globSync(`${join(root, folder)}/**/*.${extension}`).sort())
  .filter((path) => path.includes(values.file));
if (paths.length === 0) usage('there are no such scripts');

const results: FileResult[] = [];
for (const path of paths) {
  const result = await runFile(path, fileOptions(values.database, layout));
  results.push(result);
  if (values.failures) printFailures(result);
  if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${paths.length}`);
}
const summary = summarize(
  results,
  (path) => folders.find((folder) => folder !== '' && path.startsWith(join(root, folder, '/'))) ?? topFolder(path),
);
const report =
  values.report === 'json' ? JSON.stringify({ summary, results }) : printedSummary(summary, Number(values.reasons));
// A database that was left behind would keep the process alive; the report must be out before.
process.stdout.write(`${report}\n`, () => process.exit(summary.total.failed === 0 ? 0 : 1));

function fileOptions(database: 'alopex' | 'duckdb', layout: Layout): FileOptions {
  const limitMs = Number(values['limit-s']) * 1000;
  if (database === 'duckdb') return { open: () => DuckDbDatabase.open(), systems: ['duckdb'], limitMs };
  return {
    open: async (folder) => PlacedDatabase.of(await AlopexDatabase.open(folder), layout),
    systems: ['alopex', 'duckdb'],
    limitMs,
    present: layoutRequirements(layout),
    excused: differenceByDesign,
  };
}

function topFolder(path: string): string {
  const within = root === '.' ? path : path.slice(root.length + 1);
  return dirname(within).split('/')[0] ?? '.';
}

function printFailures({ path, records, broken }: FileResult): void {
  if (broken !== undefined) print(`${path}: broken: ${broken}`);
  for (const { line, sql, outcome } of records) {
    if (outcome.kind === 'failed') print(`${path}:${line}: ${outcome.reason}\n    ${sql.replaceAll('\n', '\n    ')}`);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function usage(message: string): never {
  process.stderr.write(`${message}\n${USAGE}\n`);
  process.exit(2);
}
