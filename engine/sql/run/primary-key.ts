import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { compareBounds, parseBound } from '../../table/bound-text.ts';
import type { DataFile } from '../../table/data-file.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { Column } from '../../table/schema.ts';
import { scanSql } from '../../table/scan.ts';
import type { TableVersion } from '../../table/version.ts';
import type { Stage } from './stage.ts';

export function primaryKeyColumns(table: TableVersion): Column[] {
  return table.schema.primaryKey.flatMap((id) => table.schema.columns.find((column) => column.id === id) ?? []);
}

/** What to do with rows of one statement that share a key. */
export type DuplicateRule = 'error' | 'keep-first' | 'keep-last' | 'error-twice';

/** Applies a rule to staged rows with equal keys. */
export async function resolveDuplicates(
  connection: KernelConnection,
  table: TableVersion,
  stage: Stage,
  rule: DuplicateRule,
): Promise<void> {
  const keys = primaryKeyColumns(table).map((column) => quoteIdentifier(column.name));
  const key = keys.length === 1 ? keys.join() : `(${keys.join(', ')})`;
  // Rows mostly arrive in key order, and a strictly rising key has no duplicates: 30 times cheaper than grouping.
  const [unordered] = await connection.rows(
    `SELECT 1 AS found FROM (SELECT ${key} AS k, lag(${key}) OVER () AS previous FROM ${stage.relation}) WHERE k <= previous LIMIT 1`,
  );
  if (unordered === undefined) return;
  const list = keys.join(', ');
  const [twice] = await connection.rows(
    `SELECT ${keyText(keys)} AS key FROM ${stage.relation} GROUP BY ${list} HAVING count(*) > 1 LIMIT 1`,
  );
  if (twice === undefined) return;
  if (rule === 'error') throw duplicateKey(table, String(twice['key']), 'is given twice');
  if (rule === 'error-twice') {
    throw new AlopexError('21000', `the statement would change the row ${keyNames(table)}=(${twice['key']}) twice`, {
      hint: 'Give each key once.',
    });
  }
  const kept = rule === 'keep-first' ? 'min' : 'max';
  await stage.run(
    `DELETE FROM ${stage.relation} WHERE rowid NOT IN (SELECT ${kept}(rowid) FROM ${stage.relation} GROUP BY ${list})`,
  );
}

/** The files that may hold one of the staged keys, by the range of the first key column. */
export async function filesWithKeys(
  connection: KernelConnection,
  table: TableVersion,
  stage: Stage,
): Promise<readonly DataFile[]> {
  if (table.files.length === 0) return [];
  const first = primaryKeyColumns(table)[0];
  // NaN is a key like any other, but no part of a bound.
  if (first?.type.kind !== 'primitive' || first.type.name === 'FLOAT' || first.type.name === 'DOUBLE')
    return table.files;
  const name = quoteIdentifier(first.name);
  const [range] = await connection.rows(
    `SELECT min(${name})::VARCHAR AS low, max(${name})::VARCHAR AS high FROM ${stage.relation}`,
  );
  if (typeof range?.['low'] !== 'string' || typeof range['high'] !== 'string') return [];
  const low = parseBound(range['low'], first.type);
  const high = parseBound(range['high'], first.type);
  return table.files.filter((file) => {
    const stats = file.stats.get(first.id);
    const below = low !== undefined && stats?.upper !== undefined && compareBounds(stats.upper, low) < 0;
    const above = high !== undefined && stats?.lower !== undefined && compareBounds(stats.lower, high) > 0;
    return !below && !above;
  });
}

/** SQL that pairs staged rows (`s`) with the stored rows (`t`, with `__file` and `__pos`) of the same key. */
export function keyJoinSql(table: TableVersion, stage: Stage, files: readonly DataFile[]): string {
  const on = primaryKeyColumns(table).map(
    (column) => `s.${quoteIdentifier(column.name)} = t.${quoteIdentifier(column.name)}`,
  );
  return `${stage.relation} AS s JOIN (${scanSql(table, { files, positions: true })}) AS t ON ${on.join(' AND ')}`;
}

/** Throws `23505` when a row of this relation (`s`) clashes with a stored one. */
export async function refuseExisting(
  connection: KernelConnection,
  table: TableVersion,
  fromSql: string,
): Promise<void> {
  const keys = primaryKeyColumns(table).map((column) => `s.${quoteIdentifier(column.name)}`);
  const [clash] = await connection.rows(`SELECT ${keyText(keys)} AS key FROM ${fromSql} LIMIT 1`);
  if (clash !== undefined) throw duplicateKey(table, String(clash['key']), 'exists already');
}

function keyText(keys: readonly string[]): string {
  return `concat_ws(', ', ${keys.map((key) => `${key}::VARCHAR`).join(', ')})`;
}

function keyNames(table: TableVersion): string {
  return `(${primaryKeyColumns(table)
    .map((column) => column.name)
    .join(', ')})`;
}

function duplicateKey(table: TableVersion, key: string, problem: string): AlopexError {
  return new AlopexError(
    SqlState.uniqueViolation,
    `duplicate key in table "${table.name}": ${keyNames(table)}=(${key}) ${problem}`,
    { hint: 'Use INSERT OR REPLACE, or ON CONFLICT DO UPDATE | NOTHING, to say what to do with such rows.' },
  );
}
