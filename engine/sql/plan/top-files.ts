import { parseBound } from '../../table/bound-text.ts';
import type { Bound } from '../../table/bound.ts';
import type { DataFile } from '../../table/data-file.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { TableVersion } from '../../table/version.ts';
import type { TopRows } from './order-by.ts';
import { OrderedFiles } from './order-files.ts';
import { findLeaf, type FileTest } from './prune.ts';
import type { KeyRow } from './resolve-keys.ts';
import type { SimpleQuery } from './simple-query.ts';

/** Below this there is little to gain by asking. */
const MIN_FILES = 8;
/** The share of the files that may be read in vain. */
const MAX_SHARE = 1 / 4;
const LEAST_GROWTH = 2;
const MOST_GROWTH = 8;

/** Runs a query of some files of the table, whose name in SQL it is given; `undefined` when the kernel refuses it. */
export type FileQuestion = (
  files: readonly DataFile[],
  sqlOf: (relation: string) => string,
) => Promise<readonly KeyRow[] | undefined>;

/**
 * The files that can hold one of the first rows of `ORDER BY column LIMIT n`: files in order of their bounds hold enough rows up to some value, so nothing beyond that value is wanted. Of files
 * whose rows all match that value is known; otherwise more and more of the first files are asked for it. `undefined` when neither tells.
 */
export async function topFiles(
  query: SimpleQuery,
  top: TopRows,
  table: TableVersion,
  files: readonly DataFile[],
  matches: FileTest,
  ask: FileQuestion | undefined,
): Promise<readonly DataFile[] | undefined> {
  const ordered = OrderedFiles.of(top, table, files);
  if (ordered === undefined) return undefined;
  const limit =
    ordered.sureLimit(matches) ??
    (ask === undefined || query.whereText === undefined || files.length < MIN_FILES
      ? undefined
      : await askForLimit(query, top, table, ordered.inOrder(), ask));
  return limit === undefined ? undefined : ordered.upTo(limit);
}

async function askForLimit(
  query: SimpleQuery,
  top: TopRows,
  table: TableVersion,
  files: readonly DataFile[],
  ask: FileQuestion,
): Promise<Bound | undefined> {
  const leaf = findLeaf([top.column], table.schema);
  if (leaf === undefined) return undefined;
  const most = Math.floor(files.length * MAX_SHARE);
  for (let count = filesFor(top.wanted, files); count <= most;) {
    const [row] = (await ask(files.slice(0, count), (relation) => questionSql(query, top, relation))) ?? [];
    if (row === undefined) return undefined;
    const found = Number(row['found']);
    if (found >= top.wanted) {
      const limit = parseBound(String(row['last']), leaf.type);
      return typeof limit === 'number' && leaf.type.name === 'FLOAT' ? Math.fround(limit) : limit;
    }
    if (count === most) return undefined;
    count = Math.min(most, nextCount(count, found, top.wanted));
  }
  return undefined;
}

/** By what was found in the first files, and a little more. */
function nextCount(count: number, found: number, wanted: number): number {
  const growth = (1.5 * wanted) / Math.max(found, 1);
  return Math.ceil(count * Math.min(MOST_GROWTH, Math.max(LEAST_GROWTH, growth)));
}

/** How many of the first files have so many rows. */
function filesFor(rows: number, files: readonly DataFile[]): number {
  let sum = 0;
  const at = files.findIndex((file) => (sum += file.rowCount) >= rows);
  return at < 0 ? files.length : at + 1;
}

function questionSql({ whereText, qualifier }: SimpleQuery, top: TopRows, relation: string): string {
  const name = quoteIdentifier(qualifier);
  const column = `${name}.${quoteIdentifier(top.column)}`;
  const last = top.descending ? 'min' : 'max';
  return (
    `SELECT count(*) AS found, ${last}(k)::VARCHAR AS last FROM (SELECT ${column} AS k FROM ${relation} AS ${name} ` +
    `WHERE (${whereText}\n) AND ${column} IS NOT NULL ORDER BY k ${top.descending ? 'DESC' : 'ASC'} LIMIT ${top.wanted})`
  );
}
