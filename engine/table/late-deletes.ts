import type { EngineContext } from '../context.ts';
import type { MoveOutput } from '../lsm/state.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { segmentName, type DataFile } from './data-file.ts';
import { quoteLiteral } from './data-type.ts';
import type { TableVersion } from './version.ts';

/** Files that were written anew from others. */
export interface RewrittenFiles {
  /** Number of the commit whose snapshot was read; later deletes of source rows must follow the rows. */
  readonly baseSeq: number;
  /** Names of the files that are replaced, in the order that the row maps count them. */
  readonly sources: readonly string[];
  readonly outputs: readonly MoveOutput[];
}

/** Deletes that hit source rows after `baseSeq` follow the rows into the new files, as deletes of commit `asOfSeq`. Returns their number by file id of the new file. */
export async function moveLateDeletes(
  context: EngineContext,
  connection: KernelConnection,
  table: Pick<TableVersion, 'tableId' | 'deletesTable'>,
  { baseSeq, sources, outputs }: RewrittenFiles,
  asOfSeq: number,
): Promise<ReadonlyMap<number, number>> {
  const moved = new Map<number, number>();
  const ids = sources.map((name) => context.fileIds.idOf(table.tableId, name));
  if (ids.length === 0) return moved;
  const late = `FROM ${table.deletesTable} WHERE seq > ${baseSeq} AND file_id IN (${ids.join(', ')})`;
  const [found] = await connection.rows(`SELECT 1 AS found ${late} LIMIT 1`);
  if (found === undefined) return moved;
  for (const { name, rowMap } of outputs) {
    const output = context.fileIds.idOf(table.tableId, name);
    const map = `read_parquet(${quoteLiteral(`${context.dataDir}/${rowMap}`)}) AS m`;
    const count = await connection.run(
      `INSERT INTO ${table.deletesTable} SELECT ${output}, m.file_row_number, ${asOfSeq} FROM ${map} SEMI JOIN (SELECT list_position([${ids.join(', ')}], file_id) - 1 AS src, pos ${late}) AS d ON m.src = d.src AND m.pos = d.pos`,
    );
    if (count > 0) moved.set(output, count);
  }
  return moved;
}

/** What remains of files that no version names any more: their deletes in the kernel, and those on local disk themselves. */
export async function removeRewritten(
  context: EngineContext,
  connection: KernelConnection,
  before: Pick<TableVersion, 'tableId' | 'deletesTable'>,
  gone: readonly DataFile[],
): Promise<void> {
  if (gone.length > 0) {
    await connection.run(
      `DELETE FROM ${before.deletesTable} WHERE file_id IN (${gone.map((file) => file.fileId).join(', ')})`,
    );
  }
  const retired = context.manifest.state.tables.get(before.tableId)?.history?.retired ?? [];
  const kept = new Set(retired.map(({ segment }) => segmentName(before.tableId, segment.fileId)));
  // Cold sources stay in older Iceberg snapshots, which other engines may be reading.
  for (const file of gone) if (file.tier === 'hot' && !kept.has(file.name)) await context.fileSystem.remove(file.path);
}
