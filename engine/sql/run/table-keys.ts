import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { compareBounds, parseBound } from '../../table/bound-text.ts';
import type { DataFile } from '../../table/data-file.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { Column, TableSchema } from '../../table/schema.ts';
import type { ReadableTable } from '../../table/readable.ts';
import { scanSql } from '../../table/scan.ts';
import { toStorageSql } from '../../table/storage-sql.ts';
import { storageType } from '../../table/storage-type.ts';
import type { TableVersion } from '../../table/version.ts';
import type { Stage } from './stage.ts';

/** Columns whose values no two rows share: the primary key, or a UNIQUE constraint. Rows with a NULL among them share with none. */
export interface TableKey {
  readonly columns: readonly Column[];
}

/** The primary key first. */
export function tableKeys({ columns, primaryKey, unique = [] }: TableSchema): TableKey[] {
  const keys = [...(primaryKey.length === 0 ? [] : [primaryKey]), ...unique.map((key) => key.columns)];
  return keys.map((ids) => ({ columns: ids.flatMap((id) => columns.find((column) => column.id === id) ?? []) }));
}

export function keyColumns({ columns }: TableKey): string[] {
  return columns.map((column) => quoteIdentifier(column.name));
}

/** What to do with rows of one statement that share a key. */
export type DuplicateRule = 'error' | 'keep-last' | 'error-twice';

/** Applies a rule to staged rows with equal keys. */
export async function resolveDuplicates(
  connection: KernelConnection,
  table: TableVersion,
  stage: Stage,
  key: TableKey,
  rule: DuplicateRule,
): Promise<void> {
  const keys = keyColumns(key);
  if (!(await mayHaveDuplicates(connection, stage, key))) return;
  const list = keys.join(', ');
  const [twice] = await connection.rows(
    `SELECT ${keyText(keys)} AS key FROM ${stage.relation}${whereGiven(key)} GROUP BY ${list} HAVING count(*) > 1 LIMIT 1`,
  );
  if (twice === undefined) return;
  if (rule === 'error') throw duplicateKey(table, key, String(twice['key']), 'is given twice');
  if (rule === 'error-twice') {
    throw new AlopexError('21000', `the statement would change the row ${keyNames(key)}=(${twice['key']}) twice`, {
      hint: 'Give each key once.',
    });
  }
  await stage.run(
    `DELETE FROM ${stage.relation}${whereGiven(key, ' AND ')} rowid NOT IN (SELECT max(rowid) FROM ${stage.relation}${whereGiven(key)} GROUP BY ${list})`,
  );
}

/** Leaves of staged rows that share any of the keys the first one that can stay, as if they came one after the other. */
export async function keepFirst(connection: KernelConnection, stage: Stage, keys: readonly TableKey[]): Promise<void> {
  const groups: string[] = [];
  for (const [at, key] of keys.entries()) {
    if (!(await mayHaveDuplicates(connection, stage, key))) continue;
    const list = keyColumns(key).join(', ');
    groups.push(
      `SELECT ${at} AS of, rowid AS row, min(rowid) OVER (PARTITION BY ${list}) AS leader, count(*) OVER (PARTITION BY ${list}) AS n FROM ${stage.relation}${whereGiven(key)}`,
    );
  }
  if (groups.length === 0) return;
  const rows = await connection.rows(
    `SELECT of, row, leader FROM (${groups.join(' UNION ALL ')}) WHERE n > 1 ORDER BY row`,
  );
  const held = new Set<string>();
  const leaving: number[] = [];
  for (let at = 0; at < rows.length;) {
    const row = Number(rows[at]?.['row']);
    const memberships: string[] = [];
    for (; at < rows.length && Number(rows[at]?.['row']) === row; at++) {
      memberships.push(`${String(rows[at]?.['of'])}/${String(rows[at]?.['leader'])}`);
    }
    if (memberships.some((membership) => held.has(membership))) leaving.push(row);
    else for (const membership of memberships) held.add(membership);
  }
  if (leaving.length === 0) return;
  await stage.run(`DELETE FROM ${stage.relation} WHERE rowid IN (SELECT unnest([${leaving.join(', ')}]))`);
}

/** Rows mostly arrive in key order, and a strictly rising key has no duplicates: 30 times cheaper than grouping. */
async function mayHaveDuplicates(connection: KernelConnection, stage: Stage, key: TableKey): Promise<boolean> {
  const keys = keyColumns(key);
  const value = keys.length === 1 ? keys.join() : `(${keys.join(', ')})`;
  const [unordered] = await connection.rows(
    `SELECT 1 AS found FROM (SELECT ${value} AS k, lag(${value}) OVER () AS previous FROM ${stage.relation}${whereGiven(key)}) WHERE k <= previous LIMIT 1`,
  );
  return unordered !== undefined;
}

/** ` WHERE` no column of the key is null, or nothing where none can be. */
function whereGiven({ columns }: TableKey, before = ''): string {
  const given = columns
    .filter((column) => !column.required)
    .map((column) => `${quoteIdentifier(column.name)} IS NOT NULL`);
  if (given.length === 0) return before === '' ? '' : ' WHERE';
  return ` WHERE ${given.join(' AND ')}${before}`;
}

/** The files that may hold one of the staged keys, by the range of the first key column. */
export async function filesWithKeys(
  connection: KernelConnection,
  table: TableVersion,
  stage: Stage,
  key: TableKey,
): Promise<readonly DataFile[]> {
  if (table.files.length === 0) return [];
  const [first] = key.columns;
  // NaN is a key like any other, but no part of a bound.
  if (first?.type.kind !== 'primitive' || first.type.name === 'FLOAT' || first.type.name === 'DOUBLE')
    return table.files;
  // The order of bounds is that of stored values.
  const value = toStorageSql(quoteIdentifier(first.name), first.type);
  const stored = storageType(first.type);
  const [range] = await connection.rows(
    `SELECT min(${value})::VARCHAR AS low, max(${value})::VARCHAR AS high FROM ${stage.relation}`,
  );
  if (typeof range?.['low'] !== 'string' || typeof range['high'] !== 'string') return [];
  if (stored.kind !== 'primitive') return table.files;
  const low = parseBound(range['low'], stored);
  const high = parseBound(range['high'], stored);
  return table.files.filter((file) => {
    const stats = file.stats.get(first.id);
    const below = low !== undefined && stats?.upper !== undefined && compareBounds(stats.upper, low) < 0;
    const above = high !== undefined && stats?.lower !== undefined && compareBounds(stats.lower, high) > 0;
    return !below && !above;
  });
}

/** SQL that pairs staged rows (`s`) with the stored rows (`t`, with `__file` and `__pos`) of the same key. */
export function keyJoinSql(table: ReadableTable, stage: Stage, key: TableKey, files: readonly DataFile[]): string {
  const on = keyColumns(key).map((column) => `s.${column} = t.${column}`);
  return `${stage.relation} AS s JOIN (${scanSql(table, { files, positions: true })}) AS t ON ${on.join(' AND ')}`;
}

/** Throws `23505` when a row of this relation (`s`) clashes with a stored one. */
export async function refuseExisting(
  connection: KernelConnection,
  table: TableVersion,
  key: TableKey,
  fromSql: string,
): Promise<void> {
  const keys = keyColumns(key).map((column) => `s.${column}`);
  const [clash] = await connection.rows(`SELECT ${keyText(keys)} AS key FROM ${fromSql} LIMIT 1`);
  if (clash !== undefined) throw duplicateKey(table, key, String(clash['key']), 'exists already');
}

function keyText(keys: readonly string[]): string {
  return `concat_ws(', ', ${keys.map((key) => `${key}::VARCHAR`).join(', ')})`;
}

export function keyNames({ columns }: TableKey): string {
  return `(${columns.map((column) => column.name).join(', ')})`;
}

function duplicateKey(table: TableVersion, key: TableKey, value: string, problem: string): AlopexError {
  return new AlopexError(
    SqlState.uniqueViolation,
    `duplicate key in table "${table.name}": ${keyNames(key)}=(${value}) ${problem}`,
    { hint: 'Use INSERT OR REPLACE, or ON CONFLICT DO UPDATE | NOTHING, to say what to do with such rows.' },
  );
}
