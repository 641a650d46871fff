import type { KernelConnection } from '../ports/kernel.ts';

/** Rows that a statement wants to add: a temporary table of the connection with the table's columns, checked against its constraints. */
export interface StagedRows {
  readonly relation: string;
  readonly rowCount: number;
  /** Greater than every `rowid` of the relation, where that is known. */
  readonly rowidEnd?: number;
}

/** Rows that a statement wants to remove: a temporary table of (`__file`, `__pos`), each position once. */
export interface StagedDeletes {
  readonly relation: string;
  /** Number of rows by file id; 0 is the memtable. */
  readonly countByFile: ReadonlyMap<number, number>;
}

/** Counts what is in a relation of positions. */
export async function stagedDeletes(connection: KernelConnection, relation: string): Promise<StagedDeletes> {
  const rows = await connection.rows(`SELECT __file, count(*)::INTEGER AS n FROM ${relation} GROUP BY __file`);
  return { relation, countByFile: new Map(rows.map((row) => [Number(row['__file']), Number(row['n'])])) };
}

export function deleteCount(deletes: StagedDeletes | undefined): number {
  let total = 0;
  for (const count of deletes?.countByFile.values() ?? []) total += count;
  return total;
}

/** `current` with `added` on top. */
export function addDeleted(
  current: ReadonlyMap<number, number>,
  added: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  if (added.size === 0) return current;
  const total = new Map(current);
  for (const [fileId, count] of added) total.set(fileId, (total.get(fileId) ?? 0) + count);
  return total;
}
