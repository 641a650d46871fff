import type { KernelConnection } from '../ports/kernel.ts';
import type { TableChangeRequest } from '../table/commit.ts';
import { stagedDeletes } from '../table/staged.ts';
import type { Overlay, TableVersion } from '../table/version.ts';
import { addedRows, deletedCommitted } from './overlay-sql.ts';

/** What a transaction leaves of its overlay, as a change of `target`. The names of the temporary tables that hold it are added to `staged`. */
export async function stageOverlay(
  connection: KernelConnection,
  now: TableVersion & { readonly overlay: Overlay },
  target: TableVersion,
  staged: string[],
): Promise<TableChangeRequest> {
  const rows = `temp.main.__alopex_tx_added_${now.tableId}`;
  const deletes = `temp.main.__alopex_tx_deleted_${now.tableId}`;
  staged.push(rows, deletes);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${rows} AS SELECT * EXCLUDE (__rid) FROM ${addedRows(now, now.overlay)} ORDER BY __rid`,
  );
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${deletes} AS SELECT DISTINCT __file, __pos FROM ${deletedCommitted(now.overlay)}`,
  );
  const [counted] = await connection.rows(`SELECT count(*)::INTEGER AS n FROM ${rows}`);
  const rowCount = Number(counted?.['n'] ?? 0);
  const gone = await stagedDeletes(connection, deletes);
  return {
    version: target,
    ...(rowCount === 0 ? {} : { rows: { relation: rows, rowCount } }),
    ...(gone.countByFile.size === 0 ? {} : { deletes: gone }),
  };
}
