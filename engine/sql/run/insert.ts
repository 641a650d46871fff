import type { TableWriter } from '../../writer.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection, Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { DataFile } from '../../table/data-file.ts';
import { makeReadable, type ReadableTable } from '../../table/readable.ts';
import { scanSql } from '../../table/scan.ts';
import { stagedDeletes, type StagedRows } from '../../table/staged.ts';
import type { Column, TableSchema } from '../../table/schema.ts';
import type { TableVersion } from '../../table/version.ts';
import type { Assignment, ConflictAction, InsertStatement } from '../parse/statement.ts';
import { TokenReader } from '../parse/token-reader.ts';
import { assignedColumns } from './assigned-values.ts';
import { givenColumns, givenList } from './generated.ts';
import { countAnew, refuseGivenIdentities } from './given-identity.ts';
import { pieceOf } from './parameters.ts';
import { checkNewKeys } from './new-keys.ts';
import { requireColumn } from './require-column.ts';
import { readReturning, type ChangedRows, type ReturnedRows } from './returning.ts';
import type { Session } from './session.ts';
import { Stage } from './stage.ts';
import {
  filesWithKeys,
  keepFirst,
  keyColumns,
  keyJoinSql,
  keyNames,
  resolveDuplicates,
  tableKeys,
  type TableKey,
} from './table-keys.ts';

/** Counts the rows added or updated. */
export async function runInsert(
  writer: TableWriter,
  session: Session,
  statement: InsertStatement,
  parameters?: Parameters,
): Promise<ChangedRows> {
  const table = writer.table(statement.table);
  const target = conflictTarget(table, statement);
  const scans = await session.prepare(writer.latest, readText(statement), parameters);
  writer.reads(scans.map((scan) => scan.table.tableId));
  await session.prepareTarget(writer.latest, table);
  if (table.schema.columns.some(({ identity }) => identity?.always === true)) {
    refuseGivenIdentities(table, statement, await givenNames(session.connection, table, statement, parameters));
  }
  const conflict = await withGivenColumns(session.connection, table, statement, parameters);
  return Stage.with(session.connection, stagedAs(table, conflict), async (stage) => {
    const count = await stage.run(
      `INSERT INTO ${stage.relation} ${statement.target} ${statement.ctes}${statement.source}`,
      parameters,
    );
    if (dependsOnStored(conflict)) writer.reads([table.tableId]);
    if (statement.overriding === 'user') await countAnew(table, stage);
    const rows = stage.asInserted(count);
    const alias = statement.alias ?? table.name;
    const read = (): Promise<ReturnedRows | undefined> =>
      readReturning(session, statement.returning, stage.relation, alias, parameters);
    return store(writer, session, table, { stage, rows, read }, conflict, target, alias, parameters);
  });
}

/** What an `OR REPLACE` leaves out may come from the stored row: of rows that replace none NOT NULL is checked later. */
function stagedAs({ name, schema }: TableVersion, conflict: ConflictAction): Pick<TableVersion, 'name' | 'schema'> {
  const open = new Set(leftOut(schema, conflict));
  const columns = schema.columns.map((column) => (open.has(column) ? { ...column, required: false } : column));
  return { name, schema: { ...schema, columns } };
}

/** Columns that are NOT NULL and get no value in rows that replace none. */
function leftOut({ columns }: TableSchema, conflict: ConflictAction): Column[] {
  if (conflict.kind !== 'replace' || conflict.given === undefined) return [];
  const given = new Set(conflict.given.map((name) => name.toLowerCase()));
  return columns.filter(
    ({ name, required, defaultSql, generatedSql }) =>
      required && defaultSql === undefined && generatedSql === undefined && !given.has(name.toLowerCase()),
  );
}

async function refuseNulls(
  connection: KernelConnection,
  table: TableVersion,
  stage: Stage,
  columns: readonly Column[],
): Promise<void> {
  for (const { name } of columns) {
    const [found] = await connection.rows(
      `SELECT 1 AS found FROM ${stage.relation} WHERE ${quoteIdentifier(name)} IS NULL LIMIT 1`,
    );
    if (found === undefined) continue;
    throw new AlopexError(SqlState.notNullViolation, `NOT NULL constraint failed: ${table.name}.${name}`, {
      hint: 'A row replaces none, and has no value for the column; nothing of the statement was stored.',
    });
  }
}

/** The parts of a statement that can read tables: rows that are written out need no table made readable. */
function readText({ ctes, source, conflict, returning = '' }: InsertStatement): string {
  if (conflict.kind !== 'update') return [ctes, source, returning].join(' ');
  const set = conflict.set.map((assignment) => assignment.valueSql ?? '');
  return [ctes, source, ...set, conflict.where ?? '', returning].join(' ');
}

/** Tells an `OR REPLACE` which columns it replaces, when the statement does not give all of them. */
async function withGivenColumns(
  connection: KernelConnection,
  table: TableVersion,
  statement: InsertStatement,
  parameters: Parameters | undefined,
): Promise<ConflictAction> {
  const { conflict, target } = statement;
  if (conflict.kind !== 'replace' || target === '') return conflict;
  const given = await givenNames(connection, table, statement, parameters);
  const ids = new Set(given.map((name) => requireColumn(table, name).id));
  return ids.size === givenColumns(table.schema).length ? conflict : { kind: 'replace', given };
}

/** Whether stored rows decide what is added, or how: rows that just give way need not be read. */
function dependsOnStored(conflict: ConflictAction): boolean {
  if (conflict.kind === 'replace') return conflict.given !== undefined;
  return conflict.kind !== 'error';
}

/** The columns that the source gives values to, in its order. */
async function givenNames(
  connection: KernelConnection,
  { schema }: TableVersion,
  statement: InsertStatement,
  parameters: Parameters | undefined,
): Promise<readonly string[]> {
  const { target } = statement;
  if (target === '') return givenColumns(schema).map(({ name }) => name);
  return target === 'BY NAME' ? sourceColumns(connection, statement, parameters) : listedColumns(target);
}

function listedColumns(target: string): string[] {
  const list = new TokenReader(new TokenReader(target).group());
  const names: string[] = [];
  do names.push(list.identifier('a column name'));
  while (list.acceptSymbol(','));
  return names;
}

async function sourceColumns(
  connection: KernelConnection,
  statement: InsertStatement,
  parameters: Parameters | undefined,
): Promise<string[]> {
  const piece = pieceOf(`DESCRIBE ${statement.ctes}${statement.source}`, parameters);
  const rows = await connection.rows(piece.sql, piece.parameters);
  return rows.map((row) => String(row['column_name']));
}

/** Adds the rows of a stage that was filled by one INSERT, of so many rows. Returns how many there are. */
export async function addStaged(
  writer: TableWriter,
  session: Session,
  table: TableVersion,
  stage: Stage,
  count: number,
): Promise<number> {
  const rows = stage.asInserted(count);
  const read = (): Promise<undefined> => Promise.resolve(undefined);
  const added = await store(
    writer,
    session,
    table,
    { stage, rows, read },
    { kind: 'error' },
    [],
    table.name,
    undefined,
  );
  return added.rowCount;
}

/** The keys whose conflicts the statement deals with: one that it names, or all; one alone where stored rows are changed. Throws `42P10` when there is none. */
function conflictTarget({ name, schema }: TableVersion, statement: InsertStatement): readonly TableKey[] {
  const { conflict, conflictColumns: named } = statement;
  if (conflict.kind === 'error') return [];
  const keys = tableKeys(schema);
  if (keys.length === 0) {
    throw new AlopexError(
      '42P10',
      `table "${name}" has no primary key or UNIQUE constraint that rows could conflict with`,
      {
        hint: 'Use a plain INSERT, or create the table with a PRIMARY KEY.',
      },
    );
  }
  const list = keys.map(keyNames).join(', ');
  if (named === undefined) {
    if (conflict.kind === 'nothing' || keys.length === 1) return keys;
    throw new AlopexError('42P10', `table "${name}" has several keys: the statement must name one of them`, {
      hint: `Write ON CONFLICT with one of ${list}.`,
    });
  }
  const wanted = new Set(named);
  const found = keys.find(
    ({ columns }) => columns.length === wanted.size && columns.every((column) => wanted.has(column.name.toLowerCase())),
  );
  if (found !== undefined) return [found];
  throw new AlopexError('42P10', `ON CONFLICT (${named.join(', ')}) names no key of table "${name}"`, {
    hint: `Its keys are ${list}.`,
  });
}

/** Checks staged rows against the keys in every tier, resolves conflicts, and commits. `target` are the keys whose conflicts are to be resolved. */
async function store(
  writer: TableWriter,
  session: Session,
  table: TableVersion,
  { stage, rows: inserted, read }: InsertedRows,
  conflict: ConflictAction,
  target: readonly TableKey[],
  alias: string,
  parameters: Parameters | undefined,
): Promise<ChangedRows> {
  const { connection } = session;
  const isSingle = inserted.rowCount === 1;
  if (conflict.kind === 'error') {
    await checkNewKeys(writer, connection, table, stage, tableKeys(table.schema), { isSingle });
    const returned = await read();
    await writer.commit(connection, { version: table, rows: inserted });
    return { rowCount: inserted.rowCount, returned };
  }
  const deletes = 'temp.main.__alopex_deletes';
  try {
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${deletes} (__file INTEGER, __pos BIGINT)`);
    if (conflict.kind === 'nothing') {
      for (const key of target) await dropConflicting(writer, connection, table, stage, key);
      if (!isSingle) await keepFirst(connection, stage, target);
    } else {
      for (const key of target)
        await changeConflicting(writer, session, table, stage, conflict, { key, isSingle, alias, deletes, parameters });
    }
    await refuseNulls(connection, table, stage, leftOut(table.schema, conflict));
    const changed = tableKeys(table.schema).filter(
      (key) => !target.some((each) => sameKey(each, key)) || setsKey(conflict, key),
    );
    await checkNewKeys(writer, connection, table, stage, changed, { leavingRelation: deletes, isSingle });
    const rows = await stage.rows();
    const returned = await read();
    await writer.commit(connection, { version: table, rows, deletes: await stagedDeletes(connection, deletes) });
    return { rowCount: rows.rowCount, returned };
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${deletes}`);
  }
}

/** Whether rows that are updated may get another key. */
function setsKey(conflict: ConflictAction, { columns }: TableKey): boolean {
  if (conflict.kind !== 'update') return false;
  const isOther = ({ column, valueSql = '' }: Assignment): boolean =>
    ![`excluded.${column}`, `excluded.${quoteIdentifier(column)}`].some(
      (same) => same.toLowerCase() === valueSql.trim().toLowerCase(),
    );
  const names = new Set(conflict.set.filter(isOther).map(({ column }) => column.toLowerCase()));
  return columns.some(({ name }) => names.has(name.toLowerCase()));
}

function sameKey(a: TableKey, b: TableKey): boolean {
  return keyNames(a) === keyNames(b);
}

async function dropConflicting(
  writer: TableWriter,
  connection: KernelConnection,
  table: TableVersion,
  stage: Stage,
  key: TableKey,
): Promise<void> {
  const files = await filesWithKeys(connection, table, stage, key);
  const readable = await makeReadable(writer.context, table, files);
  const clashes = keyJoinSql(readable, stage, key, files);
  await stage.run(`DELETE FROM ${stage.relation} WHERE rowid IN (SELECT s.rowid FROM ${clashes})`);
}

/** Leaves in the stage what is to be added, and in `deletes` the positions of the rows that give way to it. */
async function changeConflicting(
  writer: TableWriter,
  session: Session,
  table: TableVersion,
  stage: Stage,
  conflict: ConflictAction & { kind: 'replace' | 'update' },
  names: Omit<ConflictNames, 'files' | 'clashes'>,
): Promise<void> {
  const { connection } = session;
  const { key, isSingle, deletes } = names;
  // Which of the rows that share a key an update should take nobody has said: PostgreSQL refuses it too.
  if (!isSingle) {
    await resolveDuplicates(connection, table, stage, key, conflict.kind === 'update' ? 'error-twice' : 'keep-last');
  }
  const files = await filesWithKeys(connection, table, stage, key);
  const readable = await makeReadable(writer.context, table, files);
  const clashes = keyJoinSql(readable, stage, key, files);
  if (conflict.kind === 'update') {
    await updateConflicts(session, readable, stage, conflict, { ...names, files, clashes });
  } else if (conflict.given === undefined) {
    await connection.run(`INSERT INTO ${deletes} SELECT t.__file, t.__pos FROM ${clashes}`);
  } else {
    const set = replacements(table, key, conflict.given);
    await updateConflicts(session, readable, stage, { set, where: undefined }, { ...names, files, clashes });
  }
}

interface InsertedRows {
  readonly stage: Stage;
  readonly rows: StagedRows;
  /** Reads what RETURNING asks for, once the stage holds what is to be added. */
  readonly read: () => Promise<ReturnedRows | undefined>;
}

interface ConflictNames {
  readonly key: TableKey;
  /** Whether one row at most is staged. */
  readonly isSingle: boolean;
  /** What the statement calls the table. */
  readonly alias: string;
  /** Files that may hold a staged key. */
  readonly files: readonly DataFile[];
  /** SQL that pairs staged rows with stored ones. */
  readonly clashes: string;
  /** Temporary table for the positions of rows that give way. */
  readonly deletes: string;
  readonly parameters: Parameters | undefined;
}

/** What `OR REPLACE` with these columns sets in a stored row: each to the staged value, but for the key, which is the same. */
function replacements(table: TableVersion, key: TableKey, given: readonly string[]): Assignment[] {
  const keys = new Set(key.columns.map((column) => column.name));
  return given
    .map((name) => requireColumn(table, name).name)
    .filter((name) => !keys.has(name))
    .map((name) => ({ column: name, valueSql: `excluded.${quoteIdentifier(name)}` }));
}

/** `DO UPDATE`: the stored row is the target of the assignments, and `excluded` is the staged one, as a struct, so that plain names mean the stored row. */
async function updateConflicts(
  session: Session,
  table: ReadableTable,
  stage: Stage,
  conflict: Omit<ConflictAction & { kind: 'update' }, 'kind'>,
  names: ConflictNames,
): Promise<void> {
  const { connection } = session;
  const target = quoteIdentifier(names.alias);
  const updated = 'temp.main.__alopex_updated';
  const values = assignedColumns(table, target, conflict.set).join(', ');
  const on = keyColumns(names.key)
    .map((key) => `${target}.${key} = __new.excluded.${key}`)
    .join(' AND ');
  const where = conflict.where === undefined ? '' : ` WHERE ${conflict.where}`;
  const scan = scanSql(table, { files: names.files, positions: true });
  const columns = givenList(table.schema);
  try {
    await stage.run(
      `CREATE OR REPLACE TEMP TABLE ${updated} AS SELECT ${target}.__file AS __file, ${target}.__pos AS __pos, ${values} FROM (${scan}) AS ${target} JOIN (SELECT __staged AS excluded FROM ${stage.relation} AS __staged) AS __new ON ${on}${where}`,
      names.parameters,
    );
    await stage.run(`DELETE FROM ${stage.relation} WHERE rowid IN (SELECT s.rowid FROM ${names.clashes})`);
    await stage.run(`INSERT INTO ${stage.relation} (${columns}) SELECT ${columns} FROM ${updated}`);
    await connection.run(`INSERT INTO ${names.deletes} SELECT __file, __pos FROM ${updated}`);
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${updated}`);
  }
}
