import type { PrimitiveName } from '../../table/schema.ts';

/** A condition on the columns of one table, as far as it can decide whether a file may hold a matching row. */
export type Predicate =
  | { readonly kind: 'compare'; readonly column: string; readonly operator: CompareOperator; readonly literal: Literal }
  | { readonly kind: 'null'; readonly column: string; readonly negated: boolean }
  | { readonly kind: 'and' | 'or'; readonly children: readonly Predicate[] }
  /** Not understood: any row may match. */
  | { readonly kind: 'unknown' };

export type CompareOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A constant as the kernel prints it. */
export interface Literal {
  readonly text: string;
  /** The type it was cast to, where the plan says; the column's own otherwise. */
  readonly type?: PrimitiveName;
}
