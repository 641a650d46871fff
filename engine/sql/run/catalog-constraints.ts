import { quoteLiteral, quoteIdentifier } from '../../table/data-type.ts';
import type { TableSchema } from '../../table/schema.ts';
import type { TableVersion } from '../../table/version.ts';
import { identifierValue, significant, tokenize } from '../lexer.ts';
import { namedCheck } from './constraint-names.ts';
import { literalRows, type Cell, type Columns } from './literal-rows.ts';

/** One constraint as the kernel's catalog tells it. */
interface Constraint {
  readonly kind: 'NOT NULL' | 'PRIMARY KEY' | 'UNIQUE' | 'CHECK';
  readonly name: string;
  readonly text: string;
  readonly expression: string | null;
  readonly columns: readonly string[];
}

export function constraintsOf({ name, schema }: Pick<TableVersion, 'name' | 'schema'>): Constraint[] {
  const plain = { expression: null };
  const key = (columns: readonly string[]): string => `(${columns.map(shortIdentifier).join(', ')})`;
  const required = schema.columns
    .filter((column) => column.required)
    .map((column): Constraint => {
      const columns = [column.name];
      return { ...plain, kind: 'NOT NULL', name: `${name}_${column.name}_not_null`, text: 'NOT NULL', columns };
    });
  const primary = columnNames(schema, schema.primaryKey);
  const unique = (schema.unique ?? [])
    .filter(({ isIndex }) => isIndex !== true)
    .map((each): Constraint => {
      const columns = columnNames(schema, each.columns);
      return { ...plain, kind: 'UNIQUE', name: each.name, text: `UNIQUE${key(columns)}`, columns };
    });
  const checks = schema.checks.map((check): Constraint => {
    const { name: own, expression } = namedCheck(check);
    return {
      kind: 'CHECK',
      name: own ?? `${name}_check`,
      text: `CHECK(${expression})`,
      expression,
      columns: named(expression, schema),
    };
  });
  const primaryKey: Constraint[] =
    primary.length === 0
      ? []
      : [{ ...plain, kind: 'PRIMARY KEY', name: `${name}_pkey`, text: `PRIMARY KEY${key(primary)}`, columns: primary }];
  return [...required, ...primaryKey, ...unique, ...checks];
}

/** The columns that an expression names. */
function named(expression: string, { columns }: TableSchema): string[] {
  const names = new Set(significant(tokenize(expression)).map((token) => identifierValue(token)?.toLowerCase()));
  return columns.map(({ name }) => name).filter((name) => names.has(name.toLowerCase()));
}

export function columnNames({ columns }: TableSchema, ids: readonly number[]): string[] {
  return ids.flatMap((id) => columns.find((column) => column.id === id)?.name ?? []);
}

const CONSTRAINTS: Columns = [
  ['schema_name', 'VARCHAR'],
  ['table_name', 'VARCHAR'],
  ['constraint_index', 'BIGINT'],
  ['constraint_type', 'VARCHAR'],
  ['constraint_text', 'VARCHAR'],
  ['expression', 'VARCHAR'],
  ['constraint_column_indexes', 'BIGINT[]'],
  ['constraint_column_names', 'VARCHAR[]'],
  ['constraint_name', 'VARCHAR'],
];

/** Rows as `duckdb_constraints()` has them, of our tables. */
export function constraintRowsSql(database: string, tables: readonly TableVersion[]): string {
  const rows = tables.flatMap((table) =>
    constraintsOf(table).map(({ kind, text, expression, columns, name }, index): Cell[] => {
      const places = columns.map((column) => table.schema.columns.findIndex((each) => each.name === column));
      return [
        table.schemaName,
        table.name,
        index,
        kind,
        text,
        expression,
        `[${places.join(', ')}]`,
        listText(columns),
        name,
      ];
    }),
  );
  const own =
    'f.constraint_index, f.constraint_type, f.constraint_text, f.expression, f.constraint_column_indexes, f.constraint_column_names, f.constraint_name, NULL::VARCHAR, []::VARCHAR[]';
  return `SELECT ${VIEW_COLUMNS}, ${own} ${ofViews(database, literalRows(CONSTRAINTS, rows))}`;
}

const INDEXES: Columns = [
  ['schema_name', 'VARCHAR'],
  ['table_name', 'VARCHAR'],
  ['index_name', 'VARCHAR'],
  ['index_oid', 'BIGINT'],
  ['is_unique', 'BOOLEAN'],
  ['expressions', 'VARCHAR'],
  ['sql', 'VARCHAR'],
];

/** Rows as `duckdb_indexes()` has them: of what CREATE INDEX made, with numbers of their own among these. */
export function indexRowsSql(database: string, tables: readonly TableVersion[]): string {
  const rows = tables.flatMap(({ schemaName, name, schema }) => {
    const unique = (schema.unique ?? []).filter(({ isIndex }) => isIndex === true);
    return [...unique, ...(schema.indexes ?? [])].map((index) => {
      const names = columnNames(schema, index.columns);
      const columns = names.map(quoteIdentifier);
      const isUnique = unique.includes(index);
      const table = `${quoteIdentifier(schemaName)}.${quoteIdentifier(name)}`;
      const sql = `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(index.name)} ON ${table} (${columns.join(', ')});`;
      return { schemaName, name, index: index.name, isUnique, expressions: listText(names), sql };
    });
  });
  const cells = rows.map((row, number): Cell[] => [
    row.schemaName,
    row.name,
    row.index,
    number + 1,
    String(row.isUnique),
    row.expressions,
    row.sql,
  ]);
  const own =
    'v.database_name, v.database_oid, v.schema_name, v.schema_oid, f.index_name, f.index_oid, v.view_name, v.view_oid, NULL::VARCHAR, MAP {}::MAP(VARCHAR, VARCHAR), f.is_unique, false, f.expressions, f.sql';
  return `SELECT ${own} ${ofViews(database, literalRows(INDEXES, cells))}`;
}

const VIEW_COLUMNS = 'v.database_name, v.database_oid, v.schema_name, v.schema_oid, v.view_name, v.view_oid';

function ofViews(database: string, rows: string): string {
  return `FROM system.main.duckdb_views() AS v JOIN (${rows}) AS f ON v.schema_name = f.schema_name AND v.view_name = f.table_name WHERE v.database_name = ${database}`;
}

/** For people: in quotes only where it needs them. */
function shortIdentifier(name: string): string {
  return /^[a-z_]\w*$/.test(name) ? name : quoteIdentifier(name);
}

/** As the kernel writes a list of texts. */
function listText(texts: readonly string[]): string {
  return `[${texts.map((text) => (/^\w+$/.test(text) ? text : quoteLiteral(text))).join(', ')}]`;
}
