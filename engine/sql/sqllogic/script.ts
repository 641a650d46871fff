/** A test script, taken apart: what `parseScript` gives and `runScript` runs. */
export interface Script {
  readonly tags: readonly string[];
  readonly steps: readonly Step[];
}

export type Step =
  | StatementStep
  | QueryStep
  | LoopStep
  | (Located & { readonly kind: 'require'; readonly name: string; readonly arguments: readonly string[] })
  | (Located & { readonly kind: 'require-env'; readonly name: string; readonly value: string | undefined })
  | (Located & { readonly kind: 'test-env'; readonly name: string; readonly value: string })
  | (Located & { readonly kind: 'load'; readonly path: string | undefined; readonly readOnly: boolean })
  | (Located & { readonly kind: 'unzip'; readonly from: string; readonly to: string | undefined })
  | (Located & { readonly kind: 'sleep'; readonly durationMs: number })
  | (Located & { readonly kind: 'hash-threshold'; readonly count: number })
  | (Located & { readonly kind: 'reset-label'; readonly label: string })
  | (Located & { readonly kind: 'ignore-errors' | 'never-expected-errors'; readonly texts: readonly string[] })
  | (Located & { readonly kind: 'seed'; readonly seed: string })
  | (Located & { readonly kind: 'restart' | 'reconnect' | 'continue' });

export interface Located {
  /** Line of the script, from 1. */
  readonly line: number;
  /** All must hold for the step to be run. */
  readonly conditions: readonly Condition[];
}

/** `skipif` and `onlyif`: of a database system, or of the value of a loop's variable. */
export type Condition =
  | { readonly kind: 'system'; readonly name: string; readonly skip: boolean }
  | {
      readonly kind: 'loop';
      readonly variable: string;
      readonly operator: LoopOperator;
      readonly value: string;
      readonly skip: boolean;
    };

export type LoopOperator = '<>' | '>=' | '>' | '<=' | '<' | '=';

export interface StatementStep extends Located {
  readonly kind: 'statement';
  /** `maybe`: either; an error must be the one that is expected. */
  readonly expect: 'ok' | 'error' | 'maybe';
  readonly sql: string;
  /** Text that the error's message holds, or a pattern; empty for any error. */
  readonly expectedError: string;
  /** Name of the connection; empty for the first one. */
  readonly connection: string;
}

export interface QueryStep extends Located {
  readonly kind: 'query';
  readonly columnCount: number;
  readonly sort: SortMode;
  /** Queries with the same label must have the same result. */
  readonly label: string | undefined;
  readonly sql: string;
  /** Lines below `----`: a value each, or a row each with tabs between its values, or one hash. */
  readonly expected: readonly string[];
  readonly connection: string;
}

export type SortMode = 'nosort' | 'rowsort' | 'valuesort';

export interface LoopStep extends Located {
  readonly kind: 'loop';
  /** Several names with commas between them take a value apart at its commas. */
  readonly variable: string;
  readonly values: readonly string[];
  /** Turns run side by side, each on a connection of its own. */
  readonly concurrent: boolean;
  readonly body: readonly Step[];
}
