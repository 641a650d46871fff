import { print, printTable, whole } from '../print.ts';
import { compare, printComparison, type Contest, type Results } from './compare.ts';
import { MEASURES } from './measures.ts';

const MOST = 1.5;

/** Cost of a key with `count` keys and with ten times as many. */
export async function growth(contest: Contest, count: number): Promise<void> {
  const sizes = [count, count * 10] as const;
  const results: Results[] = [];
  for (const size of sizes) {
    const result = await compare(contest, size);
    printComparison(result, contest.names, size);
    results.push(result);
  }
  print('');
  print(`growth of the cost of a key, wanted: at most ${MOST}`);
  const measures = MEASURES.filter(({ name }) => /^(load|overwrite|cachedGet|beyondGet)/.test(name));
  for (const name of contest.names) {
    printTable(
      [name, ...sizes.map((size) => `ns at ${whole(size)}`), 'growth'],
      measures.map((measure) => {
        const [few, many] = results.map((result) => result.cost(measure.name, name) ?? Number.NaN);
        return [
          measure.title,
          ...[few, many].map((cost) => whole(cost ?? Number.NaN)),
          ((many ?? 0) / (few ?? 0)).toFixed(2),
        ];
      }),
    );
  }
}
