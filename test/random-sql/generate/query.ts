import type { SeededRandom } from '../../../engine/sim/random.ts';
import { aggregateQuery } from './aggregate.ts';
import { Expressions, scopeOf, type Scope, type ScopeColumn } from './expression.ts';
import type { OutputColumn, Relation } from './schema.ts';
import { windowQuery } from './window.ts';

/** A query and what its columns are. */
export interface Query {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
}

/** What the parts of a query are made of. */
export interface QueryParts {
  readonly random: SeededRandom;
  readonly expressions: Expressions;
  readonly relations: readonly Relation[];
}

export interface From {
  readonly sql: string;
  readonly scope: Scope;
}

export function queryParts(random: SeededRandom, relations: readonly Relation[]): QueryParts {
  return { random, expressions: new Expressions(random, relations), relations };
}

export function randomQuery(parts: QueryParts, depth = 1): Query {
  return parts.random.weighted<() => Query>([
    [() => plainQuery(parts, depth), 6],
    [() => aggregateQuery(parts, randomFrom(parts, depth)), 5],
    [() => windowQuery(parts, randomFrom(parts, 0)), 2],
    [() => setOperation(parts), 2],
    [() => (depth > 0 ? withQuery(parts) : plainQuery(parts, 0)), 2],
  ])();
}

/** The query, in an order that leaves nothing open, perhaps with a limit. */
export function inTotalOrder({ random }: QueryParts, { sql, columns }: Query): string {
  const terms = columns
    .map(
      (_, index) =>
        `${index + 1}${random.pick(['', ' ASC', ' DESC'])}${random.pick(['', ' NULLS FIRST', ' NULLS LAST'])}`,
    )
    .join(', ');
  const limit = random.chance(0.6) ? ` LIMIT ${random.between(0, 12)}` : '';
  const offset = random.chance(0.3) ? ` OFFSET ${random.between(0, 5)}` : '';
  return `SELECT * FROM (${sql}) AS ordered ORDER BY ${terms}${limit}${offset}`;
}

export function randomFrom(parts: QueryParts, depth: number): From {
  const { random } = parts;
  let from = source(parts, depth);
  const joins = random.weighted([
    [0, 5],
    [1, 5],
    [2, 1],
  ]);
  for (let join = 0; join < joins; join++) from = joined(parts, from, source(parts, 0));
  return from;
}

function source(parts: QueryParts, depth: number): From {
  const { random, expressions } = parts;
  const alias = expressions.newAlias();
  if (depth > 0 && random.chance(0.15)) {
    const { sql, columns } = randomQuery(parts, 0);
    return { sql: `(${sql}) AS ${alias}`, scope: scopeOf({ name: alias, columns }, alias) };
  }
  const relation = random.pick(parts.relations);
  return { sql: `${relation.name} AS ${alias}`, scope: scopeOf(relation, alias) };
}

function joined({ random, expressions }: QueryParts, left: From, right: From): From {
  const pairs = left.scope.flatMap((one) =>
    right.scope.filter(({ family }) => family === one.family).map((other): [ScopeColumn, ScopeColumn] => [one, other]),
  );
  const kind = random.pick([
    'JOIN',
    'JOIN',
    'LEFT JOIN',
    'LEFT JOIN',
    'RIGHT JOIN',
    'FULL JOIN',
    'SEMI JOIN',
    'ANTI JOIN',
  ]);
  const both = [...left.scope, ...right.scope];
  const conditions: string[] = [];
  if (pairs.length === 0)
    return { sql: `${left.sql} CROSS JOIN (SELECT * FROM ${right.sql} WHERE false)`, scope: left.scope };
  const [one, other] = random.pick(pairs);
  conditions.push(`${one.sql} = ${other.sql}`);
  if (pairs.length > 1 && random.chance(0.4))
    conditions.push(
      random
        .pick(pairs)
        .map(({ sql }) => sql)
        .join(' = '),
    );
  if (kind !== 'FULL JOIN' && random.chance(0.3)) conditions.push(expressions.predicate(both, 0));
  const filtering = kind === 'SEMI JOIN' || kind === 'ANTI JOIN';
  return {
    sql: `${left.sql} ${kind} ${right.sql} ON ${conditions.join(' AND ')}`,
    scope: filtering ? left.scope : both,
  };
}

function plainQuery(parts: QueryParts, depth: number): Query {
  const { random, expressions } = parts;
  const { sql, scope } = randomFrom(parts, depth);
  const columns = Array.from({ length: random.between(1, 4) }, () => {
    const { family } = random.pick(scope);
    return { value: expressions.value(family, scope, random.below(3)), family };
  });
  const where = random.chance(0.75) ? ` WHERE ${expressions.predicate(scope, random.between(0, 2))}` : '';
  const list = columns.map(({ value }, index) => `${value} AS x${index}`).join(', ');
  return {
    sql: `SELECT ${random.chance(0.15) ? 'DISTINCT ' : ''}${list} FROM ${sql}${where}`,
    columns: columns.map(({ family }, index) => ({ name: `x${index}`, family })),
  };
}

function setOperation(parts: QueryParts): Query {
  const { random, expressions } = parts;
  const [left, right] = [source(parts, 0), source(parts, 0)];
  const shared = left.scope.filter(({ family }) => right.scope.some((column) => column.family === family));
  if (shared.length === 0) return plainQuery(parts, 0);
  const families = Array.from({ length: random.between(1, 3) }, () => random.pick(shared).family);
  const side = ({ sql, scope }: From): string => {
    const list = families.map((family, index) => `${expressions.value(family, scope, random.below(2))} AS x${index}`);
    return `SELECT ${list.join(', ')} FROM ${sql}${random.chance(0.5) ? ` WHERE ${expressions.predicate(scope, 1)}` : ''}`;
  };
  const operator = `${random.pick(['UNION', 'INTERSECT', 'EXCEPT'])}${random.pick(['', ' ALL'])}`;
  return {
    sql: `(${side(left)}) ${operator} (${side(right)})`,
    columns: families.map((family, index) => ({ name: `x${index}`, family })),
  };
}

function withQuery(parts: QueryParts): Query {
  const { random, expressions } = parts;
  const name = `w_${expressions.newAlias()}`;
  const inner = randomQuery(parts, 0);
  const known = { name, columns: inner.columns };
  // The expressions of the body still choose their subqueries among the tables.
  const outer = randomQuery({ ...parts, relations: [known, random.pick([known, ...parts.relations])] }, 0);
  const how = random.pick(['AS', 'AS', 'AS MATERIALIZED', 'AS NOT MATERIALIZED']);
  return { sql: `WITH ${name} ${how} (${inner.sql}) ${outer.sql}`, columns: outer.columns };
}
