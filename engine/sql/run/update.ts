import type { TableWriter } from '../../writer.ts';
import type { Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import { makeReadable } from '../../table/readable.ts';
import { scanSql } from '../../table/scan.ts';
import { deleteCount, stagedDeletes } from '../../table/staged.ts';
import type { TableVersion } from '../../table/version.ts';
import type { DeleteStatement, UpdateStatement } from '../parse/statement.ts';
import { assignedColumns } from './assigned-values.ts';
import { givenList } from './generated.ts';
import { checkNewKeys } from './new-keys.ts';
import { tableKeys, type TableKey } from './table-keys.ts';
import { pieceOf } from './parameters.ts';
import { readReturning, type ChangedRows } from './returning.ts';
import type { Session } from './session.ts';
import { Stage } from './stage.ts';

const FOUND = 'temp.main.__alopex_found';

/** An update deletes the old rows where they are and adds the new ones. */
export async function runUpdate(
  writer: TableWriter,
  session: Session,
  statement: UpdateStatement,
  text: string,
  parameters?: Parameters,
): Promise<ChangedRows> {
  const { connection } = session;
  const table = writer.table(statement.table);
  const target = quoteIdentifier(statement.alias);
  const values = assignedColumns(table, target, statement.set);
  const source = await targetRows(writer, session, table, statement, statement.from, text, parameters);
  await session.prepareTarget(writer.latest, table);
  return Stage.with(connection, table, async (stage) => {
    try {
      await stage.run(`CREATE OR REPLACE TEMP TABLE ${FOUND} AS ${source(values)}`, parameters);
      const columns = givenList(table.schema);
      await stage.run(`INSERT INTO ${stage.relation} (${columns}) SELECT ${columns} FROM ${FOUND}`);
      await checkNewKeys(writer, connection, table, stage, changedKeys(table, statement), { leavingRelation: FOUND });
      const rows = await stage.rows();
      const { returning, alias } = statement;
      const returned = await readReturning(session, returning, stage.relation, alias, parameters);
      await writer.commit(connection, { version: table, rows, deletes: await stagedDeletes(connection, FOUND) });
      return { rowCount: rows.rowCount, returned };
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
): Promise<ChangedRows> {
  const { connection } = session;
  const table = writer.table(statement.table);
  const source = await targetRows(writer, session, table, statement, statement.using, text, parameters);
  const { returning, alias } = statement;
  const columns = returning === undefined ? [] : table.schema.columns.map((column) => quoteIdentifier(column.name));
  const values = columns.map((name) => `${quoteIdentifier(alias)}.${name} AS ${name}`);
  try {
    const found = pieceOf(`CREATE OR REPLACE TEMP TABLE ${FOUND} AS ${source(values)}`, parameters);
    await connection.run(found.sql, found.parameters);
    const deletes = await stagedDeletes(connection, FOUND);
    const returned = await readReturning(
      session,
      returning,
      `(SELECT ${columns.join(', ')} FROM ${FOUND})`,
      alias,
      parameters,
    );
    await writer.commit(connection, { version: table, deletes });
    return { rowCount: deleteCount(deletes), returned };
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${FOUND}`);
  }
}

/** A query over the rows that a statement changes: their positions, and expressions over them. Each row comes once, however many others it is joined with. */
export async function targetRows(
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
  const readable = await makeReadable(writer.context, table, files);
  const target = quoteIdentifier(statement.alias);
  const positions = [`${target}.__file AS __file`, `${target}.__pos AS __pos`];
  const once = others === '' ? '' : `DISTINCT ON (${target}.__file, ${target}.__pos) `;
  // The other tables come first: what stands behind could name columns of the target within a subquery, which is no lateral join.
  const from = `${others === '' ? '' : `${others}, `}(${scanSql(readable, { files, positions: true })}) AS ${target}`;
  const where = statement.where === '' ? '' : ` WHERE ${statement.where}`;
  return (values) => `${statement.ctes}SELECT ${once}${[...positions, ...values].join(', ')} FROM ${from}${where}`;
}

function changedKeys({ schema }: TableVersion, { set }: UpdateStatement): TableKey[] {
  const names = new Set(set.map((assignment) => assignment.column.toLowerCase()));
  return tableKeys(schema).filter(({ columns }) => columns.some((column) => names.has(column.name.toLowerCase())));
}
