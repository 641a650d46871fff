import { AlopexError, SqlState } from '../engine/errors.ts';
import type { KernelConnection } from '../engine/ports/kernel.ts';
import { identifierValue, isKeyword, significant, tokenize } from '../engine/sql/lexer.ts';
import { quoteList } from '../engine/table/data-type.ts';

/**
 * Refuses a condition that calls a function such as random(), which may answer otherwise when asked again. A move asks several times: which
 * files have matching rows, which rows go, which stay. A row that answered differently would be lost, or be there twice.
 */
export async function refuseVolatile(connection: KernelConnection, condition: string): Promise<void> {
  const chance = significant(tokenize(condition)).find((token) => CHANCE.some((word) => isKeyword(token, word)));
  if (chance !== undefined) throw refusal(`uses ${chance.text.toUpperCase()}`, condition);
  const called = calledFunctions(condition);
  if (called.length === 0) return;
  const [found] = await connection.rows(
    `SELECT function_name FROM duckdb_functions() WHERE stability = 'VOLATILE' AND lower(function_name) IN (SELECT unnest(${quoteList(called)})) LIMIT 1`,
  );
  if (found === undefined) return;
  throw refusal(`calls ${String(found['function_name'])}()`, condition);
}

/** Words of a subquery that leave it to chance which rows it has. */
const CHANCE = ['SAMPLE', 'TABLESAMPLE', 'LIMIT'] as const;

function refusal(what: string, condition: string): AlopexError {
  return new AlopexError(
    SqlState.invalidParameter,
    `the condition ${what}, which may give different answers for the same row: ${condition}`,
    { hint: 'Use a condition on the columns alone. now() is allowed: it is the same for all rows.' },
  );
}

/** Names in lower case before an opening parenthesis. */
function calledFunctions(condition: string): string[] {
  const tokens = significant(tokenize(condition));
  return tokens.flatMap((token, index) =>
    tokens[index + 1]?.text === '(' ? (identifierValue(token)?.toLowerCase() ?? []) : [],
  );
}
