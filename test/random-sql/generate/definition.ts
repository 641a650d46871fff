import type { SeededRandom } from '../../../engine/sim/random.ts';
import { COLUMN_TYPES } from './column-type.ts';
import { queryParts, randomQuery } from './query.ts';
import type { Column, Schema, Table } from './schema.ts';
import type { Step } from './step.ts';

/** Statements that change the schema; what is known of it changes with them. */
export class Definitions {
  readonly #random: SeededRandom;
  readonly #schema: Schema;

  constructor(random: SeededRandom, schema: Schema) {
    this.#random = random;
    this.#schema = schema;
  }

  define(): Step {
    const random = this.#random;
    const table = random.pick(this.#schema.tables);
    const sql = random.weighted<() => string>([
      [() => this.#addColumn(table), 4],
      [() => this.#renameColumn(table), 3],
      [() => this.#dropColumn(table), 3],
      [() => this.#createView(), 3],
      [() => this.#dropView(), 1],
      [() => `TRUNCATE ${table.name}`, 0.3],
    ])();
    return { kind: 'define', sql, options: '' };
  }

  #addColumn(table: Table): string {
    const column: Column = {
      name: this.#schema.newName('c'),
      type: this.#random.weighted(COLUMN_TYPES),
      inKey: false,
      notNull: false,
    };
    this.#schema.replace(table, { ...table, columns: [...table.columns, column] });
    return `ALTER TABLE ${table.name} ADD COLUMN ${column.name} ${column.type.sql}`;
  }

  /** DuckDB renames no column of a key. */
  #renameColumn(table: Table): string {
    const column = this.#freeColumn(table);
    if (column === undefined) return this.#addColumn(table);
    const name = this.#schema.newName('c');
    const columns = table.columns.map((other) => (other === column ? { ...column, name } : other));
    this.#schema.replace(table, { ...table, columns });
    return `ALTER TABLE ${table.name} RENAME COLUMN ${column.name} TO ${name}`;
  }

  #dropColumn(table: Table): string {
    const column = this.#freeColumn(table);
    if (column === undefined || table.columns.length < 3) return this.#addColumn(table);
    this.#schema.replace(table, { ...table, columns: table.columns.filter((other) => other !== column) });
    return `ALTER TABLE ${table.name} DROP COLUMN ${column.name}`;
  }

  /** Out of the key, in no CHECK, and in no option. */
  #freeColumn({ columns, options }: Table): Column | undefined {
    const free = columns.filter(
      ({ inKey, type, name }) => !inKey && type.sql !== 'INTEGER' && !new RegExp(`\\b${name}\\b`).test(options),
    );
    return free.length === 0 ? undefined : this.#random.pick(free);
  }

  #createView(): string {
    const { tables, views } = this.#schema;
    if (views.length >= 3) return this.#dropView();
    const query = randomQuery(queryParts(this.#random, this.#schema.relations()), 0);
    const name = this.#schema.newName('v');
    if (tables.length < 4 && this.#random.chance(0.2)) {
      views.push({ kind: 'view', name, isTable: true, columns: query.columns });
      return `CREATE TABLE ${name} AS ${query.sql}`;
    }
    views.push({ kind: 'view', name, isTable: false, columns: query.columns });
    return `CREATE VIEW ${name} AS ${query.sql}`;
  }

  #dropView(): string {
    const { views } = this.#schema;
    const dropped = views.shift();
    if (dropped === undefined) return this.#addColumn(this.#random.pick(this.#schema.tables));
    return `DROP ${dropped.isTable ? 'TABLE' : 'VIEW'} ${dropped.name}`;
  }
}
