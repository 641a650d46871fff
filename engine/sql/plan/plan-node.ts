import { identifierValue, significant, tokenize } from '../lexer.ts';

/** A node of the kernel's `EXPLAIN (FORMAT JSON)`. Lists of one are printed as their element. */
export interface PlanNode {
  readonly name: string;
  readonly children: readonly PlanNode[];
  readonly extra_info: {
    readonly Table?: string;
    readonly Projections?: string | readonly string[];
    readonly Filters?: string | readonly string[];
    readonly Expression?: string | readonly string[];
    readonly Conditions?: string | readonly string[];
    readonly 'Join Type'?: string;
  };
}

/** A qualified name as a plan prints it, in quotes where it needs them, as `tableKey` has it. */
export function printedTableKey(printed: string): string {
  const names = significant(tokenize(printed)).flatMap((token) => identifierValue(token) ?? []);
  return tableKey(names);
}

export function tableKey(names: readonly string[]): string {
  return JSON.stringify(names.map((name) => name.toLowerCase()));
}
