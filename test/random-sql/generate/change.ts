import type { SeededRandom } from '../../../engine/sim/random.ts';
import { literal } from './column-type.ts';
import { Expressions, scopeOf, type Scope } from './expression.ts';
import { relationOf, type Column, type Relation, type Table } from './schema.ts';
import type { Step } from './step.ts';

/** Statements that change rows of a table. */
export class Changes {
  readonly #random: SeededRandom;
  readonly #relations: readonly Relation[];
  readonly #expressions: Expressions;

  constructor(random: SeededRandom, relations: readonly Relation[]) {
    this.#random = random;
    this.#relations = relations;
    this.#expressions = new Expressions(random, relations);
  }

  change(table: Table): Step {
    const keyed = table.columns.some(({ inKey }) => inKey);
    return this.#random.weighted<() => Step>([
      [() => this.insert(table, 6), 6],
      [() => this.#upsert(table), keyed ? 6 : 0],
      [() => this.#insertSelect(table), 3],
      [() => this.#update(table), 6],
      [() => this.#updateFrom(table), 2],
      [() => this.#delete(table), 3],
      [() => this.#deleteUsing(table), 1],
      [() => this.#merge(table), 2],
    ])();
  }

  insert(table: Table, most: number): Step {
    const random = this.#random;
    const columns = random.chance(0.25)
      ? table.columns.filter(({ inKey }) => inKey || random.chance(0.7))
      : table.columns;
    const rows = Array.from({ length: random.between(1, most) }, () => this.#row(columns));
    const ignore = random.chance(0.15) && table.columns.some(({ inKey }) => inKey) ? 'OR IGNORE ' : '';
    return this.#insertStep(`INSERT ${ignore}INTO ${table.name} (${names(columns)})`, rows, '', table);
  }

  /** Each key once in a statement: see what is accepted in the README. */
  #upsert(table: Table): Step {
    const random = this.#random;
    const keys = table.columns.filter(({ inKey }) => inKey);
    const byKey = new Map<string, string>();
    for (let row = random.between(1, 5); row > 0; row--) {
      const key = keys.map((column) => this.#value(column));
      const rest = table.columns.slice(keys.length).map((column) => this.#value(column));
      byKey.set(key.join(', '), `(${[...key, ...rest].join(', ')})`);
    }
    const rows = [...byKey.values()];
    const into = `INTO ${table.name} (${names(table.columns)})`;
    if (random.chance(0.5)) return this.#insertStep(`INSERT OR REPLACE ${into}`, rows, '', table);
    const target = ` ON CONFLICT (${names(keys)})`;
    const others = table.columns.filter(({ inKey }) => !inKey);
    if (others.length === 0 || random.chance(0.2))
      return this.#insertStep(`INSERT ${into}`, rows, `${target} DO NOTHING`, table);
    const set = some(random, others).map(({ name }) => `${name} = excluded.${name}`);
    const where = random.chance(0.3)
      ? ` WHERE ${this.#expressions.predicate(scopeOf(relationOf(table), table.name), 0)}`
      : '';
    return this.#insertStep(`INSERT ${into}`, rows, `${target} DO UPDATE SET ${set.join(', ')}${where}`, table);
  }

  #insertSelect(table: Table): Step {
    const random = this.#random;
    const relation = random.pick(this.#relations);
    const alias = this.#expressions.newAlias();
    const scope = scopeOf(relation, alias);
    const values = table.columns.map((column) => `${this.#stored(column, scope)} AS ${column.name}`);
    const where = random.chance(0.7) ? ` WHERE ${this.#expressions.predicate(scope, 1)}` : '';
    const query = `SELECT DISTINCT ${values.join(', ')} FROM ${relation.name} AS ${alias}${where} ORDER BY ALL LIMIT ${random.between(1, 12)}`;
    const by = random.chance(0.2) ? ' BY NAME' : ` (${names(table.columns)})`;
    return this.#changed(`INSERT INTO ${table.name}${by} ${query}`, table);
  }

  #update(table: Table): Step {
    const scope = scopeOf(relationOf(table), table.name);
    const where = this.#random.chance(0.9) ? ` WHERE ${this.#expressions.predicate(scope, this.#random.below(2))}` : '';
    return this.#changed(`UPDATE ${table.name} SET ${this.#assignments(table, scope)}${where}`, table);
  }

  /** Each row meets one other at most: which of several would win is left open. */
  #updateFrom(table: Table): Step {
    const other = this.#oneForEach(table);
    if (other === undefined) return this.#update(table);
    const scope = scopeOf(relationOf(table), table.name);
    const set = this.#assignments(table, [...scope, ...other.scope]);
    return this.#changed(`UPDATE ${table.name} SET ${set} FROM ${other.sql} WHERE ${other.on}`, table);
  }

  #delete(table: Table): Step {
    const scope = scopeOf(relationOf(table), table.name);
    if (this.#random.chance(0.05)) return this.#changed(`DELETE FROM ${table.name}`, table);
    return this.#changed(
      `DELETE FROM ${table.name} WHERE ${this.#expressions.predicate(scope, this.#random.below(3))}`,
      table,
    );
  }

  #deleteUsing(table: Table): Step {
    const other = this.#oneForEach(table);
    return other === undefined
      ? this.#delete(table)
      : this.#changed(`DELETE FROM ${table.name} USING ${other.sql} WHERE ${other.on}`, table);
  }

  #merge(table: Table): Step {
    const random = this.#random;
    const other = this.#oneForEach(table);
    if (other === undefined) return this.#update(table);
    const scope = scopeOf(relationOf(table), table.name);
    const both = [...scope, ...other.scope];
    const and = (known: Scope): string => (random.chance(0.5) ? ` AND ${this.#expressions.predicate(known, 0)}` : '');
    const update = (known: Scope): string => {
      const others = table.columns.filter(({ inKey }) => !inKey);
      if (others.length === 0) return 'DELETE';
      return `UPDATE SET ${some(random, others)
        .map((column) => `${column.name} = ${this.#fitting(column, known)}`)
        .join(', ')}`;
    };
    const clauses: string[] = [];
    // A clause without a condition comes last of its kind.
    if (random.chance(0.3)) clauses.push(`WHEN MATCHED AND ${this.#expressions.predicate(both, 0)} THEN DELETE`);
    if (random.chance(0.8)) clauses.push(`WHEN MATCHED${and(both)} THEN ${update(both)}`);
    if (random.chance(0.6)) {
      const values = table.columns.map((column) => this.#fitting(column, other.scope));
      clauses.push(
        `WHEN NOT MATCHED${and(other.scope)} THEN INSERT (${names(table.columns)}) VALUES (${values.join(', ')})`,
      );
    }
    if (random.chance(0.3))
      clauses.push(`WHEN NOT MATCHED BY SOURCE${and(scope)} THEN ${random.pick(['DELETE', update(scope)])}`);
    if (clauses.length === 0) clauses.push('WHEN MATCHED THEN DELETE');
    const sql = `MERGE INTO ${table.name} USING ${other.sql} ON ${other.on} ${clauses.join(' ')}`;
    // DuckDB returns zeros for rows that a BY SOURCE clause changes.
    if (sql.includes(' BY SOURCE')) return { kind: 'change', sql, returning: false, duplicates: duplicates(table) };
    return this.#changed(sql, table);
  }

  /** A source that has each value of a column once, and the condition that joins it. */
  #oneForEach(table: Table): { sql: string; on: string; scope: Scope } | undefined {
    const random = this.#random;
    const relation = random.pick(this.#relations);
    const pairs = table.columns.flatMap((column) =>
      relation.columns.filter(({ family }) => family === column.type.family).map((other) => ({ column, other })),
    );
    if (pairs.length === 0) return undefined;
    const { column, other } = random.pick(pairs);
    const alias = this.#expressions.newAlias();
    const where = random.chance(0.6)
      ? ` WHERE ${this.#expressions.predicate(scopeOf(relation, relation.name), 0)}`
      : '';
    const sql = `(SELECT ${relation.name}.${other.name} AS k, count(*) AS n FROM ${relation.name}${where} GROUP BY ALL) AS ${alias}`;
    const scope: Scope = [
      { ...other, sql: `${alias}.k` },
      { sql: `${alias}.n`, family: 'int' },
    ];
    return { sql, on: `${table.name}.${column.name} = ${alias}.k`, scope };
  }

  #assignments(table: Table, scope: Scope): string {
    const random = this.#random;
    const keys = table.columns.filter(({ inKey }) => inKey);
    const others = table.columns.filter(({ inKey }) => !inKey);
    const set = others.length > 0 ? some(random, others) : [];
    if (keys.length > 0 && (set.length === 0 || random.chance(0.15))) set.push(random.pick(keys));
    return set.map((column) => `${column.name} = ${this.#stored(column, scope)}`).join(', ');
  }

  /** A value for a column, mostly one that it can hold. */
  #stored({ type, name, inKey }: Column, scope: Scope): string {
    const random = this.#random;
    const same = scope.filter((column) => column.family === type.family);
    if (inKey && type.family === 'int' && same.length > 0) {
      const { sql } = same.find((column) => column.sql.endsWith(`.${name}`)) ?? random.pick(same);
      return `(${sql}::HUGEINT + ${random.between(-2, 20)})`;
    }
    if (same.length === 0 || random.chance(0.3)) return this.#value({ type, inKey });
    return random.chance(0.4) ? random.pick(same).sql : this.#expressions.value(type.family, scope, 1);
  }

  /** A value that the column can hold: DuckDB works out those of MERGE for more rows than take them. */
  #fitting(column: Column, scope: Scope): string {
    const same = scope.filter(({ type }) => type?.sql === column.type.sql);
    return same.length > 0 && this.#random.chance(0.7) ? this.#random.pick(same).sql : this.#value(column);
  }

  #row(columns: readonly Column[]): string {
    return `(${columns.map((column) => this.#value(column)).join(', ')})`;
  }

  #value({ type, inKey, notNull = inKey }: { type: Column['type']; inKey: boolean; notNull?: boolean }): string {
    const random = this.#random;
    if (random.chance(notNull ? 0.005 : 0.15)) return 'NULL';
    if (inKey && type.family === 'int' && random.chance(0.7)) return String(random.below(40));
    return literal(random, type);
  }

  #insertStep(before: string, rows: readonly string[], after: string, table: Table): Step {
    const returning = this.#returning(table);
    return {
      kind: 'insert',
      before,
      rows,
      after: `${after}${returning}`,
      returning: returning !== '',
      duplicates: duplicates(table),
    };
  }

  #changed(sql: string, table: Table): Step {
    const returning = this.#returning(table);
    return { kind: 'change', sql: `${sql}${returning}`, returning: returning !== '', duplicates: duplicates(table) };
  }

  #returning({ columns }: Table): string {
    const random = this.#random;
    if (random.chance(0.8)) return '';
    return random.chance(0.5)
      ? ' RETURNING *'
      : ` RETURNING ${random.pick(columns).name}, ${random.pick(columns).name} IS NULL AS empty`;
  }
}

function some<T>(random: SeededRandom, items: readonly T[]): T[] {
  const chosen = items.filter(() => random.chance(0.35));
  return chosen.length > 0 ? chosen : [random.pick(items)];
}

function names(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join(', ');
}

function duplicates({ name, columns }: Table): string | undefined {
  const keys = columns.filter(({ inKey }) => inKey);
  if (keys.length === 0) return undefined;
  return `SELECT ${names(keys)} FROM ${name} GROUP BY ALL HAVING count(*) > 1`;
}
