import { reworded } from '../error-position.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { fieldIdsFrom, quoteIdentifier, quoteLiteral, typeSql, type FieldIds } from '../../table/data-type.ts';
import type { Column, TableSchema } from '../../table/schema.ts';
import { parseDataType } from '../../table/type-parser.ts';
import { significant, identifierValue, tokenize } from '../lexer.ts';
import { refuseCollations } from './collation.ts';
import { generatedExpressions, readColumnList, type ColumnList, type NamedKind } from './column-list.ts';
import { constraintSql, freeName, namedCheck } from './constraint-names.ts';
import { refuseUnsteady } from './volatility.ts';

const PROBE = '__alopex_definition';

/** Names that the engine gives to columns of its own in scans, and the kernel's to positions in files. */
const RESERVED: ReadonlySet<string> = new Set([
  '__seq',
  '__rid',
  '__file',
  '__pos',
  '__src',
  'file_row_number',
  'file_index',
]);

/** The schema of a column list, as the kernel reads it: all of its syntax and types, without a parser of our own. */
export async function readSchema(
  connection: KernelConnection,
  table: string,
  columnsSql: string,
): Promise<{ readonly schema: TableSchema; readonly identities: ColumnList['identities'] }> {
  const { sql, names, identities } = readColumnList(columnsSql);
  const create = `CREATE OR REPLACE TEMP TABLE ${PROBE} (${sql})`;
  return { schema: await probe(connection, table, create, fieldIdsFrom(0), names), identities };
}

/** The schema of a relation of the kernel (CREATE TABLE … AS). */
export async function readRelationSchema(
  connection: KernelConnection,
  table: string,
  relation: string,
): Promise<TableSchema> {
  const create = `CREATE OR REPLACE TEMP TABLE ${PROBE} AS SELECT * FROM ${relation} LIMIT 0`;
  return probe(connection, table, create, fieldIdsFrom(0));
}

/** One more column, by its definition in ADD COLUMN. Its constraints are among those of the schema. */
export async function readColumn(
  connection: KernelConnection,
  table: string,
  definition: string,
  lastFieldId: number,
): Promise<{ column: Column; schema: TableSchema }> {
  const list = readColumnList(definition);
  if (list.hasGenerated) {
    throw new AlopexError(SqlState.featureNotSupported, 'a generated column cannot be added to a table', {
      hint: 'Give the table the column when it is created, or add a plain column and UPDATE it.',
    });
  }
  if (list.identities.size > 0) {
    throw new AlopexError(SqlState.featureNotSupported, 'an IDENTITY column cannot be added to a table', {
      hint: 'Add a plain column, UPDATE it, SET NOT NULL, then ALTER COLUMN … ADD GENERATED … AS IDENTITY.',
    });
  }
  const ids = fieldIdsFrom(lastFieldId);
  const schema = await probe(connection, table, `CREATE OR REPLACE TEMP TABLE ${PROBE} (${list.sql})`, ids, list.names);
  const [column, ...more] = schema.columns;
  if (column === undefined || more.length > 0) {
    throw new AlopexError(SqlState.syntaxError, 'ADD COLUMN takes one column: its name, type and constraints');
  }
  return { column, schema };
}

/** Constraints of a table with its columns: the schema that it would have with those alone. */
export async function readConstraint(
  connection: KernelConnection,
  table: string,
  { columns }: TableSchema,
  definition: string,
): Promise<TableSchema> {
  const list = readColumnList(definition);
  const parts = [...columns.map(bareColumnSql), list.sql];
  const create = `CREATE OR REPLACE TEMP TABLE ${PROBE} (${parts.join(', ')})`;
  const read = await probe(connection, table, create, fieldIdsFrom(0), list.names);
  // The probe counts its columns from 1 on: the names tell which they are.
  const idOf = (id: number): number[] => {
    const name = read.columns.find((column) => column.id === id)?.name;
    return columns.filter((column) => column.name === name).map((column) => column.id);
  };
  const unique = read.unique?.map((key) => ({ ...key, columns: key.columns.flatMap(idOf) }));
  return { ...read, columns, primaryKey: read.primaryKey.flatMap(idOf), ...(unique === undefined ? {} : { unique }) };
}

/** What renaming a column makes of the expressions that name it. */
export async function readRenamed(
  connection: KernelConnection,
  table: string,
  schema: TableSchema,
  from: string,
  to: string,
): Promise<Pick<TableSchema, 'columns' | 'checks'>> {
  const parts = [...schema.columns.map(bareColumnSql), ...schema.checks];
  try {
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${PROBE} (${parts.join(', ')})`);
    await connection.run(`ALTER TABLE temp.main.${PROBE} RENAME ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`);
    const generated = generatedExpressions(await createdAs(connection));
    const found = await constraintRows(connection);
    const checks = found.flatMap(({ kind, text }) => (kind === 'CHECK' ? [text] : []));
    return {
      columns: schema.columns.map((column) => {
        const name = column.name === from ? to : column.name;
        const generatedSql = generated.get(name);
        return { ...column, name, ...(generatedSql === undefined ? {} : { generatedSql }) };
      }),
      checks: schema.checks.map((check, at) => constraintSql(namedCheck(check).name, checks[at] ?? check)),
    };
  } catch (error) {
    throw withoutProbe(error, table);
  } finally {
    await connection.run(`DROP TABLE IF EXISTS temp.main.${PROBE}`);
  }
}

function bareColumnSql({ name, type, generatedSql }: Column): string {
  const generated = generatedSql === undefined ? '' : ` GENERATED ALWAYS AS (${generatedSql})`;
  return `${quoteIdentifier(name)} ${typeSql(type)}${generated}`;
}

async function probe(
  connection: KernelConnection,
  table: string,
  createSql: string,
  ids: FieldIds & { readonly last: number },
  names: ColumnList['names'] = { CHECK: [], UNIQUE: [], 'PRIMARY KEY': [] },
): Promise<TableSchema> {
  try {
    await connection.run(createSql);
    const created = await createdAs(connection);
    refuseCollations(created);
    const generated = generatedExpressions(created);
    for (const [name, sql] of generated) await checkGenerated(connection, name, sql, generated);
    const constraints = await readConstraints(connection, table, names);
    const columns = await readColumns(connection, constraints.primaryKey, generated, ids);
    const idOf = new Map(columns.map((column) => [column.name, column.id]));
    const unique = constraints.unique.map(({ name, columns: keys }) => ({
      name,
      columns: keys.flatMap((key) => idOf.get(key) ?? []),
    }));
    return {
      schemaId: 0,
      columns,
      primaryKey: constraints.primaryKey.flatMap((name) => idOf.get(name) ?? []),
      ...(unique.length === 0 ? {} : { unique }),
      checks: constraints.checks,
      lastFieldId: ids.last,
    };
  } catch (error) {
    throw withoutProbe(error, table);
  } finally {
    await connection.run(`DROP TABLE IF EXISTS temp.main.${PROBE}`);
  }
}

function withoutProbe(error: unknown, table: string): unknown {
  if (!(error instanceof AlopexError)) return error;
  const message = reworded(error.message, (head) => head.replaceAll(PROBE, table));
  return new AlopexError(error.code, message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}

/** What is stored must stay true, and is worked out from the row alone. */
async function checkGenerated(
  connection: KernelConnection,
  name: string,
  sql: string,
  generated: ReadonlyMap<string, string>,
): Promise<void> {
  await refuseUnsteady(connection, sql, 'immutable', `generated column "${name}"`);
  const others = new Set([...generated.keys()].map((other) => other.toLowerCase()));
  const other = significant(tokenize(sql)).find((token) => others.has(identifierValue(token)?.toLowerCase() ?? ''));
  if (other === undefined) return;
  throw new AlopexError('42P17', `generated column "${name}" cannot use the generated column ${other.text}`, {
    hint: 'Write out its expression instead.',
  });
}

async function createdAs(connection: KernelConnection): Promise<string> {
  const [row] = await connection.rows(
    `SELECT sql FROM duckdb_tables() WHERE database_name = 'temp' AND table_name = ${quoteLiteral(PROBE)}`,
  );
  return String(row?.['sql']);
}

async function readColumns(
  connection: KernelConnection,
  primaryKey: readonly string[],
  generated: ReadonlyMap<string, string>,
  ids: FieldIds,
): Promise<Column[]> {
  const rows = await connection.rows(
    `SELECT column_name, data_type, is_nullable, column_default FROM duckdb_columns() WHERE database_name = 'temp' AND table_name = ${quoteLiteral(PROBE)} ORDER BY column_index`,
  );
  // Iceberg numbers the columns first, then what is nested in them.
  const numbered = rows.map((row) => ({ row, id: ids.next() }));
  return numbered.map(({ row, id }) => {
    const name = String(row['column_name']);
    if (RESERVED.has(name.toLowerCase())) {
      throw new AlopexError('42939', `column name "${name}" is reserved`, { hint: 'Choose another name.' });
    }
    const generatedSql = generated.get(name);
    const standard = generatedSql === undefined ? row['column_default'] : undefined;
    return {
      id,
      name,
      type: parseDataType(String(row['data_type']), name, ids),
      required: row['is_nullable'] === false || primaryKey.includes(name),
      ...(typeof standard === 'string' && standard !== 'NULL' ? { defaultSql: standard } : {}),
      ...(generatedSql === undefined ? {} : { generatedSql }),
    };
  });
}

interface Constraints {
  readonly primaryKey: string[];
  readonly checks: string[];
  readonly unique: { name: string; columns: readonly string[] }[];
}

async function readConstraints(
  connection: KernelConnection,
  table: string,
  names: ColumnList['names'],
): Promise<Constraints> {
  const constraints: Constraints = { primaryKey: [], checks: [], unique: [] };
  const given = Object.values(names)
    .flat()
    .filter((name) => name !== undefined);
  const taken = new Set<string>();
  for (const name of given) {
    if (taken.has(name.toLowerCase())) {
      throw new AlopexError(SqlState.duplicateObject, `constraint "${name}" is given twice`);
    }
    taken.add(name.toLowerCase());
  }
  const count: Record<NamedKind, number> = { CHECK: 0, UNIQUE: 0, 'PRIMARY KEY': 0 };
  for (const { kind, text, columns, name } of await constraintRows(connection)) {
    if (kind === 'NOT NULL') continue;
    if (!isNamedKind(kind)) {
      throw new AlopexError(
        SqlState.featureNotSupported,
        `table ${quoteIdentifier(table)}: ${kind} constraints are not supported`,
        { hint: 'PRIMARY KEY, UNIQUE, NOT NULL and CHECK are.' },
      );
    }
    const own = names[kind][count[kind]++] ?? freeName(name.replaceAll(PROBE, table), taken);
    taken.add(own.toLowerCase());
    if (kind === 'PRIMARY KEY') constraints.primaryKey.push(...columns);
    else if (kind === 'CHECK') constraints.checks.push(constraintSql(own, text));
    else constraints.unique.push({ name: own, columns });
  }
  return constraints;
}

function isNamedKind(kind: string): kind is NamedKind {
  return kind === 'CHECK' || kind === 'UNIQUE' || kind === 'PRIMARY KEY';
}

interface ConstraintRow {
  readonly kind: string;
  readonly text: string;
  readonly columns: readonly string[];
  readonly name: string;
}

async function constraintRows(connection: KernelConnection): Promise<ConstraintRow[]> {
  const rows = await connection.rows(
    `SELECT constraint_type, constraint_text, constraint_name, to_json(constraint_column_names)::VARCHAR AS columns FROM duckdb_constraints() WHERE database_name = 'temp' AND table_name = ${quoteLiteral(PROBE)} ORDER BY constraint_index`,
  );
  return rows.map((row) => ({
    kind: String(row['constraint_type']),
    text: String(row['constraint_text']),
    columns: JSON.parse(String(row['columns'])) as string[],
    name: String(row['constraint_name']),
  }));
}
