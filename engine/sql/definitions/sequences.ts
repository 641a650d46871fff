import { AlopexError, SqlState } from '../../errors.ts';
import type { Definition } from '../../table/definition.ts';
import { displayName } from '../../table/object-name.ts';
import { kernelSequence } from '../../table/sequences.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';

/** Throws `2BP01` when the default of a column takes its values from one of the sequences, unless its table goes too. */
export function refuseUsedSequences(
  version: DatabaseVersion,
  dropped: readonly Definition[],
  droppedTables: readonly TableVersion[],
): void {
  const sequences = dropped.filter(({ kind }) => kind === 'sequence');
  if (sequences.length === 0) return;
  for (const table of version.tables.values()) {
    if (droppedTables.includes(table)) continue;
    for (const { name, defaultSql } of table.schema.columns) {
      const used = sequences.find(({ definitionId }) => usesSequence(defaultSql ?? '', definitionId));
      if (used === undefined) continue;
      throw new AlopexError(
        SqlState.dependentObjects,
        `sequence "${displayName(used)}" is used by the default of column "${name}" of table "${displayName(table)}"`,
        { hint: 'Drop the table or the column first.' },
      );
    }
  }
}

function usesSequence(sql: string, definitionId: number): boolean {
  return sql.includes(`'${kernelSequence(definitionId)}'`);
}
