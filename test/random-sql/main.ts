// Random statements in AlopexDB and in plain DuckDB, and the scripts of what differs.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { SeededRandom } from '../../engine/sim/random.ts';
import { randomEpisode } from './generate/episode.ts';
import { runEpisode, type EpisodeReport } from './run/run-episode.ts';
import { scriptText } from './run/script.ts';
import { kindOf, shrink } from './run/shrink.ts';

const USAGE = 'npm run random-sql -- [--seed S|new] [--statements N] [--episode S] [--differences N]';

/** A new database after so many: what shrinking has to run again, and how far a difference can hide others. */
const STATEMENTS_OF_AN_EPISODE = 100;
/** Episodes side by side: one works while another waits for files. */
const SIDE_BY_SIDE = 2;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    statements: { type: 'string', default: '10000' },
    /** The seed of one episode, as a report names it. */
    episode: { type: 'string' },
    /** Differences after which it ends. */
    differences: { type: 'string', default: '10' },
  },
});
const wanted = wholeNumber('statements', values.statements);
const mostDifferences = wholeNumber('differences', values.differences);
const seed = values.seed === 'new' ? randomInt(2 ** 32) : wholeNumber('seed', values.seed);
const seeds = new SeededRandom(seed);
const startedMs = performance.now();

let statements = 0;
let failed = 0;
let differences = 0;
let episodes = 0;
/** One script for each kind of difference is enough to read. */
const shown = new Set<string>();
const accepted = new Map<string, number>();

if (values.episode === undefined) print(`seed ${seed}`);
if (values.episode === undefined) await Promise.all(Array.from({ length: SIDE_BY_SIDE }, runEpisodes));
else await run(wholeNumber('episode', values.episode));
for (const [why, times] of accepted) print(`accepted ${times} times: ${why}`);
print(`${failed} statements failed in both`);
print(`${statements} statements, ${differences} differences`);
process.exitCode = differences > 0 ? 1 : 0;

async function runEpisodes(): Promise<void> {
  while (!isDone()) {
    await run(seeds.uint32());
    if (++episodes % 10 === 0) print(`${statements} statements, ${differences} differences, ${seconds()} s`);
  }
}

function isDone(): boolean {
  return statements >= wanted || differences >= mostDifferences;
}

async function run(seed: number): Promise<void> {
  const episode = randomEpisode(seed, STATEMENTS_OF_AN_EPISODE);
  const report = await runEpisode(episode);
  take(report);
  if (report.difference === undefined) return;
  differences++;
  const again = `again: npm run random-sql -- --episode ${seed}`;
  if (shown.has(kindOf(report.difference.what)))
    return print(`difference like one above: ${report.difference.what}; ${again}`);
  shown.add(kindOf(report.difference.what));
  const shrunk = await shrink(episode, report.difference);
  print(`\n${again}\n${scriptText(shrunk)}\n`);
}

function take(report: EpisodeReport): void {
  statements += report.statements;
  failed += report.failed;
  if (report.accepted !== undefined) accepted.set(report.accepted, (accepted.get(report.accepted) ?? 0) + 1);
}

function seconds(): number {
  return Math.round((performance.now() - startedMs) / 1000);
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  process.stderr.write(`--${name} must be a whole number\n${USAGE}\n`);
  process.exit(2);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
