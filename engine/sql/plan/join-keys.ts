import { identifierValue, significant, tokenize } from '../lexer.ts';
import { printedTableKey, type PlanNode } from './plan-node.ts';
import type { KeySource, Operand } from './predicate.ts';

/** A scan of which only the rows matter that have one of the keys of `source`. */
export interface KeyRestriction {
  readonly scan: PlanNode;
  readonly operand: Operand;
  readonly source: KeySource;
}

/** Which children of a join may lose the rows that have no match. */
const LOSING_SIDES: Readonly<Record<string, readonly number[]>> = {
  INNER: [0, 1],
  SEMI: [0, 1],
  RIGHT_SEMI: [0, 1],
  LEFT: [1],
  RIGHT: [0],
};

/** What the equality joins of a plan say of its scans: those with a table that is scanned right below the join. */
export function keyRestrictions(join: PlanNode): KeyRestriction[] {
  const sides = LOSING_SIDES[join.extra_info['Join Type'] ?? ''] ?? [];
  if (join.name.trim() !== 'HASH_JOIN' || join.children.length !== 2) return [];
  const restrictions: KeyRestriction[] = [];
  for (const condition of asList(join.extra_info.Conditions)) {
    const columns = equalColumns(condition);
    if (columns === undefined) continue;
    for (const side of sides) {
      const [losing, other] = [join.children[side], join.children[1 - side]];
      if (losing === undefined || other === undefined) continue;
      const scan = scanWith(losing, columns[side] ?? '');
      const source = sourceOf(other, columns[1 - side] ?? '');
      if (scan === undefined || source === undefined) continue;
      restrictions.push({ scan, operand: { path: [columns[side] ?? ''], conversions: [] }, source });
    }
  }
  return restrictions;
}

/** `a = b`, of plain columns. */
function equalColumns(condition: string): readonly [string, string] | undefined {
  const [left, operator, right, ...rest] = significant(tokenize(condition));
  if (left === undefined || right === undefined || operator?.text !== '=' || rest.length > 0) {
    return referenceColumns(condition);
  }
  const [first, second] = [identifierValue(left), identifierValue(right)];
  return first === undefined || second === undefined ? undefined : [first, second];
}

/** `a = #0`: the first column of the right side. */
function referenceColumns(condition: string): readonly [string, string] | undefined {
  const [left = '', right = '', ...rest] = condition.split(' = ');
  const [token, ...more] = significant(tokenize(left));
  const name = token === undefined || more.length > 0 ? undefined : identifierValue(token);
  return rest.length > 0 || name === undefined || !/^#\d+$/.test(right) ? undefined : [name, right];
}

/** The one scan below that has a column, on a way on which columns keep their names. */
function scanWith(node: PlanNode, column: string): PlanNode | undefined {
  const found = scansBelow(node)?.filter((scan) => asList(scan.extra_info.Projections).includes(column));
  return found?.length === 1 ? found[0] : undefined;
}

/** `undefined` where something else than joins and filters is on the way. */
function scansBelow(node: PlanNode): PlanNode[] | undefined {
  const name = node.name.trim();
  if (node.extra_info.Table !== undefined) return [node];
  const isInner = name === 'HASH_JOIN' && ['INNER', 'SEMI'].includes(node.extra_info['Join Type'] ?? '');
  if (name !== 'FILTER' && !isInner) return undefined;
  const below = node.children.map(scansBelow);
  return below.every((scans) => scans !== undefined) ? below.flat() : undefined;
}

/** A scan, or one under a filter. */
function sourceOf(node: PlanNode, column: string): KeySource | undefined {
  const isFilter = node.name.trim() === 'FILTER';
  const scan = isFilter ? node.children[0] : node;
  const table = scan?.extra_info.Table;
  if (scan === undefined || table === undefined) return undefined;
  const columns = asList(scan.extra_info.Projections);
  const name = column.startsWith('#') ? columns[Number(column.slice(1))] : column;
  if (name === undefined || !columns.includes(name)) return undefined;
  const filters = [...asList(scan.extra_info.Filters), ...(isFilter ? asList(node.extra_info.Expression) : [])];
  // What is optional follows from the others.
  return {
    table: printedTableKey(table),
    column: name,
    filters: filters.filter((filter) => !filter.startsWith('optional: ')),
  };
}

function asList(value: string | readonly string[] | undefined): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return value ?? [];
}
