import type { TableWriter } from '../../writer.ts';
import type { KernelConnection, Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import { scanSql } from '../../table/scan.ts';
import { stagedDeletes } from '../../table/staged.ts';
import { admitFiles } from '../../table/table-files.ts';
import type { TableVersion } from '../../table/version.ts';
import type { DeleteStatement, UpdateStatement } from '../parse/statement.ts';
import { assignedColumns } from './insert.ts';
import { filesWithKeys, keyJoinSql, primaryKeyColumns, refuseExisting, resolveDuplicates } from './primary-key.ts';
import { pieceOf } from './parameters.ts';
import type { Session } from './session.ts';
import { Stage } from './stage.ts';

const FOUND = 'temp.main.__alopex_found';

/** An update deletes the old rows where they are and adds the new ones. Returns the number of rows. */
export async function runUpdate(
  writer: TableWriter,
  session: Session,
  statement: UpdateStatement,
  text: string,
  parameters?: Parameters,
): Promise<number> {
  const { connection } = session;
  const table = writer.table(statement.table);
  const target = quoteIdentifier(statement.alias);
  const values = assignedColumns(table, target, statement.set);
  const source = await targetRows(writer, session, table, statement, statement.from, text, parameters);
  return Stage.with(connection, table, async (stage) => {
    try {
      await stage.run(`CREATE OR REPLACE TEMP TABLE ${FOUND} AS ${source(values)}`, parameters);
      const columns = table.schema.columns.map((column) => quoteIdentifier(column.name)).join(', ');
      await stage.run(`INSERT INTO ${stage.relation} (${columns}) SELECT ${columns} FROM ${FOUND}`);
      if (changesKey(table, statement)) await checkNewKeys(writer, connection, table, stage);
      const rows = await stage.rows();
      await writer.commit(connection, { version: table, rows, deletes: await stagedDeletes(connection, FOUND) });
      return rows.rowCount;
    } finally {
      await connection.run(`DROP TABLE IF EXISTS ${FOUND}`);
    }
  });
}

export async function runDelete(
  writer: TableWriter,
  session: Session,
  statement: DeleteStatement,
  text: string,
  parameters?: Parameters,
): Promise<number> {
  const { connection } = session;
  const table = writer.table(statement.table);
  const source = await targetRows(writer, session, table, statement, statement.using, text, parameters);
  try {
    const found = pieceOf(`CREATE OR REPLACE TEMP TABLE ${FOUND} AS ${source([])}`, parameters);
    await connection.run(found.sql, found.parameters);
    const deletes = await stagedDeletes(connection, FOUND);
    await writer.commit(connection, { version: table, deletes });
    return [...deletes.countByFile.values()].reduce((sum, count) => sum + count, 0);
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${FOUND}`);
  }
}

/** A query over the rows that a statement changes: their positions, and expressions over them. Each row comes once, however many others it is joined with. */
async function targetRows(
  writer: TableWriter,
  session: Session,
  table: TableVersion,
  statement: Pick<UpdateStatement, 'alias' | 'ctes' | 'where'>,
  others: string,
  text: string,
  parameters: Parameters | undefined,
): Promise<(values: readonly string[]) => string> {
  const scans = await session.prepare(writer.latest, text, parameters);
  writer.reads([table.tableId, ...scans.map((scan) => scan.table.tableId)]);
  const files = scans.find((scan) => scan.table.tableId === table.tableId)?.files ?? table.files;
  await admitFiles(writer.context, table, files);
  const target = quoteIdentifier(statement.alias);
  const positions = [`${target}.__file AS __file`, `${target}.__pos AS __pos`];
  const once = others === '' ? '' : `DISTINCT ON (${target}.__file, ${target}.__pos) `;
  const from = `(${scanSql(table, { files, positions: true })}) AS ${target}${others === '' ? '' : `, ${others}`}`;
  const where = statement.where === '' ? '' : ` WHERE ${statement.where}`;
  return (values) => `${statement.ctes}SELECT ${once}${[...positions, ...values].join(', ')} FROM ${from}${where}`;
}

function changesKey(table: TableVersion, statement: UpdateStatement): boolean {
  const keys = primaryKeyColumns(table).map((column) => column.name.toLowerCase());
  return statement.set.some((assignment) => keys.includes(assignment.column.toLowerCase()));
}

/** New keys must differ from each other, and from those of rows that stay. */
async function checkNewKeys(
  writer: TableWriter,
  connection: KernelConnection,
  table: TableVersion,
  stage: Stage,
): Promise<void> {
  await resolveDuplicates(connection, table, stage, 'error');
  const files = await filesWithKeys(connection, table, stage);
  await admitFiles(writer.context, table, files);
  const leaving = `ANTI JOIN ${FOUND} AS f ON t.__file = f.__file AND t.__pos = f.__pos`;
  await refuseExisting(connection, table, `${keyJoinSql(table, stage, files)} ${leaving}`);
}
