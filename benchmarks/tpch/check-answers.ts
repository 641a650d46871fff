import type { Dataset } from '../../test/tpch/dataset.ts';
import type { CheckedQuery } from '../../test/tpch/queries.ts';
import { difference, differenceFromPublished } from '../../test/tpch/same-rows.ts';
import { print } from '../print.ts';
import type { Field } from './compare.ts';

/** Before speed: every contestant's rows are those of the first of its field, and that one's are the published answers where there are any. */
export async function checkAnswers(
  fields: readonly Field[],
  queries: readonly CheckedQuery[],
  dataset: Dataset,
): Promise<void> {
  const counts = { published: 0, alike: 0, different: 0 };
  for (const { number, sql, checkSql, order } of queries) {
    for (const { baselines, layouts } of fields) {
      const [reference, ...others] = [...baselines, ...layouts];
      if (reference === undefined) continue;
      const expected = await reference.rows(checkSql);
      for (const contestant of others) {
        const problem = difference(await contestant.rows(checkSql), expected, order);
        if (problem === undefined) counts.alike++;
        else report(number, contestant.name, problem);
      }
    }
    const published = dataset.answers.find((answer) => answer.number === number);
    const unchanged = fields.find(({ baselines }) => baselines.length > 1)?.baselines[0];
    if (published === undefined || unchanged === undefined) continue;
    const texts = await unchanged.rows(`SELECT COLUMNS(*)::VARCHAR FROM (${sql})`);
    const problem = differenceFromPublished(
      texts.map((row) => row.map(String)),
      published.text,
    );
    if (problem === undefined) counts.published++;
    else report(number, 'the published answer', problem);
  }
  print(
    `answers: ${counts.published} of ${queries.length} are the published ones, ${counts.alike} are those of DuckDB, ${counts.different} differ`,
  );

  function report(number: number, name: string, problem: string): void {
    counts.different++;
    process.exitCode = 1;
    print(`DIFFERENT  query ${number}, ${name}: ${problem}`);
  }
}
