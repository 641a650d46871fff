import { AlopexError } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { quoteList } from '../../table/data-type.ts';
import { identifierValue, significant, tokenize } from '../lexer.ts';

/** How much an expression may depend on when it is worked out: on nothing but its columns, or on the statement too. */
export type Steadiness = 'immutable' | 'stable';

/** Functions that are called without parentheses. */
const BARE_CALLS: ReadonlySet<string> = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
]);

/**
 * Throws `42P17` when an expression, as the kernel writes it, may give another value each time: by a function that says so of itself, or by a macro, which may hide one. `what` names the
 * expression.
 */
export async function refuseUnsteady(
  connection: KernelConnection,
  sql: string,
  wanted: Steadiness,
  what: string,
): Promise<void> {
  const tokens = significant(tokenize(sql));
  const called = tokens.flatMap((token, at) => {
    const name = identifierValue(token)?.toLowerCase();
    if (name === undefined) return [];
    return tokens[at + 1]?.text === '(' || BARE_CALLS.has(name) ? [name] : [];
  });
  if (called.length === 0) return;
  const unsteady = wanted === 'stable' ? `'VOLATILE'` : `'VOLATILE', 'CONSISTENT_WITHIN_QUERY'`;
  const [found] = await connection.rows(
    `SELECT function_name AS name FROM duckdb_functions() WHERE lower(function_name) IN (SELECT unnest(${quoteList([...new Set(called)])})) AND (stability IN (${unsteady}) OR (function_type = 'macro' AND NOT internal)) LIMIT 1`,
  );
  const bare = wanted === 'stable' ? undefined : called.find((name) => BARE_CALLS.has(name));
  const name = found === undefined ? bare : String(found['name']);
  if (name === undefined) return;
  throw new AlopexError('42P17', `${what} cannot use ${name}, which may give another value each time`, {
    hint: 'Use functions that depend on their arguments alone, and no macros.',
  });
}
