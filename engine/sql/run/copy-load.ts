import { AlopexError, SqlState } from '../../errors.ts';
import type { Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier, quoteLiteral, typeSql } from '../../table/data-type.ts';
import type { Column } from '../../table/schema.ts';
import { displayName } from '../../table/object-name.ts';
import type { TableVersion } from '../../table/version.ts';
import type { TableWriter } from '../../writer.ts';
import type { CopyLoad } from '../parse/statement.ts';
import { copyFormat, readerSql } from './copy-reader.ts';
import { givenColumns } from './generated.ts';
import { pieceOf } from './parameters.ts';
import { requireColumn } from './require-column.ts';
import type { Session } from './session.ts';
import { Stage } from './stage.ts';

const REJECTS = '__alopex_rejects';
const REJECTS_SCAN = '__alopex_rejects_scan';
const RAW = 'temp.main.__alopex_copied';
const ERRORS = 'temp.main.__alopex_copy_errors';

/** What a column of the table is loaded from: SQL over the columns of the file. */
interface Source {
  readonly column: Column;
  readonly sql: string;
}

/** Fills the stage from a file as the options say, and the error table with what was left out. Returns the number of rows in the stage. */
export async function loadCopied(
  writer: TableWriter,
  session: Session,
  table: TableVersion,
  stage: Stage,
  load: CopyLoad,
  parameters: Parameters | undefined,
): Promise<number> {
  const { connection } = session;
  const errorTable = load.errorTable === undefined ? undefined : requireErrorTable(writer, table, load.errorTable);
  if (load.onError === 'stop') {
    const sources = await sourcesOf(session, table, load, parameters);
    return stage.run(
      insertSql(stage, sources, (source) => source.sql, readerSql(load, typedNames(sources))),
      parameters,
    );
  }
  try {
    await dropAll(session);
    await connection.run(
      `CREATE TEMP TABLE ${ERRORS} (file VARCHAR, line BIGINT, column_name VARCHAR, value VARCHAR, message VARCHAR)`,
    );
    const count = await loadGood(session, table, stage, load, parameters);
    await checkLimit(session, load);
    if (errorTable !== undefined) await report(writer, session, errorTable);
    return count;
  } finally {
    await dropAll(session);
  }
}

async function loadGood(
  session: Session,
  table: TableVersion,
  stage: Stage,
  load: CopyLoad,
  parameters: Parameters | undefined,
): Promise<number> {
  const isCsv = copyFormat(load) === 'csv';
  if (isCsv && load.mappings === undefined) {
    const columns = load.columns === undefined ? '' : `(${load.columns.map(quoteIdentifier).join(', ')}) `;
    const options = load.options.map(({ name, valueSql = '' }) => `${name} ${valueSql}`);
    const rejects = `STORE_REJECTS, REJECTS_TABLE '${REJECTS}', REJECTS_SCAN '${REJECTS_SCAN}'`;
    const sql = `COPY ${stage.relation} ${columns}FROM ${load.source} (${[...options, rejects].join(', ')})`;
    const count = await stage.run(sql, parameters);
    await takeRejects(session);
    return count;
  }
  const sources = await sourcesOf(session, table, load, parameters);
  const rejects = isCsv
    ? { store_rejects: 'true', rejects_table: quoteLiteral(REJECTS), rejects_scan: quoteLiteral(REJECTS_SCAN) }
    : {};
  const reader = readerSql(load, typedNames(sources), { filename: 'true', ...rejects });
  // A line of CSV that has been read whole is not known by its number any more.
  const line = isCsv ? 'NULL::BIGINT' : 'row_number() OVER (PARTITION BY filename)';
  const values = sources.map(({ sql }, at) => `${sql} AS __value_${at}`);
  await stage.run(
    `CREATE TEMP TABLE ${RAW} AS SELECT filename AS __file, ${line} AS __line, ${values.join(', ')} FROM ${reader}`,
    parameters,
  );
  if (isCsv) await takeRejects(session);
  const { connection } = session;
  const problems = sources.map(({ column }, at) => problemSql(column, `__value_${at}`));
  for (const [at, { column }] of sources.entries()) {
    await connection.run(
      `INSERT INTO ${ERRORS} SELECT __file, __line, ${quoteLiteral(column.name)}, __value_${at}::VARCHAR, ${problems[at]} FROM ${RAW} WHERE ${problems[at]} IS NOT NULL`,
    );
  }
  const good = problems.map((problem) => `${problem} IS NULL`).join(' AND ');
  const cast = ({ column }: Source, at: number): string => `TRY_CAST(__value_${at} AS ${typeSql(column.type)})`;
  return stage.run(`${insertSql(stage, sources, cast, RAW)} WHERE ${good}`);
}

/** Why a value cannot be stored; NULL when it can. */
function problemSql({ type, required }: Column, value: string): string {
  const wanted = typeSql(type);
  const unfit = `WHEN ${value} IS NOT NULL AND TRY_CAST(${value} AS ${wanted}) IS NULL THEN ${quoteLiteral(`is no ${wanted}`)}`;
  const absent = required ? ` WHEN ${value} IS NULL THEN 'is NULL, which the column does not take'` : '';
  return `CASE ${unfit}${absent} END`;
}

function insertSql(
  stage: Stage,
  sources: readonly Source[],
  valueOf: (source: Source, at: number) => string,
  from: string,
): string {
  const columns = sources.map(({ column }) => quoteIdentifier(column.name)).join(', ');
  return `INSERT INTO ${stage.relation} (${columns}) SELECT ${sources.map(valueOf).join(', ')} FROM ${from}`;
}

/** By MAP COLUMNS; else by name where a file has names for good (JSON), and by place where it is read in order. */
async function sourcesOf(
  session: Session,
  table: TableVersion,
  load: CopyLoad,
  parameters: Parameters | undefined,
): Promise<Source[]> {
  if (load.mappings !== undefined) {
    return load.mappings.map(({ column, valueSql }) => ({ column: requireColumn(table, column), sql: valueSql }));
  }
  const columns = load.columns?.map((name) => requireColumn(table, name)) ?? givenColumns(table.schema);
  const piece = pieceOf(`DESCRIBE SELECT * FROM ${readerSql(load, new Map())}`, parameters);
  const names = (await session.connection.rows(piece.sql, piece.parameters)).map((row) => String(row['column_name']));
  const format = copyFormat(load);
  if (format !== 'json' && names.length !== columns.length) {
    throw new AlopexError(
      SqlState.badCopyFile,
      `the file has ${names.length} columns, and ${columns.length} of table "${displayName(table)}" are to be loaded`,
      { hint: 'Name the columns behind the table, or use MAP COLUMNS (a => b).' },
    );
  }
  return columns.flatMap((column, at) => {
    const name = format === 'json' ? names.find((each) => each.toLowerCase() === column.name.toLowerCase()) : names[at];
    return name === undefined ? [] : [{ column, sql: quoteIdentifier(name) }];
  });
}

/** Columns of the file that go as they are to a column, by name, with the type that they are wanted in. */
function typedNames(sources: readonly Source[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { column, sql } of sources) {
    const plain = /^(?:([a-z_]\w*)|"((?:[^"]|"")*)")$/i.exec(sql);
    const name = plain?.[1] ?? plain?.[2]?.replaceAll('""', '"');
    if (name !== undefined) names.set(name, typeSql(column.type));
  }
  return names;
}

/** What the kernel could not read of a CSV file. */
async function takeRejects({ connection }: Session): Promise<void> {
  const value = `CASE WHEN error_type = 'CAST' THEN regexp_extract(error_message, 'convert string "(.*)" to', 1) ELSE csv_line END`;
  await connection.run(
    `INSERT INTO ${ERRORS} SELECT s.file_path, r.line, r.column_name, ${value}, r.error_message FROM temp.main.${REJECTS} AS r JOIN temp.main.${REJECTS_SCAN} AS s USING (scan_id, file_id) ORDER BY r.file_id, r.line, r.column_idx`,
  );
}

async function checkLimit({ connection }: Session, { errorLimit }: CopyLoad): Promise<void> {
  if (errorLimit === undefined) return;
  // Several values of one row may be bad; of a row without a number each counts.
  const [found] = await connection.rows(
    `SELECT count(DISTINCT (file, line)) FILTER (line IS NOT NULL) + count(*) FILTER (line IS NULL) AS n, first(concat_ws(': ', concat('line ', line), column_name, value, message)) AS example FROM ${ERRORS}`,
  );
  if (Number(found?.['n'] ?? 0) <= errorLimit) return;
  throw new AlopexError(
    SqlState.badCopyFile,
    `${String(found?.['n'])} rows cannot be loaded, and ERROR_LIMIT is ${errorLimit}: ${String(found?.['example'])}`,
    { hint: 'Nothing was loaded or reported. Correct the file, or raise the limit.' },
  );
}

const ERROR_COLUMNS = ['file', 'line', 'column_name', 'value', 'message'] as const;

function requireErrorTable(
  writer: TableWriter,
  target: TableVersion,
  name: NonNullable<CopyLoad['errorTable']>,
): TableVersion {
  const hint = `CREATE TABLE ${name.name} (file VARCHAR, line BIGINT, column_name VARCHAR, value VARCHAR, message VARCHAR) makes one.`;
  let table: TableVersion;
  try {
    table = writer.table(name);
  } catch (error) {
    if (!(error instanceof AlopexError)) throw error;
    throw new AlopexError(error.code, error.message, { hint, cause: error });
  }
  if (table.tableId === target.tableId) {
    throw new AlopexError(SqlState.invalidParameter, 'a table cannot take the errors of its own loading', { hint });
  }
  const names = new Set(table.schema.columns.map((column) => column.name.toLowerCase()));
  const missing = ERROR_COLUMNS.find((column) => !names.has(column));
  if (missing === undefined) return table;
  throw new AlopexError(SqlState.undefinedColumn, `error table "${displayName(table)}" has no column "${missing}"`, {
    hint,
  });
}

/** Before the rows are added: a crash between the two leaves a report of rows that a repeated COPY reports again. In a transaction both are one. */
async function report(writer: TableWriter, session: Session, table: TableVersion): Promise<void> {
  await session.prepareTarget(writer.latest, table);
  await Stage.with(session.connection, table, async (stage) => {
    const columns = ERROR_COLUMNS.join(', ');
    const count = await stage.run(`INSERT INTO ${stage.relation} (${columns}) SELECT ${columns} FROM ${ERRORS}`);
    await writer.commit(session.connection, { version: table, rows: stage.asInserted(count) });
  });
}

async function dropAll({ connection }: Session): Promise<void> {
  for (const table of [RAW, ERRORS, `temp.main.${REJECTS}`, `temp.main.${REJECTS_SCAN}`]) {
    await connection.run(`DROP TABLE IF EXISTS ${table}`);
  }
}
