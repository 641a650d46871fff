import { quoteIdentifier, quoteLiteral, typeSql } from '../../table/data-type.ts';
import { SYSTEM_SCHEMA } from '../../table/object-name.ts';
import { liveMemtableRows, type DatabaseVersion, type TableVersion } from '../../table/version.ts';
import { withSequenceNames } from '../definitions/sequence-names.ts';
import { constraintRowsSql, constraintsOf, indexRowsSql } from './catalog-constraints.ts';

/** What asks for the tables that there are, by these functions or by what the kernel builds on them: information_schema, pg_catalog, SHOW. */
const LISTING_WORDS = /\b(information_schema|duckdb_\w+|pg_\w+|show)\b/i;

export function listsTables(text: string): boolean {
  return LISTING_WORDS.test(text);
}

/**
 * Macros that stand in front of the kernel's catalog functions in one session: they leave out what is the engine's own, and show as tables the views of the session that are our tables.
 * `database` is the session's.
 */
export function catalogFunctions(database: string, version: DatabaseVersion): string[] {
  const own = quoteLiteral(database);
  const tables = [...version.tables.values()];
  const names = tables.map((table) => `(${quoteLiteral(table.schemaName)}, ${quoteLiteral(table.name)})`);
  const isTable = names.length === 0 ? 'false' : `(schema_name, view_name) IN (${names.join(', ')})`;
  const visible = `database_name IN (${own}, 'temp', 'system')`;
  return [
    macro('duckdb_tables', `SELECT * FROM system.main.duckdb_tables() WHERE ${visible}${tablesSql(own, version)}`),
    macro(
      'duckdb_views',
      `SELECT * REPLACE (internal OR (database_name = ${own} AND schema_name = '${SYSTEM_SCHEMA}') AS internal) FROM system.main.duckdb_views() WHERE ${visible} AND NOT (database_name = ${own} AND ${isTable})`,
    ),
    macro('duckdb_columns', columnsSql(own, visible, version)),
    macro(
      'duckdb_constraints',
      `SELECT * FROM system.main.duckdb_constraints() WHERE ${visible} UNION ALL ${constraintRowsSql(own, tables)}`,
    ),
    macro(
      'duckdb_indexes',
      `SELECT * FROM system.main.duckdb_indexes() WHERE ${visible} UNION ALL ${indexRowsSql(own, tables)}`,
    ),
    macro('duckdb_schemas', `SELECT * FROM system.main.duckdb_schemas() WHERE ${visible}`),
    macro(
      'duckdb_functions',
      `SELECT * FROM system.main.duckdb_functions() WHERE ${visible} AND NOT (database_name = 'temp' AND function_name LIKE 'duckdb\\_%' ESCAPE '\\')`,
    ),
  ];
}

function macro(name: string, query: string): string {
  return `CREATE OR REPLACE TEMP MACRO ${name}() AS TABLE ${query}`;
}

function tablesSql(database: string, { tables: all, definitions }: DatabaseVersion): string {
  const tables = [...all.values()];
  if (tables.length === 0) return '';
  const facts = tables.map(({ schemaName, name, schema, ...table }) => {
    const { primaryKey, unique = [], checks, indexes: plain = [] } = schema;
    const rows = [...table.files].reduce(
      (sum, file) => sum + file.rowCount - (table.deletedRows.get(file.fileId) ?? 0),
      liveMemtableRows({ schemaName, name, schema, ...table }),
    );
    const hasKey = primaryKey.length > 0;
    const indexes = unique.length + plain.length + (hasKey ? 1 : 0);
    const sql = withSequenceNames(createTableSql({ schemaName, name, schema }), definitions);
    return `(${[quoteLiteral(schemaName), quoteLiteral(name), String(hasKey), rows, indexes, checks.length, quoteLiteral(sql)].join(', ')})`;
  });
  const columns =
    'v.database_name, v.database_oid, v.schema_name, v.schema_oid, v.view_name, v.view_oid, v.comment, v.tags, false, false, f.has_key, f.row_count::BIGINT, v.column_count, f.index_count::BIGINT, f.check_count::BIGINT, f.sql';
  return (
    ` UNION ALL SELECT ${columns} FROM system.main.duckdb_views() AS v JOIN (VALUES ${facts.join(', ')}) AS f(schema_name, table_name, has_key, row_count, index_count, check_count, sql)` +
    ` ON v.schema_name = f.schema_name AND v.view_name = f.table_name WHERE v.database_name = ${database}`
  );
}

/** Views know neither NOT NULL nor defaults. */
function columnsSql(database: string, visible: string, { tables, definitions }: DatabaseVersion): string {
  const facts = [...tables.values()].flatMap(({ schemaName, name, schema }) =>
    schema.columns
      .filter(({ required, defaultSql }) => required || defaultSql !== undefined)
      .map((column) => {
        const { defaultSql } = column;
        const standard = defaultSql === undefined ? 'NULL' : quoteLiteral(withSequenceNames(defaultSql, definitions));
        const names = [schemaName, name, column.name].map(quoteLiteral);
        return [...names, String(!column.required), standard].join(', ');
      }),
  );
  const all = 'system.main.duckdb_columns()';
  if (facts.length === 0) return `SELECT * FROM ${all} WHERE ${visible}`;
  const known = `(VALUES ${facts.map((fact) => `(${fact})`).join(', ')}) AS f(schema_name, table_name, column_name, nullable, standard)`;
  const replaced =
    'coalesce(f.nullable, c.is_nullable) AS is_nullable, coalesce(f.standard, c.column_default) AS column_default';
  return (
    `SELECT c.* REPLACE (${replaced}) FROM ${all} AS c LEFT JOIN ${known}` +
    ` ON c.database_name = ${database} AND c.schema_name = f.schema_name AND c.table_name = f.table_name AND c.column_name = f.column_name WHERE c.${visible}`
  );
}

/** A statement that would make such a table, but for its options. */
function createTableSql({ schemaName, name, schema }: Pick<TableVersion, 'schemaName' | 'name' | 'schema'>): string {
  const columns = schema.columns.map((column) => {
    const { identity, generatedSql } = column;
    const standard = column.defaultSql === undefined ? '' : ` DEFAULT (${column.defaultSql})`;
    const generated = generatedSql === undefined ? '' : ` GENERATED ALWAYS AS (${generatedSql})`;
    const counts =
      identity === undefined ? standard : ` GENERATED ${identity.always ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`;
    return `${quoteIdentifier(column.name)} ${typeSql(column.type)}${generated}${counts}${column.required ? ' NOT NULL' : ''}`;
  });
  const keys = constraintsOf({ name, schema }).filter(({ kind }) => kind === 'PRIMARY KEY' || kind === 'UNIQUE');
  const table =
    schemaName === 'main' ? quoteIdentifier(name) : `${quoteIdentifier(schemaName)}.${quoteIdentifier(name)}`;
  return `CREATE TABLE ${table}(${[...columns, ...schema.checks, ...keys.map((key) => `${key.kind}(${key.columns.map(quoteIdentifier).join(', ')})`)].join(', ')});`;
}
