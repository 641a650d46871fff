import { readPlanFilter } from './condition-reader.ts';
import { keyRestrictions } from './join-keys.ts';
import { printedTableKey, type PlanNode } from './plan-node.ts';
import type { Predicate } from './predicate.ts';

export function readPlan(planJson: string): PlanNode[] {
  return JSON.parse(planJson) as PlanNode[];
}

/**
 * Which conditions reach each table of a statement, by `tableKey`. The kernel's optimizer has already followed views, CTEs, subqueries and
 * joins and folded constants. A table scanned several times gets the union of what its scans need; one without a scan is not in the map.
 */
export function scanPredicates(roots: readonly PlanNode[]): Map<string, Predicate> {
  const found = new Map<string, Predicate[]>();
  const keys = new Map<PlanNode, Predicate[]>();
  const visit = (node: PlanNode, above: readonly string[]): void => {
    for (const { scan, operand, source } of keyRestrictions(node)) {
      keys.set(scan, [...(keys.get(scan) ?? []), { kind: 'keys', operand, source }]);
    }
    const printed = node.extra_info.Table;
    if (printed !== undefined) {
      const table = printedTableKey(printed);
      const filters = [...texts(node.extra_info.Filters), ...above].map(readPlanFilter);
      const children = [...filters, ...(keys.get(node) ?? [])];
      found.set(table, [...(found.get(table) ?? []), { kind: 'and', children }]);
    }
    // A filter that stands on a scan names its columns; further up, names may be those of a projection.
    const filters = node.name.trim() === 'FILTER' ? texts(node.extra_info.Expression) : [];
    for (const child of node.children) visit(child, filters);
  };
  for (const root of roots) visit(root, []);
  return new Map(
    [...found].map(([table, children]) => {
      const [only] = children;
      return [table, children.length === 1 && only !== undefined ? only : { kind: 'or', children }] as const;
    }),
  );
}

function texts(filters: string | readonly string[] | undefined): readonly string[] {
  return typeof filters === 'string' ? [filters] : (filters ?? []);
}
