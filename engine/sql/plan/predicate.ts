import type { PrimitiveType } from '../../table/schema.ts';
import type { Shift } from './interval.ts';

/** A condition on the columns of one table, as far as it can decide whether a file may hold a matching row. */
export type Predicate =
  | {
      readonly kind: 'compare';
      readonly operand: Operand;
      readonly operator: CompareOperator;
      readonly literal: Value;
    }
  | { readonly kind: 'null'; readonly operand: Operand; readonly negated: boolean }
  /** A text that starts with another. */
  | { readonly kind: 'prefix'; readonly operand: Operand; readonly prefix: string }
  /** Equal to a key of another table's rows. */
  | { readonly kind: 'keys'; readonly operand: Operand; readonly source: KeySource }
  | { readonly kind: 'and' | 'or'; readonly children: readonly Predicate[] }
  /** Null: true of no row, and its negation neither. */
  | { readonly kind: 'never' }
  /** Not understood: any row may match. */
  | { readonly kind: 'unknown' };

/** The rows of one side of a join. */
export interface KeySource {
  /** Its `tableKey`. */
  readonly table: string;
  readonly column: string;
  /** Conditions on its rows, as SQL. */
  readonly filters: readonly string[];
}

export type CompareOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A column, or a field of a struct column, after conversions that keep the order of values. */
export interface Operand {
  /** The column, then the names of nested fields. */
  readonly path: readonly string[];
  /** Applied one after the other. */
  readonly conversions: readonly Conversion[];
}

export type Conversion =
  | { readonly kind: 'cast'; readonly type: PrimitiveType }
  | { readonly kind: 'year' }
  | { readonly kind: 'truncate'; readonly unit: TruncateUnit }
  /** The first characters of a text. */
  | { readonly kind: 'left'; readonly length: number };

export type TruncateUnit = 'year' | 'quarter' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second';

/** What an operand is compared with. */
export type Value = Literal | ParameterReference | PresentTime;

/** A constant. */
export interface Literal {
  readonly text: string;
  /** How it was written: a number, or a text in quotes. */
  readonly written: 'number' | 'text' | 'keyword' | 'null';
  /** The type it was cast to, where one was. */
  readonly type?: PrimitiveType;
}

/** `$1` or `$name`, whose value is known when the statement runs. */
export interface ParameterReference {
  /** Without the `$`. */
  readonly parameter: string;
}

/** `now()` and its like, with what is done to it, step by step. */
export interface PresentTime {
  readonly present: PrimitiveType;
  readonly steps: readonly (Shift | { readonly cast: PrimitiveType })[];
}

export const UNKNOWN: Predicate = { kind: 'unknown' };

const INVERSE: Readonly<Record<CompareOperator, CompareOperator>> = {
  '=': '!=',
  '!=': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

export const MIRRORED: Readonly<Record<CompareOperator, CompareOperator>> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** The rows for which a condition is false. (Those for which it is null match neither.) */
export function negate(predicate: Predicate): Predicate {
  switch (predicate.kind) {
    case 'compare':
      return { ...predicate, operator: INVERSE[predicate.operator] };
    case 'null':
      return { ...predicate, negated: !predicate.negated };
    case 'and':
    case 'or':
      return { kind: predicate.kind === 'and' ? 'or' : 'and', children: predicate.children.map(negate) };
    case 'never':
      return predicate;
    case 'prefix':
    case 'keys':
    case 'unknown':
      return UNKNOWN;
  }
}
