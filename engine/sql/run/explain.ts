import { tableFromArrays } from 'apache-arrow';
import { AlopexError, SqlState } from '../../errors.ts';
import type { Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import { makeReadable } from '../../table/readable.ts';
import { scanSql } from '../../table/scan.ts';
import type { DatabaseVersion } from '../../table/version.ts';
import type { TableWriter } from '../../writer.ts';
import { parseStatement } from '../parse/parse-statement.ts';
import type {
  DeleteStatement,
  ExplainStatement,
  InsertStatement,
  MergeStatement,
  Statement,
  UpdateStatement,
} from '../parse/statement.ts';
import { formatScanReports, scanReport, type ScanReport, type TableScan } from '../plan/scan-report.ts';
import { assignedColumns } from './assigned-values.ts';
import { mergePairsSql } from './merge.ts';
import { pieceOf } from './parameters.ts';
import type { StatementResult } from './result.ts';
import type { Session } from './session.ts';
import { Stage } from './stage.ts';
import { targetRows } from './update.ts';

export type ExplainedChange = InsertStatement | UpdateStatement | DeleteStatement | MergeStatement;

/** The query whose plan is shown, or the statement that changes rows. */
export function explainedStatement({ analyze, text }: ExplainStatement): string | ExplainedChange {
  const statement: Statement = parseStatement(text);
  if (statement.kind === 'query') return text;
  if (statement.kind === 'create-table' && statement.query !== undefined) return statement.query;
  if (!isChange(statement)) {
    throw new AlopexError(SqlState.featureNotSupported, 'EXPLAIN explains queries and statements that change rows', {
      hint: 'docs/sql.md says what it takes.',
    });
  }
  if (!analyze) return statement;
  throw new AlopexError(SqlState.featureNotSupported, 'EXPLAIN ANALYZE runs queries only', {
    hint: 'EXPLAIN without ANALYZE shows how the rows to change are found.',
  });
}

function isChange(statement: Statement): statement is ExplainedChange {
  return ['insert', 'update', 'delete', 'merge'].includes(statement.kind);
}

/** The plan of a query, with the tier section in front. */
export async function explainQuery(
  session: Session,
  version: DatabaseVersion,
  query: string,
  statement: ExplainStatement,
  parameters: Parameters | undefined,
): Promise<{ readonly result: StatementResult; readonly scans: readonly TableScan[] }> {
  const { sql, scans, explain, parameters: used } = await session.prepareQuery(version, query, parameters);
  try {
    return { result: await explained(session, sql, scans, statement, used), scans };
  } catch (error) {
    throw explain(error);
  }
}

/** The plan by which the rows to add or to change are found. Nothing is changed. */
export async function explainChange(
  writer: TableWriter,
  session: Session,
  change: ExplainedChange,
  statement: ExplainStatement,
  parameters: Parameters | undefined,
): Promise<StatementResult> {
  const table = writer.table(change.table);
  const text = change.kind === 'insert' ? change.ctes + change.source : statement.text;
  const scans = await session.prepare(writer.latest, text, parameters);
  await session.prepareTarget(writer.latest, table);
  if (change.kind === 'insert') {
    return Stage.with(session.connection, table, (stage) => {
      const sql = `INSERT INTO ${stage.relation} ${change.target} ${change.ctes}${change.source}`;
      return explained(session, sql, scans, statement, parameters);
    });
  }
  if (change.kind === 'merge') {
    const readable = await makeReadable(writer.context, table, table.files);
    const scan = scanSql(readable, { positions: true });
    const sql = await mergePairsSql(session, table, scan, change, parameters);
    return explained(session, sql, scans, statement, parameters);
  }
  const target = quoteIdentifier(change.alias);
  const [others, values] =
    change.kind === 'update' ? [change.from, assignedColumns(table, target, change.set)] : [change.using, []];
  const source = await targetRows(writer, session, table, change, others, text, parameters);
  return explained(session, source(values), scans, statement, parameters);
}

async function explained(
  session: Session,
  sql: string,
  scans: readonly TableScan[],
  { analyze, format }: ExplainStatement,
  parameters: Parameters | undefined,
): Promise<StatementResult> {
  const options = [...(analyze ? ['ANALYZE'] : []), ...(format === 'text' ? [] : [`FORMAT ${format}`])];
  const prefix = options.length === 0 ? '' : `(${options.join(', ')}) `;
  const piece = pieceOf(`EXPLAIN ${prefix}${sql}`, parameters);
  const plans = await session.connection.rows(piece.sql, piece.parameters);
  const reports = scans.map(scanReport);
  const values = plans.map((plan, at) => {
    const value = String(plan['explain_value']);
    return at === 0 ? withTiers(value, format, reports) : value;
  });
  const table = tableFromArrays({
    explain_key: plans.map((plan) => String(plan['explain_key'])),
    explain_value: values,
  });
  const batches = async function* (): AsyncGenerator<(typeof table.batches)[number]> {
    for (const batch of table.batches) yield await Promise.resolve(batch);
  };
  return { kind: 'rows', command: 'EXPLAIN', schema: table.schema, batches: batches(), scans: reports };
}

/** In front of a plan in text; beside one in JSON. Pictures are left as they are. */
function withTiers(plan: string, format: string, reports: readonly ScanReport[]): string {
  if (format === 'json') return JSON.stringify({ tiers: reports, plan: JSON.parse(plan) as unknown }, undefined, 2);
  return format === 'text' || format === 'default' ? `${formatScanReports(reports)}\n\n${plan}` : plan;
}
