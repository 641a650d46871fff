import { parseFilter } from './filter-text.ts';
import type { Predicate } from './predicate.ts';

/** A node of the kernel's `EXPLAIN (FORMAT JSON)`. */
interface PlanNode {
  readonly name: string;
  readonly children: readonly PlanNode[];
  readonly extra_info: { readonly Table?: string; readonly Filters?: string | readonly string[] };
}

/**
 * Which conditions reach each table of a statement, by qualified table name as the plan prints it. The kernel's optimizer has already followed views, CTEs, subqueries and
 * joins and folded constants. A table scanned several times gets the union of what its scans need; one without a scan is not in the map.
 */
export function scanPredicates(planJson: string): Map<string, Predicate> {
  const found = new Map<string, Predicate[]>();
  const visit = (node: PlanNode): void => {
    const table = node.extra_info.Table;
    if (table !== undefined) {
      const predicates = found.get(table) ?? [];
      predicates.push(scanPredicate(node.extra_info.Filters));
      found.set(table, predicates);
    }
    for (const child of node.children) visit(child);
  };
  for (const root of JSON.parse(planJson) as PlanNode[]) visit(root);
  return new Map([...found].map(([table, children]) => [table, { kind: 'or', children } as const]));
}

function scanPredicate(filters: string | readonly string[] | undefined): Predicate {
  const texts = typeof filters === 'string' ? [filters] : (filters ?? []);
  return { kind: 'and', children: texts.map(parseFilter) };
}
