import type { Family } from './column-type.ts';
import type { Scope } from './expression.ts';
import type { From, Query, QueryParts } from './query.ts';

interface Aggregate {
  readonly sql: string;
  readonly family: Family;
}

/** GROUP BY with aggregates, or aggregates of everything. */
export function aggregateQuery(parts: QueryParts, from: From): Query {
  const { random, expressions } = parts;
  const { scope } = from;
  const keys = Array.from({ length: random.below(3) }, () => {
    const { family } = random.pick(scope);
    return { sql: expressions.value(family, scope, random.below(2)), family };
  });
  const aggregates = Array.from({ length: random.between(1, 3) }, () => randomAggregate(parts, scope));
  const columns = [...keys, ...aggregates];
  const list = columns.map(({ sql }, index) => `${sql} AS x${index}`).join(', ');
  const where = random.chance(0.5) ? ` WHERE ${expressions.predicate(scope, 1)}` : '';
  return {
    sql: `SELECT ${list} FROM ${from.sql}${where}${groupBy(parts, keys.length)}${having(parts, keys.length)}`,
    columns: columns.map(({ family }, index) => ({ name: `x${index}`, family })),
  };
}

function groupBy({ random }: QueryParts, keys: number): string {
  if (keys === 0) return '';
  const numbers = Array.from({ length: keys }, (_, index) => index + 1).join(', ');
  const names = Array.from({ length: keys }, (_, index) => `x${index}`).join(', ');
  return random.chance(0.15) ? ` GROUP BY ROLLUP (${names})` : ` GROUP BY ${numbers}`;
}

function having({ random }: QueryParts, keys: number): string {
  if (keys === 0 || random.chance(0.7)) return '';
  return ` HAVING count(*) ${random.pick(['>', '>=', '<', '='])} ${random.between(1, 4)}`;
}

export function randomAggregate({ random, expressions }: QueryParts, scope: Scope): Aggregate {
  const { family } = random.pick(scope);
  const value = (): string => expressions.value(family, scope, random.below(2));
  const forms: (() => Aggregate)[] = [
    () => ({ sql: 'count(*)', family: 'int' }),
    () => ({ sql: `count(${value()})`, family: 'int' }),
    () => ({ sql: `count(DISTINCT ${value()})`, family: 'int' }),
  ];
  // Not of DOUBLEs: their sum depends on the order of the rows.
  if (family === 'int') {
    forms.push(() => ({ sql: `sum((${value()})::HUGEINT)`, family }));
    forms.push(() => ({ sql: `avg(${value()})`, family: 'real' }));
  }
  if (family === 'decimal') forms.push(() => ({ sql: `sum(${value()})`, family }));
  if (family === 'bool') forms.push(() => ({ sql: `${random.pick(['bool_and', 'bool_or'])}(${value()})`, family }));
  if (family === 'text') {
    forms.push(() => {
      const text = value();
      return { sql: `string_agg(${text}, ',' ORDER BY ${text})`, family };
    });
  }
  if (!['list', 'struct', 'bool'].includes(family)) {
    const extreme = (): Aggregate => ({ sql: `${random.pick(['min', 'max'])}(${value()})`, family });
    forms.push(extreme, extreme);
  }
  const aggregate = random.pick(forms)();
  if (random.chance(0.85)) return aggregate;
  return { ...aggregate, sql: `${aggregate.sql} FILTER (WHERE ${expressions.predicate(scope, 0)})` };
}
