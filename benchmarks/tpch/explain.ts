import type { CheckedQuery } from '../../test/tpch/queries.ts';
import { print } from '../print.ts';
import type { Field } from './compare.ts';

/** Where the time of each contestant goes: its EXPLAIN ANALYZE. */
export async function explain(fields: readonly Field[], queries: readonly CheckedQuery[]): Promise<void> {
  for (const { number, sql } of queries)
    for (const { baselines, layouts } of fields)
      for (const contestant of [...baselines, ...layouts]) {
        print(`\n== query ${number}, ${contestant.name}`);
        for (const row of await contestant.rows(`EXPLAIN ANALYZE ${sql}`)) print(String(row.at(-1)));
      }
}
