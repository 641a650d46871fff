import type { Family } from './column-type.ts';
import type { From, Query, QueryParts } from './query.ts';

/** Window functions over an order of all columns: rows that are equal in it are equal in everything. */
export function windowQuery({ random, expressions }: QueryParts, from: From): Query {
  const { scope } = from;
  const order = scope.map(({ sql }) => sql).join(', ');
  const partition = random.chance(0.6) ? `PARTITION BY ${random.pick(scope).sql} ` : '';
  const shown = random.pick(scope);
  const numbers = scope.filter(({ family }) => family === 'int');
  const whole = numbers.length > 0 ? `${random.pick(numbers).sql}::HUGEINT` : '1';
  const frame = random.pick([
    '',
    ' ROWS BETWEEN 2 PRECEDING AND CURRENT ROW',
    ' ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING',
  ]);
  const [sql, family] = random.pick<readonly [string, Family]>([
    ['row_number() OVER w', 'int'],
    ['rank() OVER w', 'int'],
    ['dense_rank() OVER w', 'int'],
    ['ntile(3) OVER w', 'int'],
    [`sum(${whole}) OVER (w${frame})`, 'int'],
    [`count(${shown.sql}) OVER (w${frame})`, 'int'],
    [`lag(${shown.sql}) OVER w`, shown.family],
    [`lead(${shown.sql}, 2) OVER w`, shown.family],
    [`first_value(${shown.sql}) OVER w`, shown.family],
    [`last_value(${shown.sql}) OVER (w${frame})`, shown.family],
  ]);
  const where = random.chance(0.5) ? ` WHERE ${expressions.predicate(scope, 1)}` : '';
  const qualify = family === 'int' && random.chance(0.3) ? ' QUALIFY x1 <= 2' : '';
  return {
    sql: `SELECT ${shown.sql} AS x0, ${sql} AS x1 FROM ${from.sql}${where} WINDOW w AS (${partition}ORDER BY ${order})${qualify}`,
    columns: [
      { name: 'x0', family: shown.family },
      { name: 'x1', family },
    ],
  };
}
