import { quoteIdentifier, typeSql } from '../../table/data-type.ts';
import type { Definition } from '../../table/definition.ts';
import { MAIN_SCHEMA, qualifiedSql } from '../../table/object-name.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';
import { literalRows, type Cell, type Columns, type SystemTable } from '../run/literal-rows.ts';
import { withSequenceNames } from './sequence-names.ts';

/** `alopex.columns`, `alopex.schemas`, `alopex.views`, `alopex.macros`, `alopex.types` and `alopex.sequences` as queries over literal rows. */
export function definitionTables(version: DatabaseVersion): SystemTable[] {
  const all = version.definitions.all;
  const rows = (...kinds: Definition['kind'][]): Cell[][] =>
    all.filter(({ kind }) => kinds.includes(kind)).map(definitionRow);
  return [
    {
      name: 'columns',
      sql: literalRows(
        COLUMNS,
        [...version.tables.values()].flatMap((table) => columnRows(version, table)),
      ),
    },
    {
      name: 'schemas',
      sql: literalRows(SCHEMAS, [
        [MAIN_SCHEMA, null],
        ...all.filter(({ kind }) => kind === 'schema').map(({ name, comment }) => [name, comment ?? null]),
      ]),
    },
    { name: 'views', sql: literalRows(DEFINITIONS, rows('view')) },
    { name: 'macros', sql: literalRows(DEFINITIONS, rows('macro', 'table-macro')) },
    { name: 'types', sql: literalRows(DEFINITIONS, rows('type')) },
    { name: 'sequences', sql: literalRows(DEFINITIONS, rows('sequence')) },
  ];
}

const SCHEMAS: Columns = [
  ['name', 'VARCHAR'],
  ['comment', 'VARCHAR'],
];

const DEFINITIONS: Columns = [
  ['schema_name', 'VARCHAR'],
  ['name', 'VARCHAR'],
  ['sql', 'VARCHAR'],
  ['comment', 'VARCHAR'],
];

function definitionRow(definition: Definition): Cell[] {
  return [definition.schemaName, definition.name, createStatement(definition), definition.comment ?? null];
}

/** What made a definition, or would make it again. */
export function createStatement({ kind, schemaName, name, body }: Definition): string {
  if (kind === 'schema') return `CREATE SCHEMA ${quoteIdentifier(name)}`;
  const word = kind === 'table-macro' ? 'MACRO' : kind.toUpperCase();
  const separator = word === 'MACRO' ? '' : ' ';
  return `CREATE ${word} ${qualifiedSql(schemaName, name)}${separator}${body}`;
}

const COLUMNS: Columns = [
  ['schema_name', 'VARCHAR'],
  ['table_name', 'VARCHAR'],
  ['name', 'VARCHAR'],
  ['position', 'INTEGER'],
  ['type', 'VARCHAR'],
  ['is_nullable', 'BOOLEAN'],
  ['default_sql', 'VARCHAR'],
  ['comment', 'VARCHAR'],
  ['identity', 'VARCHAR'],
];

function columnRows(version: DatabaseVersion, table: TableVersion): Cell[][] {
  const comments = new Map(table.comments?.columns);
  return table.schema.columns.map((column, index) => [
    table.schemaName,
    table.name,
    column.name,
    index + 1,
    typeSql(column.type),
    column.required ? 'false' : 'true',
    column.defaultSql === undefined ? null : withSequenceNames(column.defaultSql, version.definitions),
    comments.get(column.id) ?? null,
    column.identity === undefined ? null : column.identity.always ? 'ALWAYS' : 'BY DEFAULT',
  ]);
}
