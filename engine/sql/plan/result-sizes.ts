import type { TableSchema } from '../../table/schema.ts';
import { liveMemtableRows } from '../../table/version.ts';
import { LruMap } from '../../lru-map.ts';
import type { TableScan } from './scan-report.ts';
import type { Operand } from './predicate.ts';
import { findLeaf } from './prune.ts';
import { readSimpleQuery, type SimpleQuery } from './simple-query.ts';

/** Results of at most this many rows may be put together in native code before the first of them is read. */
const SMALL_ROWS = 16_384;
const MAX_TEXTS = 512;

interface Seen {
  readonly resultRows: number;
  /** Rows that the statement read then, before its own filters. */
  readonly inputRows: number;
}

/**
 * Which results are small. One call into native code can then run a statement and hold its rows; a result that may be large is streamed, for which the kernel
 * binds the statement twice and is called for every chunk.
 */
export class ResultSizes {
  readonly #seen = new LruMap<string, Seen>(MAX_TEXTS);

  /** Known by the statement itself, or by what it gave when it ran before over no less than half of the rows. */
  isSmall(query: string, scans: readonly TableScan[]): boolean {
    const inputRows = rowsOf(scans);
    const seen = this.#seen.get(query);
    if (seen !== undefined) return seen.resultRows <= SMALL_ROWS && inputRows <= 2 * seen.inputRows;
    const simple = readSimpleQuery(query);
    if (simple === undefined || /\bunnest\b/i.test(query)) return false;
    if (simple.limit !== undefined && simple.limit <= SMALL_ROWS) return true;
    return inputRows <= SMALL_ROWS || scans.some(({ table }) => namesKey(simple, table.schema));
  }

  note(query: string, scans: readonly TableScan[], resultRows: number): void {
    this.#seen.set(query, { resultRows, inputRows: rowsOf(scans) });
  }
}

function rowsOf(scans: readonly TableScan[]): number {
  let rows = 0;
  for (const { table, files } of scans) {
    rows += liveMemtableRows(table);
    for (const file of files) rows += file.rowCount;
  }
  return rows;
}

/** Whether a query asks for one value of the primary key, of which there is at most one row. */
function namesKey({ where }: SimpleQuery, schema: TableSchema): boolean {
  const conditions = where?.kind === 'and' ? where.children : where === undefined ? [] : [where];
  const given = new Set(
    conditions.flatMap((condition) =>
      condition.kind === 'compare' && condition.operator === '=' && isColumn(condition.operand)
        ? (findLeaf(condition.operand.path, schema)?.id ?? [])
        : [],
    ),
  );
  return schema.primaryKey.length > 0 && schema.primaryKey.every((id) => given.has(id));
}

function isColumn({ path, conversions }: Operand): boolean {
  return path.length === 1 && conversions.length === 0;
}
