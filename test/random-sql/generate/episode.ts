import type { EngineLimits } from '../../../engine/limits.ts';
import { SeededRandom } from '../../../engine/sim/random.ts';
import { Changes } from './change.ts';
import { Definitions } from './definition.ts';
import { Expressions } from './expression.ts';
import { randomPartition } from './partition.ts';
import { inTotalOrder, queryParts, randomQuery } from './query.ts';
import { createTable, randomTable, relationOf, Schema, type Relation, type Table } from './schema.ts';
import { statementsOf, type Step } from './step.ts';

/** A database and what happens to it, from a seed. */
export interface Episode {
  readonly limits: Partial<EngineLimits>;
  readonly steps: readonly Step[];
}

/** Tiny limits send every statement, or every few, by segments instead of by the log. */
const LIMITS: readonly Partial<EngineLimits>[] = [
  {},
  {},
  { largeRows: 3, memtableBytes: 200 },
  { largeRows: 50, memtableBytes: 3000 },
];

export function randomEpisode(seed: number, statements: number): Episode {
  return new EpisodeMaker(seed).episode(statements);
}

class EpisodeMaker {
  readonly #random: SeededRandom;
  readonly #schema = new Schema();
  readonly #steps: Step[] = [];
  readonly #savepoints: string[] = [];
  #inTransaction = false;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  episode(statements: number): Episode {
    const limits = this.#random.pick(LIMITS);
    for (let tables = this.#random.between(1, 3); tables > 0; tables--) this.#createTable();
    let left = statements - this.#steps.length;
    while (left > 0) {
      const before = this.#steps.length;
      this.#step();
      for (const step of this.#steps.slice(before)) left -= statementsOf(step);
    }
    if (this.#inTransaction) this.#transaction(this.#random.pick(['COMMIT', 'COMMIT', 'ROLLBACK']));
    this.#allRows();
    this.#steps.push({ kind: 'reopen' });
    this.#allRows();
    return { limits, steps: this.#steps };
  }

  #step(): void {
    if (this.#inTransaction && this.#random.chance(0.15)) {
      this.#transaction(
        this.#random.weighted([
          ['COMMIT', 3],
          ['ROLLBACK', 1],
        ]),
      );
      return;
    }
    this.#random.weighted<() => void>([
      [() => this.#query(), 9],
      [() => this.#steps.push({ kind: 'partition', check: randomPartition(this.#parts()) }), 2],
      [() => this.#change(), 10],
      [() => this.#layout(), 3],
      [() => this.#transactionStep(), 1.2],
      [() => this.#define(), 0.8],
    ])();
  }

  #query(): void {
    const parts = this.#parts();
    const query = randomQuery(parts);
    const ordered = this.#random.chance(0.4);
    this.#steps.push({ kind: 'query', sql: ordered ? inTotalOrder(parts, query) : query.sql, ordered });
  }

  #change(): void {
    const table = this.#random.pick(this.#schema.tables);
    this.#steps.push(new Changes(this.#random, this.#relations()).change(table));
    if (this.#random.chance(0.4)) this.#rowsOf(table);
  }

  #rowsOf({ name }: Table): void {
    this.#steps.push({ kind: 'query', sql: `SELECT * FROM ${name}`, ordered: false });
  }

  #allRows(): void {
    for (const table of this.#schema.tables) this.#rowsOf(table);
  }

  /** Moves that happen beside an open transaction come from another connection. */
  #layout(): void {
    const random = this.#random;
    const table = random.pick(this.#schema.tables);
    const where = (): string => {
      if (random.chance(0.3)) return 'true';
      // A move takes conditions of its own table alone.
      const scope = relationOf(table).columns.map(({ name, ...column }) => ({ ...column, sql: name }));
      return new Expressions(random, []).predicate(scope, 0);
    };
    random.weighted<() => void>([
      [() => this.#steps.push({ kind: 'layout', sql: 'CHECKPOINT' }), 3],
      [
        () =>
          this.#steps.push({
            kind: 'layout',
            sql: `ALTER TABLE ${table.name} TIER PARTITION WHERE ${where()} TO COLD`,
          }),
        5,
      ],
      [
        () =>
          this.#steps.push({ kind: 'layout', sql: `ALTER TABLE ${table.name} TIER PARTITION WHERE ${where()} TO HOT` }),
        2,
      ],
      [() => this.#steps.push({ kind: 'layout', sql: random.pick(['VACUUM', `VACUUM ${table.name}`]) }), 1],
      [() => (this.#inTransaction ? undefined : this.#steps.push({ kind: 'reopen' })), 1],
    ])();
  }

  #transactionStep(): void {
    const random = this.#random;
    if (!this.#inTransaction) return this.#transaction('BEGIN');
    const known = this.#savepoints;
    if (known.length === 0 || random.chance(0.5)) {
      const name = this.#schema.newName('s');
      this.#transaction(`SAVEPOINT ${name}`);
      known.push(name);
      return;
    }
    const index = random.below(known.length);
    const name = known[index] ?? '';
    known.length = index + 1;
    this.#transaction(`ROLLBACK TO ${name}`);
  }

  #transaction(sql: string): void {
    this.#steps.push({ kind: 'transaction', sql });
    if (sql === 'BEGIN') this.#inTransaction = true;
    if (sql !== 'COMMIT' && sql !== 'ROLLBACK') return;
    this.#inTransaction = false;
    this.#savepoints.length = 0;
    if (this.#random.chance(0.5)) this.#allRows();
  }

  #define(): void {
    if (this.#inTransaction) return;
    const { tables } = this.#schema;
    if (tables.length < 4 && this.#random.chance(0.15)) return this.#createTable();
    this.#steps.push(new Definitions(this.#random, this.#schema).define());
    if (this.#random.chance(0.5)) this.#rowsOf(this.#random.pick(tables));
  }

  #createTable(): void {
    const table = randomTable(this.#random, this.#schema);
    this.#schema.tables.push(table);
    this.#steps.push({ kind: 'define', sql: createTable(this.#random, table), options: table.options });
    const changes = new Changes(this.#random, this.#relations());
    for (let times = this.#random.between(0, 2); times > 0; times--) this.#steps.push(changes.insert(table, 14));
  }

  #parts(): ReturnType<typeof queryParts> {
    return queryParts(this.#random, this.#relations());
  }

  #relations(): Relation[] {
    return this.#schema.relations();
  }
}
