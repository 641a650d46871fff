import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { fieldIdsFrom, parseDataType, quoteIdentifier, quoteLiteral, type FieldIds } from '../../table/data-type.ts';
import type { Column, TableSchema } from '../../table/schema.ts';
import { TokenReader } from '../parse/token-reader.ts';

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
): Promise<TableSchema> {
  refuseGenerated(columnsSql);
  return probe(connection, table, `CREATE OR REPLACE TEMP TABLE ${PROBE} (${columnsSql})`, fieldIdsFrom(0));
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

/** One more column, by its definition in ADD COLUMN. */
export async function readColumn(
  connection: KernelConnection,
  table: string,
  definition: string,
  lastFieldId: number,
): Promise<{ column: Column; lastFieldId: number; checks: readonly string[] }> {
  refuseGenerated(definition);
  const ids = fieldIdsFrom(lastFieldId);
  const schema = await probe(connection, table, `CREATE OR REPLACE TEMP TABLE ${PROBE} (${definition})`, ids);
  const [column, ...more] = schema.columns;
  if (column === undefined || more.length > 0 || schema.primaryKey.length > 0) {
    throw new AlopexError(SqlState.syntaxError, 'ADD COLUMN takes one column: its name, type and NOT NULL or CHECK');
  }
  return { column, lastFieldId: schema.lastFieldId, checks: schema.checks };
}

async function probe(
  connection: KernelConnection,
  table: string,
  createSql: string,
  ids: FieldIds & { readonly last: number },
): Promise<TableSchema> {
  try {
    await connection.run(createSql);
    const constraints = await readConstraints(connection, table);
    const columns = await readColumns(connection, constraints.primaryKey, ids);
    const idOf = new Map(columns.map((column) => [column.name, column.id]));
    return {
      schemaId: 0,
      columns,
      primaryKey: constraints.primaryKey.flatMap((name) => idOf.get(name) ?? []),
      checks: constraints.checks,
      lastFieldId: ids.last,
    };
  } catch (error) {
    if (!(error instanceof AlopexError)) throw error;
    throw new AlopexError(error.code, error.message.replaceAll(PROBE, table), {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  } finally {
    await connection.run(`DROP TABLE IF EXISTS temp.main.${PROBE}`);
  }
}

async function readColumns(
  connection: KernelConnection,
  primaryKey: readonly string[],
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
    const standard = row['column_default'];
    return {
      id,
      name,
      type: parseDataType(String(row['data_type']), name, ids),
      required: row['is_nullable'] === false || primaryKey.includes(name),
      ...(typeof standard === 'string' && standard !== 'NULL' ? { defaultSql: standard } : {}),
    };
  });
}

async function readConstraints(
  connection: KernelConnection,
  table: string,
): Promise<{ primaryKey: string[]; checks: string[] }> {
  const rows = await connection.rows(
    `SELECT constraint_type, constraint_text, to_json(constraint_column_names)::VARCHAR AS columns FROM duckdb_constraints() WHERE database_name = 'temp' AND table_name = ${quoteLiteral(PROBE)} ORDER BY constraint_index`,
  );
  let primaryKey: string[] = [];
  const checks: string[] = [];
  for (const row of rows) {
    const kind = String(row['constraint_type']);
    switch (kind) {
      case 'PRIMARY KEY':
        primaryKey = JSON.parse(String(row['columns'])) as string[];
        break;
      case 'CHECK':
        checks.push(String(row['constraint_text']));
        break;
      case 'NOT NULL':
        break;
      default:
        throw new AlopexError(
          SqlState.featureNotSupported,
          `table ${quoteIdentifier(table)}: ${kind} constraints are not supported`,
          { hint: 'PRIMARY KEY, NOT NULL and CHECK are.' },
        );
    }
  }
  return { primaryKey, checks };
}

function refuseGenerated(definition: string): void {
  const reader = new TokenReader(definition);
  while (!reader.atEnd) {
    if (reader.isNext('GENERATED')) {
      throw new AlopexError(SqlState.featureNotSupported, 'generated columns are not supported');
    }
    reader.next();
  }
}
