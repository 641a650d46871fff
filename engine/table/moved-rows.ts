import type { EngineContext } from '../context.ts';
import type { MoveOutput } from '../lsm/state.ts';
import { orderBySql } from './file-order.ts';
import { MEMTABLE_FILE_ID } from './data-file.ts';
import { quoteLiteral } from './data-type.ts';
import type { ReadableTable } from './readable.ts';
import { scanSql } from './scan.ts';

/** Files that were written anew by one commit. */
export interface Rewrite {
  readonly seq: number;
  /** Numbers of the files that are no more. */
  readonly from: readonly number[];
  /** A query of where each of their rows that was live is now: `from_file`, `from_pos`, `to_file`, `to_pos`. It can be run as long as a reader holds a version before `seq`. */
  readonly sql: string;
}

/** Where rewrites are noted. */
export interface Rewrites {
  /** Returns what forgets it again. Rewrites come in the order of their commits. */
  add(tableId: number, rewrite: Rewrite): () => Promise<void>;
  /** After commit `seq`, oldest first. */
  since(tableId: number, seq: number): readonly Rewrite[];
}

/**
 * Where rows are that a flush, a compaction or a move has put into other files: a transaction with an older snapshot names them by their old places. What is known is kept as long as there is
 * a reader with an older version (`Pins`), and not over a restart, as no transaction outlives one.
 */
export class MovedRows implements Rewrites {
  readonly #rewrites = new Map<number, Rewrite[]>();

  add(tableId: number, rewrite: Rewrite): () => Promise<void> {
    this.#rewrites.set(tableId, [...(this.#rewrites.get(tableId) ?? []), rewrite]);
    return () => {
      const left = (this.#rewrites.get(tableId) ?? []).filter((other) => other !== rewrite);
      if (left.length > 0) this.#rewrites.set(tableId, left);
      else this.#rewrites.delete(tableId);
      return Promise.resolve();
    };
  }

  since(tableId: number, seq: number): readonly Rewrite[] {
    return (this.#rewrites.get(tableId) ?? []).filter((rewrite) => rewrite.seq > seq);
  }
}

/** The rewrite of a memtable as a segment: it is in the table's order, and rows that are equal in it by their row ids. `memtable` is the version that was flushed, at the commit of the flush. */
export function flushedRows(memtable: ReadableTable, segmentId: number | undefined): Rewrite {
  const { seq, schema, options } = memtable;
  const from = [MEMTABLE_FILE_ID];
  if (segmentId === undefined) return { seq, from, sql: NOWHERE };
  const order = orderBySql(schema.columns, options.sortBy, '__pos');
  const rows = scanSql(memtable, { files: [], positions: true });
  return {
    seq,
    from,
    sql: `SELECT __file AS from_file, __pos AS from_pos, ${segmentId} AS to_file, row_number() OVER (${order}) - 1 AS to_pos FROM (${rows})`,
  };
}

/** The rewrite of files as others, with their row maps. */
export function rewrittenRows(
  context: Pick<EngineContext, 'fileIds' | 'dataDir'>,
  tableId: number,
  { seq, sources, outputs }: { seq: number; sources: readonly string[]; outputs: readonly MoveOutput[] },
): Rewrite {
  const from = sources.map((name) => context.fileIds.idOf(tableId, name));
  const parts = outputs.map(
    ({ name, rowMap }) =>
      `SELECT list_extract([${from.join(', ')}], src + 1) AS from_file, pos AS from_pos, ${context.fileIds.idOf(tableId, name)} AS to_file, file_row_number AS to_pos FROM read_parquet(${quoteLiteral(`${context.dataDir}/${rowMap}`)})`,
  );
  return { seq, from, sql: parts.length === 0 ? NOWHERE : parts.join(' UNION ALL ') };
}

const NOWHERE = 'SELECT 0 AS from_file, 0 AS from_pos, 0 AS to_file, 0 AS to_pos WHERE false';
