import type { PartitionCheck } from './partition.ts';

/** One step of an episode. Those of kind `layout` and `reopen` are for AlopexDB alone, and change no row. */
export type Step =
  /** A query; `ordered` when its order leaves nothing open. */
  | { readonly kind: 'query'; readonly sql: string; readonly ordered: boolean }
  /** Rows that change; with RETURNING its rows are compared, without it their number. `duplicates` is a query of keys that the table has twice. */
  | {
      readonly kind: 'change';
      readonly sql: string;
      readonly returning: boolean;
      readonly duplicates: string | undefined;
    }
  /** INSERT of rows that shrinking can leave out. */
  | {
      readonly kind: 'insert';
      readonly before: string;
      readonly rows: readonly string[];
      readonly after: string;
      readonly returning: boolean;
      readonly duplicates: string | undefined;
    }
  /** What changes the schema. `options` are known to AlopexDB alone. */
  | { readonly kind: 'define'; readonly sql: string; readonly options: string }
  /** BEGIN, SAVEPOINT, and how they end. */
  | { readonly kind: 'transaction'; readonly sql: string }
  | { readonly kind: 'partition'; readonly check: PartitionCheck }
  | { readonly kind: 'layout'; readonly sql: string }
  | { readonly kind: 'reopen' };

/** The text of a step, as a script shows it. */
export function stepSql(step: Step): string {
  switch (step.kind) {
    case 'insert':
      return `${step.before} VALUES ${step.rows.join(', ')}${step.after}`;
    case 'define':
      return `${step.sql}${step.options}`;
    case 'partition':
      return [step.check.whole, ...step.check.parts].join(';\n  ');
    case 'reopen':
      return '-- close and open';
    case 'query':
    case 'change':
    case 'transaction':
    case 'layout':
      return step.sql;
  }
}

/** How many statements a step is. */
export function statementsOf(step: Step): number {
  if (step.kind === 'partition') return 1 + step.check.parts.length;
  return step.kind === 'reopen' ? 0 : 1;
}
