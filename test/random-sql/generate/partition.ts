import { randomAggregate } from './aggregate.ts';
import { randomFrom, type QueryParts } from './query.ts';

/** A query, and the same with a predicate, its negation and its NULL case: together they are the first. */
export interface PartitionCheck {
  readonly whole: string;
  readonly parts: readonly string[];
  /** How the answers of the parts add up: rows one after the other, or one row of numbers and extremes. */
  readonly combine: 'rows' | readonly ('sum' | 'min' | 'max')[];
}

export function randomPartition(parts: QueryParts): PartitionCheck {
  const { random, expressions } = parts;
  const { sql, scope } = randomFrom(parts, 0);
  const predicate = expressions.predicate(scope, random.between(0, 2));
  const thirds = [predicate, `NOT (${predicate})`, `(${predicate}) IS NULL`];
  if (random.chance(0.6)) {
    const list = Array.from({ length: random.between(1, 3) }, (_, index) => {
      const { family } = random.pick(scope);
      return `${expressions.value(family, scope, random.below(2))} AS x${index}`;
    }).join(', ');
    return {
      whole: `SELECT ${list} FROM ${sql}`,
      parts: thirds.map((third) => `SELECT ${list} FROM ${sql} WHERE ${third}`),
      combine: 'rows',
    };
  }
  const number = scope.find(({ family }) => family === 'int');
  const aggregates: [string, 'sum' | 'min' | 'max'][] = [['count(*)', 'sum']];
  if (number !== undefined) {
    aggregates.push([`sum(${number.sql}::HUGEINT)`, 'sum'], [`min(${number.sql}::HUGEINT)`, 'min']);
    aggregates.push([`max(${number.sql}::HUGEINT)`, 'max']);
  }
  const counted = randomAggregate(parts, scope).sql;
  if (counted.startsWith('count(') && !counted.includes('DISTINCT')) aggregates.push([counted, 'sum']);
  const list = aggregates.map(([aggregate], index) => `${aggregate} AS x${index}`).join(', ');
  return {
    whole: `SELECT ${list} FROM ${sql}`,
    parts: thirds.map((third) => `SELECT ${list} FROM ${sql} WHERE ${third}`),
    combine: aggregates.map(([, how]) => how),
  };
}
