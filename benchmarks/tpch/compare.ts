import type { CheckedQuery } from '../../test/tpch/queries.ts';
import { print, printTable } from '../print.ts';
import { geometricMean, median, timed } from '../statistics.ts';
import type { Contestant } from './contestant.ts';

/** Contestants with the same rows. */
export interface Field {
  /** Each layout is compared with each of them. */
  readonly baselines: readonly Contestant[];
  readonly layouts: readonly Contestant[];
}

/** Prints milliseconds of the baselines and a ratio for each pair, by query, and the geometric means. */
export async function compare(
  fields: readonly Field[],
  queries: readonly CheckedQuery[],
  rounds: number,
): Promise<void> {
  const pairs = fields.flatMap(({ baselines, layouts }) =>
    layouts.flatMap((layout) => baselines.map((baseline) => ({ layout, baseline }))),
  );
  const contestants = fields.flatMap(({ baselines, layouts }) => [...baselines, ...layouts]);
  const ratios = new Map(pairs.map((pair): [typeof pair, number[]] => [pair, []]));
  const rows: string[][] = [];
  for (const { number, sql } of queries) {
    const times = new Map(contestants.map((contestant): [Contestant, number[]] => [contestant, []]));
    // The first round warms up.
    for (let round = 0; round <= rounds; round++)
      for (const [contestant, all] of times) {
        const ms = await timed(() => contestant.ask(sql));
        if (round > 0) all.push(ms);
      }
    const medianOf = (contestant: Contestant): number => median(times.get(contestant) ?? []);
    for (const [pair, all] of ratios) all.push(medianOf(pair.layout) / medianOf(pair.baseline));
    rows.push([
      `query ${number}`,
      ...contestants.map((contestant) => medianOf(contestant).toFixed(1)),
      ...[...ratios.values()].map((all) => (all.at(-1) ?? Number.NaN).toFixed(2)),
    ]);
  }
  const letters = new Map(contestants.map((contestant, index) => [contestant, String.fromCodePoint(65 + index)]));
  for (const [contestant, letter] of letters) print(`  ${letter} = ${contestant.name}`);
  const header = [
    'ms, ratios',
    ...letters.values(),
    ...pairs.map(({ layout, baseline }) => `${letters.get(layout)}/${letters.get(baseline)}`),
  ];
  const means = [...ratios.values()].map(geometricMean);
  rows.push(['geometric mean', ...contestants.map(() => ''), ...means.map((mean) => mean.toFixed(2))]);
  printTable(header, rows);
  for (const [index, { layout, baseline }] of pairs.entries())
    print(`geometric mean of ${layout.name} against ${baseline.name}: ${(means[index] ?? Number.NaN).toFixed(3)}`);
}
