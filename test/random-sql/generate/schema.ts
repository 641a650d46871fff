import type { SeededRandom } from '../../../engine/sim/random.ts';
import { COLUMN_TYPES, KEY_TYPES, type ColumnType, type Family } from './column-type.ts';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly inKey: boolean;
  readonly notNull: boolean;
}

export interface Table {
  readonly kind: 'table';
  readonly name: string;
  /** The key's come first. */
  readonly columns: readonly Column[];
  /** WITH …, which only a database with tiers knows; its columns cannot be dropped. */
  readonly options: string;
}

export interface View {
  readonly kind: 'view';
  readonly name: string;
  /** A table that is as a query made it, and is just read. */
  readonly isTable: boolean;
  readonly columns: readonly OutputColumn[];
}

export interface OutputColumn {
  readonly name: string;
  readonly family: Family;
}

/** What a query can name: a table, a view, a common table expression. */
export interface Relation {
  readonly name: string;
  readonly columns: readonly RelationColumn[];
}

export interface RelationColumn {
  readonly name: string;
  readonly family: Family;
  readonly type?: ColumnType;
}

export function relationOf(source: Table | View): Relation {
  const { name } = source;
  if (source.kind === 'view') return { name, columns: source.columns };
  return { name, columns: source.columns.map((column) => ({ ...column, family: column.type.family })) };
}

/** What the statements so far have defined. Names are given once, so that no view means another column later. */
export class Schema {
  readonly tables: Table[] = [];
  readonly views: View[] = [];
  #names = 0;

  newName(prefix: string): string {
    return `${prefix}${++this.#names}`;
  }

  relations(): Relation[] {
    return [...this.tables, ...this.views].map(relationOf);
  }

  replace(before: Table, after: Table): void {
    this.tables.splice(this.tables.indexOf(before), 1, after);
  }
}

export function randomTable(random: SeededRandom, schema: Schema): Table {
  const keys = random.weighted([
    [0, 3],
    [1, 5],
    [2, 2],
  ]);
  const columns = Array.from({ length: keys + random.between(2, 6) }, (_, index): Column => {
    const inKey = index < keys;
    const type = random.weighted(inKey ? KEY_TYPES : COLUMN_TYPES);
    return { name: schema.newName('c'), type, inKey, notNull: inKey || random.chance(0.1) };
  });
  return { kind: 'table', name: schema.newName('t'), columns, options: tableOptions(random, columns) };
}

/** The definition of a table, without its options. */
export function createTable(random: SeededRandom, table: Table): string {
  const parts = table.columns.map(({ name, type, notNull, inKey }) => {
    const words = [name, type.sql];
    if (notNull && !inKey) words.push('NOT NULL');
    if (!inKey && random.chance(0.1)) words.push(`DEFAULT ${random.pick(type.common)}`);
    return words.join(' ');
  });
  const number = table.columns.find(({ type, inKey }) => !inKey && type.sql === 'INTEGER');
  if (number !== undefined && random.chance(0.3)) parts.push(`CHECK (${number.name} <> 7)`);
  const keys = table.columns.filter(({ inKey }) => inKey);
  if (keys.length > 0) parts.push(`PRIMARY KEY (${keys.map(({ name }) => name).join(', ')})`);
  return `CREATE TABLE ${table.name} (${parts.join(', ')})`;
}

function tableOptions(random: SeededRandom, columns: readonly Column[]): string {
  const options: string[] = [];
  const plain = columns.filter(({ type }) => !['list', 'struct', 'blob'].includes(type.family));
  if (plain.length > 0 && random.chance(0.4)) {
    const sorted = new Set([random.pick(plain).name, random.pick(plain).name]);
    options.push(`sort_by = '${[...sorted].join(', ')}'`);
  }
  const transforms = columns.flatMap(({ name, type: { family, sql } }) => {
    if (family === 'date') return [`year(${name})`, `month(${name})`];
    if (family === 'timestamp') return [`month(${name})`, `day(${name})`];
    if (family === 'text') return [`truncate(1, ${name})`, name];
    return sql === 'INTEGER' ? [name] : [];
  });
  if (transforms.length > 0 && random.chance(0.4)) options.push(`partition_by = '${random.pick(transforms)}'`);
  return options.length === 0 ? '' : ` WITH (${options.join(', ')})`;
}
