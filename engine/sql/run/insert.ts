import type { TableWriter } from '../../writer.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection, Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { DataFile } from '../../table/data-file.ts';
import { scanSql } from '../../table/scan.ts';
import { admitFiles } from '../../table/table-files.ts';
import { stagedDeletes, type StagedRows } from '../../table/staged.ts';
import type { TableVersion } from '../../table/version.ts';
import type { Assignment, ConflictAction, CopyFromStatement, InsertStatement } from '../parse/statement.ts';
import { TokenReader } from '../parse/token-reader.ts';
import { pieceOf } from './parameters.ts';
import {
  filesWithKeys,
  keyJoinSql,
  primaryKeyColumns,
  refuseExisting,
  resolveDuplicates,
  type DuplicateRule,
} from './primary-key.ts';
import { requireColumn } from './require-column.ts';
import type { Session } from './session.ts';
import { Stage } from './stage.ts';

/** Returns the number of rows added or updated. */
export async function runInsert(
  writer: TableWriter,
  session: Session,
  statement: InsertStatement,
  parameters?: Parameters,
): Promise<number> {
  const table = writer.table(statement.table);
  checkConflictTarget(table, statement);
  const scans = await session.prepare(writer.latest, readText(statement), parameters);
  writer.reads(scans.map((scan) => scan.table.tableId));
  return Stage.with(session.connection, table, async (stage) => {
    const count = await stage.run(
      `INSERT INTO ${stage.relation} ${statement.target} ${statement.ctes}${statement.source}`,
      parameters,
    );
    const conflict = await withGivenColumns(session.connection, table, statement, parameters);
    if (dependsOnStored(conflict)) writer.reads([table.tableId]);
    const rows = stage.asInserted(count);
    return store(writer, session, table, { stage, rows }, conflict, statement.alias ?? table.name, parameters);
  });
}

/** The parts of a statement that can read tables: rows that are written out need no table made readable. */
function readText({ ctes, source, conflict }: InsertStatement): string {
  if (conflict.kind !== 'update') return `${ctes} ${source}`;
  const set = conflict.set.map((assignment) => assignment.valueSql ?? '');
  return [ctes, source, ...set, conflict.where ?? ''].join(' ');
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
  const given = target === 'BY NAME' ? await sourceColumns(connection, statement, parameters) : listedColumns(target);
  const ids = new Set(given.map((name) => requireColumn(table, name).id));
  return ids.size === table.schema.columns.length ? conflict : { kind: 'replace', given };
}

/** Whether stored rows decide what is added, or how: rows that just give way need not be read. */
function dependsOnStored(conflict: ConflictAction): boolean {
  if (conflict.kind === 'replace') return conflict.given !== undefined;
  return conflict.kind !== 'error';
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

/** `COPY … FROM`: the kernel reads the file into the stage, with all of its options. */
export async function runCopyFrom(
  writer: TableWriter,
  session: Session,
  statement: CopyFromStatement,
  parameters?: Parameters,
): Promise<number> {
  const table = writer.table(statement.table);
  return Stage.with(session.connection, table, async (stage) => {
    let count: number;
    try {
      count = await stage.run(`COPY ${stage.relation} ${statement.rest}`, parameters);
    } catch (error) {
      throw error instanceof AlopexError ? copyError(error, statement.rest) : error;
    }
    const rows = stage.asInserted(count);
    return store(writer, session, table, { stage, rows }, { kind: 'error' }, table.name, undefined);
  });
}

/** Names the file, and takes what the kernel cannot put a name to for what it is here: a file that cannot be read. */
function copyError(error: AlopexError, rest: string): AlopexError {
  const source = /\bFROM\s+'((?:[^']|'')*)'/i.exec(rest)?.[1]?.replaceAll("''", "'");
  const isNamed = source === undefined || error.message.includes(source);
  const isUnreadable = error.code === SqlState.internalError || error.message.startsWith('Failed to read file');
  const hint = 'Check the file and the options of COPY; nothing was loaded.';
  return new AlopexError(
    isUnreadable ? SqlState.badCopyFile : error.code,
    isNamed ? error.message : `COPY from ${source}: ${error.message}`,
    { hint: isUnreadable ? hint : (error.hint ?? hint), cause: error.cause },
  );
}

function checkConflictTarget(table: TableVersion, statement: InsertStatement): void {
  if (statement.conflict.kind === 'error') return;
  const keys = primaryKeyColumns(table).map((column) => column.name.toLowerCase());
  if (keys.length === 0) {
    throw new AlopexError('42P10', `table "${table.name}" has no primary key that rows could conflict with`, {
      hint: 'Use a plain INSERT, or create the table with a PRIMARY KEY.',
    });
  }
  const named = statement.conflictColumns;
  if (named === undefined || (named.length === keys.length && keys.every((key) => named.includes(key)))) return;
  throw new AlopexError('42P10', `ON CONFLICT (${named.join(', ')}) does not name the primary key of "${table.name}"`, {
    hint: `Its primary key is (${keys.join(', ')}).`,
  });
}

const DUPLICATE_RULES: Readonly<Record<ConflictAction['kind'], DuplicateRule>> = {
  error: 'error',
  replace: 'keep-last',
  nothing: 'keep-first',
  update: 'error-twice',
};

/** Checks staged rows against the primary key in every tier, resolves conflicts, and commits. */
async function store(
  writer: TableWriter,
  session: Session,
  table: TableVersion,
  { stage, rows: inserted }: { stage: Stage; rows: StagedRows },
  conflict: ConflictAction,
  alias: string,
  parameters: Parameters | undefined,
): Promise<number> {
  const { connection } = session;
  if (table.schema.primaryKey.length === 0) {
    await writer.commit(connection, { version: table, rows: inserted });
    return inserted.rowCount;
  }
  if (inserted.rowCount > 1) await resolveDuplicates(connection, table, stage, DUPLICATE_RULES[conflict.kind]);
  const files = await filesWithKeys(connection, table, stage);
  await admitFiles(writer.context, table, files);
  const clashes = keyJoinSql(table, stage, files);
  if (conflict.kind === 'error') {
    await refuseExisting(connection, table, clashes);
    await writer.commit(connection, { version: table, rows: inserted });
    return inserted.rowCount;
  }
  const deletes = 'temp.main.__alopex_deletes';
  try {
    await resolveConflicts(session, table, stage, conflict, { alias, files, clashes, deletes, parameters });
    const rows = await stage.rows();
    await writer.commit(connection, { version: table, rows, deletes: await stagedDeletes(connection, deletes) });
    return rows.rowCount;
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${deletes}`);
  }
}

interface ConflictNames {
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

/** Leaves in the stage what is to be added, and in `deletes` the positions of the rows that give way to it. */
async function resolveConflicts(
  session: Session,
  table: TableVersion,
  stage: Stage,
  conflict: Exclude<ConflictAction, { kind: 'error' }>,
  names: ConflictNames,
): Promise<void> {
  const { connection } = session;
  const { clashes, deletes } = names;
  if (conflict.kind === 'update') {
    await updateConflicts(session, table, stage, conflict, names);
    return;
  }
  if (conflict.kind === 'replace' && conflict.given !== undefined) {
    await updateConflicts(session, table, stage, { set: replacements(table, conflict.given), where: undefined }, names);
    return;
  }
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${deletes} AS SELECT t.__file AS __file, t.__pos AS __pos FROM ${clashes}${conflict.kind === 'replace' ? '' : ' WHERE false'}`,
  );
  if (conflict.kind === 'nothing') {
    await stage.run(`DELETE FROM ${stage.relation} WHERE rowid IN (SELECT s.rowid FROM ${clashes})`);
  }
}

/** What `OR REPLACE` with these columns sets in a stored row: each to the staged value, but for the key, which is the same. */
function replacements(table: TableVersion, given: readonly string[]): Assignment[] {
  const keys = new Set(primaryKeyColumns(table).map((column) => column.name));
  return given
    .map((name) => requireColumn(table, name).name)
    .filter((name) => !keys.has(name))
    .map((name) => ({ column: name, valueSql: `excluded.${quoteIdentifier(name)}` }));
}

/** `DO UPDATE`: the stored row is the target of the assignments, and `excluded` is the staged one, as a struct, so that plain names mean the stored row. */
async function updateConflicts(
  session: Session,
  table: TableVersion,
  stage: Stage,
  conflict: Omit<ConflictAction & { kind: 'update' }, 'kind'>,
  names: ConflictNames,
): Promise<void> {
  const { connection } = session;
  const target = quoteIdentifier(names.alias);
  const updated = 'temp.main.__alopex_updated';
  const values = assignedColumns(table, target, conflict.set).join(', ');
  const on = primaryKeyColumns(table)
    .map((column) => quoteIdentifier(column.name))
    .map((key) => `${target}.${key} = __new.excluded.${key}`)
    .join(' AND ');
  const where = conflict.where === undefined ? '' : ` WHERE ${conflict.where}`;
  const scan = scanSql(table, { files: names.files, positions: true });
  const columns = table.schema.columns.map((column) => quoteIdentifier(column.name)).join(', ');
  try {
    await stage.run(
      `CREATE OR REPLACE TEMP TABLE ${updated} AS SELECT ${target}.__file AS __file, ${target}.__pos AS __pos, ${values} FROM (${scan}) AS ${target} JOIN (SELECT __staged AS excluded FROM ${stage.relation} AS __staged) AS __new ON ${on}${where}`,
      names.parameters,
    );
    await stage.run(`DELETE FROM ${stage.relation} WHERE rowid IN (SELECT s.rowid FROM ${names.clashes})`);
    await stage.run(`INSERT INTO ${stage.relation} (${columns}) SELECT ${columns} FROM ${updated}`);
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${names.deletes} AS SELECT __file, __pos FROM ${updated}`);
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${updated}`);
  }
  refuseKeyChange(table, conflict.set);
}

function refuseKeyChange(table: TableVersion, set: readonly Assignment[]): void {
  const key = primaryKeyColumns(table).find((column) =>
    set.some((assignment) => assignment.column.toLowerCase() === column.name.toLowerCase()),
  );
  if (key === undefined) return;
  throw new AlopexError(
    SqlState.featureNotSupported,
    `ON CONFLICT DO UPDATE cannot set "${key.name}", which is part of the primary key`,
  );
}

/** One expression for each column of the table: what it is assigned, or the column itself. */
export function assignedColumns(table: TableVersion, target: string, set: readonly Assignment[]): string[] {
  const values = new Map<number, string>();
  for (const { column: name, valueSql } of set) {
    const column = requireColumn(table, name);
    if (values.has(column.id)) {
      throw new AlopexError(SqlState.syntaxError, `column "${column.name}" is assigned twice`);
    }
    values.set(column.id, valueSql ?? column.defaultSql ?? 'NULL');
  }
  return table.schema.columns.map((column) => {
    const name = quoteIdentifier(column.name);
    const value = values.get(column.id);
    return value === undefined ? `${target}.${name} AS ${name}` : `(${value}) AS ${name}`;
  });
}
