import type { TableWriter } from '../../writer.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { makeReadable } from '../../table/readable.ts';
import type { TableVersion } from '../../table/version.ts';
import { filesWithKeys, keyJoinSql, refuseExisting, resolveDuplicates, type TableKey } from './table-keys.ts';
import type { Stage } from './stage.ts';

/** What is known of a stage: that it has one row at most; where the positions of rows are that it replaces. */
export interface StagedChange {
  readonly isSingle?: boolean;
  readonly leavingRelation?: string;
}

/** Staged keys must differ from each other, and from those of rows that stay: all but the positions (`__file`, `__pos`) of `leavingRelation`, if there is one. */
export async function checkNewKeys(
  writer: TableWriter,
  connection: KernelConnection,
  table: TableVersion,
  stage: Stage,
  keys: readonly TableKey[],
  { leavingRelation, isSingle = false }: StagedChange = {},
): Promise<void> {
  for (const key of keys) {
    if (!isSingle) await resolveDuplicates(connection, table, stage, key, 'error');
    const files = await filesWithKeys(connection, table, stage, key);
    const readable = await makeReadable(writer.context, table, files);
    const leaving =
      leavingRelation === undefined
        ? ''
        : ` ANTI JOIN ${leavingRelation} AS f ON t.__file = f.__file AND t.__pos = f.__pos`;
    await refuseExisting(connection, table, key, `${keyJoinSql(readable, stage, key, files)}${leaving}`);
  }
}
