import type { TableSchema } from '../../table/schema.ts';
import { printedTableKey, type PlanNode } from './plan-node.ts';

/** What the scans of each table take of it, as the plan prints it, by `tableKey`. Only a plan without filters in its scans names the columns of conditions here. */
export function scanProjections(roots: readonly PlanNode[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const visit = (node: PlanNode): void => {
    const { Table: printed, Projections: projections } = node.extra_info;
    if (printed !== undefined) {
      const key = printedTableKey(printed);
      const columns = found.get(key) ?? new Set();
      for (const column of listOf(projections)) columns.add(column);
      found.set(key, columns);
    }
    for (const child of node.children) visit(child);
  };
  for (const root of roots) visit(root);
  return found;
}

/** The columns that are meant, by name; `undefined` when one is not known, as when its name has a line break. A field of a STRUCT stands for its column. */
export function columnsMeant({ columns }: TableSchema, printed: ReadonlySet<string>): ReadonlySet<string> | undefined {
  const meant = new Set<string>();
  for (const text of printed) {
    const known = columns.filter(({ name }) => text === name || text.startsWith(`${name}.`));
    if (known.length === 0) return undefined;
    for (const { name } of known) meant.add(name);
  }
  return meant;
}

function listOf(projections: string | readonly string[] | undefined): readonly string[] {
  if (projections === undefined || projections === '') return [];
  return typeof projections === 'string' ? [projections] : projections;
}
