import { compareBounds } from '../../table/bound-text.ts';
import type { Bound } from '../../table/bound.ts';
import type { DataFile } from '../../table/data-file.ts';
import type { TableVersion } from '../../table/version.ts';
import { aggregateItems } from './aggregate-items.ts';
import { bindOperand, canDecide, type FileTest } from './prune.ts';
import type { SimpleQuery } from './simple-query.ts';

/**
 * The files that can hold the values that a query of nothing but `min(column)` and `max(column)` asks for: of each, a file without deleted rows whose bound is known to be the value of a row, and what
 * reaches beyond it. `files` are those that may have matching rows; of those for which `matches` all rows match. `undefined` when a query is not of that kind.
 */
export function extremeFiles(
  query: SimpleQuery,
  table: TableVersion,
  files: readonly DataFile[],
  matches: FileTest,
): readonly DataFile[] | undefined {
  const items = aggregateItems(query);
  if (items === undefined) return undefined;
  const kept = new Set<DataFile>();
  for (const item of items) {
    if (item.kind === 'count') return undefined;
    const needed = filesOfExtreme(item.kind, item.column, table, files, matches);
    if (needed === undefined) return undefined;
    for (const file of needed) kept.add(file);
  }
  return files.filter((file) => kept.has(file));
}

function filesOfExtreme(
  kind: 'min' | 'max',
  column: string,
  table: TableVersion,
  files: readonly DataFile[],
  matches: FileTest,
): readonly DataFile[] | undefined {
  const operand = bindOperand({ path: [column], conversions: [] }, table.schema);
  // Bounds of texts may be cut short.
  if (operand === undefined || operand.type.name === 'VARCHAR' || !canDecide('<', operand.type)) return undefined;
  const sign = kind === 'min' ? 1 : -1;
  const boundOf = (file: DataFile): Bound | undefined => {
    const stats = file.stats.get(operand.leaf.id);
    const range = stats === undefined ? undefined : operand.range(stats);
    return kind === 'min' ? range?.lower : range?.upper;
  };
  let witness: { file: DataFile; bound: Bound } | undefined;
  for (const file of files) {
    const bound = boundOf(file);
    // Bounds of other writers may be wider than the values; and the row that has the value may be deleted.
    if (bound === undefined || file.crc32 === undefined || table.deletedRows.has(file.fileId) || !matches(file))
      continue;
    if (witness === undefined || sign * compareBounds(bound, witness.bound) < 0) witness = { file, bound };
  }
  if (witness === undefined) return undefined;
  const { file: first, bound: best } = witness;
  return files.filter((file) => {
    const bound = boundOf(file);
    const isAllNull = file.stats.get(operand.leaf.id)?.nullCount === file.rowCount;
    return file === first || (bound === undefined ? !isAllNull : sign * compareBounds(bound, best) < 0);
  });
}
