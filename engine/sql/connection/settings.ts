import { AlopexError, SqlState } from '../../errors.ts';
import { stringValue, tokenize, significant } from '../lexer.ts';

/** Settings of the kernel that concern one connection alone, by the kernel's names in lower case. */
const LOCAL: ReadonlySet<string> = new Set(
  (
    'asof_loop_join_threshold calendar dynamic_or_filter_threshold explain_output file_search_path ieee_floating_point_ops integer_division lambda_syntax max_expression_depth ' +
    'merge_join_threshold nested_loop_join_threshold order_by_non_integer_literal ordered_aggregate_threshold perfect_ht_threshold pivot_filter_threshold ' +
    'pivot_limit prefer_range_joins preserve_identifier_case scalar_subquery_error_on_multiple_rows schema search_path timezone'
  ).split(' '),
);

/** Settings of the kernel that hold for the whole database at once, and that may be changed all the same. */
const SHARED: ReadonlySet<string> = new Set(
  'default_null_order max_memory max_temp_directory_size memory_limit null_order threads worker_threads'.split(' '),
);

/** Where a setting is kept. */
export type SettingPlace =
  | { readonly kind: 'own'; readonly name: OwnSetting }
  /** `isLocal` when it goes away with the connection. */
  | { readonly kind: 'kernel'; readonly isLocal: boolean };

/** What holds for all connections of a database. */
export interface SharedSettings {
  /** A transaction takes its snapshot when it begins, and not at its first statement. */
  startsAtOnce: boolean;
}

export type OwnSetting =
  | 'immediate_transaction_mode'
  | 'preserve_insertion_order'
  | 'statement_timeout'
  | 'lock_timeout'
  | 'default_transaction_isolation'
  | 'default_transaction_read_only'
  | 'transaction_isolation'
  | 'transaction_read_only';

const OWN: readonly OwnSetting[] = [
  'immediate_transaction_mode',
  'preserve_insertion_order',
  'statement_timeout',
  'lock_timeout',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'transaction_isolation',
  'transaction_read_only',
];

/** Throws `55P02` for a setting that the engine relies on; an unknown one is for the kernel to complain about. */
export function placeOfSetting(name: string, isKnown: boolean): SettingPlace {
  const own = OWN.find((candidate) => candidate === name);
  if (own !== undefined) return { kind: 'own', name: own };
  if (LOCAL.has(name) || !isKnown) return { kind: 'kernel', isLocal: true };
  if (SHARED.has(name)) return { kind: 'kernel', isLocal: false };
  throw new AlopexError('55P02', `setting "${name}" cannot be changed here: the engine relies on it`, {
    hint: 'docs/sql.md lists the settings that can.',
  });
}

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['us', 0.001],
  ['ms', 1],
  ['s', 1000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** `5000`, `'5s'`, `'2 min'`; zero, or DEFAULT, is none. Throws `22023`. */
export function parseTimeoutMs(valueSql: string | undefined): number {
  if (valueSql === undefined) return 0;
  const text = wordOf(valueSql);
  const [, number = '', unit = 'ms'] = /^(\d+(?:\.\d+)?)\s*([a-z]+)?$/i.exec(text) ?? [];
  const factor = UNITS_MS.get(unit.toLowerCase());
  if (number !== '' && factor !== undefined) return Number(number) * factor;
  throw new AlopexError(SqlState.invalidParameter, `${valueSql} is no length of time`, {
    hint: "Write milliseconds, or a number with a unit: '500ms', '5s', '2min', '1h'.",
  });
}

/** A single word, number or string. */
export function wordOf(valueSql: string): string {
  const tokens = significant(tokenize(valueSql));
  const [first] = tokens;
  return (tokens.length === 1 && first !== undefined ? stringValue(first) : undefined) ?? valueSql.trim();
}

export function parseLevelName(valueSql: string | undefined): 'snapshot' | 'serializable' {
  const name = valueSql === undefined ? 'snapshot' : wordOf(valueSql).toLowerCase();
  if (name === 'serializable') return 'serializable';
  if (['snapshot', 'repeatable read', 'read committed', 'read uncommitted'].includes(name)) return 'snapshot';
  throw new AlopexError(SqlState.invalidParameter, `${name} is no isolation level`, {
    hint: "The levels are 'snapshot' and 'serializable'; 'repeatable read' and 'read committed' are taken for 'snapshot'.",
  });
}

export function parseSwitch(name: string, valueSql: string | undefined): boolean {
  const word = valueSql === undefined ? 'off' : wordOf(valueSql).toLowerCase();
  if (['on', 'true', 'yes', '1'].includes(word)) return true;
  if (['off', 'false', 'no', '0'].includes(word)) return false;
  throw new AlopexError(SqlState.invalidParameter, `setting "${name}" is on or off, not ${word}`);
}
