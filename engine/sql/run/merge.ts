import type { TableWriter } from '../../writer.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier, quoteLiteral, typeSql } from '../../table/data-type.ts';
import { makeReadable } from '../../table/readable.ts';
import { scanSql } from '../../table/scan.ts';
import { stagedDeletes } from '../../table/staged.ts';
import type { TableVersion } from '../../table/version.ts';
import { identifierValue, significant, tokenize } from '../lexer.ts';
import type {
  Assignment,
  MergeAction,
  MergeClause,
  MergeStatement,
  MergeValues,
  Returning,
} from '../parse/statement.ts';
import { TokenReader } from '../parse/token-reader.ts';
import { assignedValues } from './assigned-values.ts';
import { freshColumns, givenColumns, givenList, refuseGenerated } from './generated.ts';
import { refuseIdentity } from './given-identity.ts';
import { withPlainNames } from './merge-names.ts';
import { checkNewKeys } from './new-keys.ts';
import { pieceOf } from './parameters.ts';
import { requireColumn } from './require-column.ts';
import { readReturning, type ChangedRows } from './returning.ts';
import { tableKeys } from './table-keys.ts';
import type { Session } from './session.ts';
import { Stage } from './stage.ts';

/** Pairs of rows, what is to be done with each, and the row that comes of it. */
const PAIRS = 'temp.main.__alopex_merge';
const LEAVING = 'temp.main.__alopex_merge_leaving';

/** One pass over target and source decides what happens to each pair of rows; then rows leave and come in one commit. */
export async function runMerge(
  writer: TableWriter,
  session: Session,
  statement: MergeStatement,
  text: string,
  parameters?: Parameters,
): Promise<ChangedRows> {
  const { connection } = session;
  const table = writer.table(statement.table);
  const scans = await session.prepare(writer.latest, text, parameters);
  writer.reads([table.tableId, ...scans.map((scan) => scan.table.tableId)]);
  const readable = await makeReadable(writer.context, table, table.files);
  await session.prepareTarget(writer.latest, table);
  const pairs = await mergePairsSql(session, table, scanSql(readable, { positions: true }), statement, parameters);
  return Stage.with(connection, table, async (stage) => {
    try {
      await stage.run(`CREATE OR REPLACE TEMP TABLE ${PAIRS} AS ${pairs}`, parameters);
      await refuseErrors(session);
      await refuseTwice(session);
      const columns = givenList(table.schema);
      await stage.run(
        `INSERT INTO ${stage.relation} (${columns}) SELECT ${columns} FROM ${PAIRS} WHERE __action IN ('INSERT', 'UPDATE')`,
      );
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE ${LEAVING} AS SELECT __file, __pos FROM ${PAIRS} WHERE __action IN ('UPDATE', 'DELETE')`,
      );
      await checkNewKeys(writer, connection, table, stage, tableKeys(table.schema), { leavingRelation: LEAVING });
      const [counted] = await connection.rows(`SELECT count(*)::INTEGER AS n FROM ${PAIRS}`);
      const returned = await readReturning(
        session,
        withoutAction(statement.returning),
        `(SELECT ${freshColumns(table.schema)}, __action AS merge_action FROM ${PAIRS})`,
        statement.alias,
        parameters,
      );
      const rows = await stage.rows();
      const deletes = await stagedDeletes(connection, LEAVING);
      await writer.commit(connection, { version: table, ...(rows.rowCount > 0 ? { rows } : {}), deletes });
      return { rowCount: Number(counted?.['n'] ?? 0), returned };
    } finally {
      await connection.run(`DROP TABLE IF EXISTS ${PAIRS}`);
      await connection.run(`DROP TABLE IF EXISTS ${LEAVING}`);
    }
  });
}

/** `*` stands for the table's columns: what was done with a row is asked for by name. */
function withoutAction(returning: Returning): Returning {
  if (returning === undefined) return undefined;
  const reader = new TokenReader(returning);
  return reader
    .listUntil(reader.end)
    .map((item) => (item === '*' ? '* EXCLUDE (merge_action)' : item))
    .join(', ');
}

/** Names of the source's columns, and the name that it goes by. */
interface Source {
  readonly sql: string;
  readonly alias: string;
  readonly columns: readonly string[];
}

async function readSource(
  session: Session,
  { ctes, source }: MergeStatement,
  parameters: Parameters | undefined,
): Promise<Source> {
  const named = nameOf(source);
  const sql = named === undefined ? `${source} AS __source` : source;
  const piece = pieceOf(`DESCRIBE ${ctes}SELECT * FROM ${sql}`, parameters);
  const rows = await session.connection.rows(piece.sql, piece.parameters);
  return { sql, alias: named ?? '__source', columns: rows.map((row) => String(row['column_name'])) };
}

/** The last name of a table reference, but for the columns behind it: `s`, `AS s`, `AS s(a, b)`, `range(5)`. */
function nameOf(source: string): string | undefined {
  const tokens = significant(tokenize(source));
  let at = tokens.length - 1;
  if (tokens[at]?.text === ')') {
    for (let depth = 0; at >= 0; at--) {
      if (tokens[at]?.text === ')') depth++;
      else if (tokens[at]?.text === '(' && --depth === 0) break;
    }
    at--;
  }
  const token = tokens[at];
  return token === undefined ? undefined : identifierValue(token);
}

/** By whether rows of the target alone count, then of the source alone. */
const JOINS: Readonly<Record<string, string>> = {
  'false,false': 'JOIN',
  'false,true': 'RIGHT JOIN',
  'true,false': 'LEFT JOIN',
  'true,true': 'FULL JOIN',
};

const MATCHES: Readonly<Record<MergeClause['on'], string>> = {
  both: '(__pos IS NOT NULL AND __present IS NOT NULL)',
  'source-only': '__pos IS NULL',
  'target-only': '__present IS NULL',
};

/** The pairs of a statement whose tables are prepared. */
export async function mergePairsSql(
  session: Session,
  table: TableVersion,
  scan: string,
  statement: MergeStatement,
  parameters: Parameters | undefined,
): Promise<string> {
  return pairsSql(table, scan, statement, await readSource(session, statement, parameters));
}

/** The pairs to do something with: `__action` is INSERT, UPDATE, DELETE or ERROR; the columns are the row afterwards, or the one that is deleted. */
function pairsSql(table: TableVersion, scan: string, statement: MergeStatement, source: Source): string {
  const target = quoteIdentifier(statement.alias);
  const clauses = statement.clauses.map((clause) => withPlainNames(table, statement.alias, source, clause));
  const { columns: using } = statement;
  const tests = clauses.map(({ on, condition }) =>
    condition === undefined ? MATCHES[on] : `${MATCHES[on]} AND (${condition})`,
  );
  const rows = clauses.map(({ action }) => rowAfter(table, target, action, source));
  const columns = table.schema.columns.map(
    ({ name, type }, at) =>
      `${choice(rows.map((row) => row?.[at] && `CAST(${row[at]} AS ${typeSql(type)})`))} AS ${quoteIdentifier(name)}`,
  );
  const fitting = `CASE ${tests.map((test, index) => `WHEN ${test} THEN ${index}`).join(' ')} END`;
  // The kernel lets no alias stand for an expression with a subquery or side effects; either needs parentheses.
  const isApart = clauses.some(({ condition = '' }) => condition.includes('('));
  const selected = [
    ...(isApart ? [] : [`${fitting} AS __clause`]),
    `${choice(clauses.map(({ action: { kind } }) => (kind === 'nothing' ? undefined : quoteLiteral(kind.toUpperCase()))))} AS __action`,
    `${choice(clauses.map(({ action }) => (action.kind === 'error' ? `CAST(${action.messageSql ?? 'NULL'} AS VARCHAR)` : undefined)))} AS __message`,
    `${target}.__file AS __file`,
    `${target}.__pos AS __pos`,
    ...columns,
  ];
  const has = (on: MergeClause['on']): boolean => clauses.some((clause) => clause.on === on);
  const join = JOINS[`${has('target-only')},${has('source-only')}`];
  const on = using === undefined ? `ON ${statement.condition}` : `USING (${using.map(quoteIdentifier).join(', ')})`;
  // The source says of each of its rows that it is there: in an outer join its own columns cannot.
  const from = `(${scan}) AS ${target} ${join} (${source.sql} CROSS JOIN (SELECT true AS __present) AS __mark) ${on}${isApart ? `, LATERAL (SELECT ${fitting}) AS __chosen(__clause)` : ''}`;
  return `${statement.ctes}SELECT * FROM (SELECT ${selected.join(', ')} FROM ${from}) WHERE __action IS NOT NULL`;
}

/** The value of the clause that fits a pair. */
function choice(values: readonly (string | undefined)[]): string {
  const branches = values.flatMap((value, index) => (value === undefined ? [] : `WHEN ${index} THEN ${value}`));
  return branches.length === 0 ? 'NULL' : `CASE __clause ${branches.join(' ')} END`;
}

/** An expression for each column of the table. */
function rowAfter(
  table: TableVersion,
  target: string,
  action: MergeAction,
  source: Source,
): readonly string[] | undefined {
  const { columns } = table.schema;
  switch (action.kind) {
    case 'nothing':
    case 'error':
      return undefined;
    case 'delete':
      return columns.map((column) => `${target}.${quoteIdentifier(column.name)}`);
    case 'update': {
      const { set } = action;
      return assignedValues(table, target, typeof set === 'string' ? fromSource(table, source, set) : set);
    }
    case 'insert': {
      const { values } = action;
      const overriding = typeof values === 'string' ? undefined : values.overriding;
      const given = typeof values === 'string' ? fromSource(table, source, values) : asAssignments(table, values);
      const byColumn = new Map(
        given.map(({ column: name, valueSql }) => {
          const column = requireColumn(table, name);
          if (valueSql !== undefined) {
            refuseGenerated(column);
            refuseIdentity(column, overriding);
          }
          return [column.id, valueSql] as const;
        }),
      );
      return columns.map((column) => byColumn.get(column.id) ?? column.defaultSql ?? 'NULL');
    }
  }
}

/** The source's columns as values of the table's. */
function fromSource(table: TableVersion, source: Source, how: 'by-name' | 'by-position'): Assignment[] {
  const valueOf = (name: string): string => `${quoteIdentifier(source.alias)}.${quoteIdentifier(name)}`;
  if (how === 'by-name') return source.columns.map((name) => ({ column: name, valueSql: valueOf(name) }));
  const columns = givenColumns(table.schema);
  if (columns.length !== source.columns.length) throw wrongCount(table, columns.length, source.columns.length);
  return columns.map((column, at) => ({ column: column.name, valueSql: valueOf(source.columns[at] ?? '') }));
}

function asAssignments(table: TableVersion, { columns, expressions }: MergeValues): Assignment[] {
  const names = columns ?? givenColumns(table.schema).map((column) => column.name);
  if (names.length !== expressions.length) throw wrongCount(table, names.length, expressions.length);
  return names.map((column, at) => {
    const sql = expressions[at] ?? '';
    return { column, valueSql: sql.toUpperCase() === 'DEFAULT' ? undefined : `(${sql})` };
  });
}

function wrongCount(table: TableVersion, expected: number, given: number): AlopexError {
  return new AlopexError(
    SqlState.syntaxError,
    `table "${table.name}" has ${expected} columns but ${given} values were supplied: their number does not match column count`,
  );
}

/** `THEN ERROR`, for the first pair that asks for it. */
async function refuseErrors(session: Session): Promise<void> {
  const [found] = await session.connection.rows(
    `SELECT __message AS message FROM ${PAIRS} WHERE __action = 'ERROR' LIMIT 1`,
  );
  if (found === undefined) return;
  throw new AlopexError('P0001', String(found['message'] ?? 'a row fits a clause of MERGE that says ERROR'), {
    hint: 'Nothing was changed.',
  });
}

async function refuseTwice(session: Session): Promise<void> {
  const [found] = await session.connection.rows(
    `SELECT 1 AS found FROM ${PAIRS} WHERE __action IN ('UPDATE', 'DELETE') GROUP BY __file, __pos HAVING count(*) > 1 LIMIT 1`,
  );
  if (found === undefined) return;
  throw new AlopexError('21000', 'MERGE would change a row twice: several rows of its source match it', {
    hint: 'Make the source give at most one row for each row of the table.',
  });
}
