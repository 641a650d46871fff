import { AlopexError, SqlState } from '../../errors.ts';
import type { Parameters } from '../../ports/kernel.ts';
import { isDefinitionStatement } from '../definitions/run.ts';
import { tokenize } from '../lexer.ts';
import { isControl, type RunnableStatement } from '../parse/control-statement.ts';
import { parseStatement } from '../parse/parse-statement.ts';
import { withPastTables } from '../parse/past-tables.ts';
import { pieceOf } from './parameters.ts';
import { NOTHING_PAST } from './past-tables.ts';
import type { Session } from './session.ts';

export interface PastStatement {
  readonly statement: RunnableStatement;
  readonly text: string;
  readonly parameters: Parameters | undefined;
}

/** Tells a session which tables a statement reads as they were, and gives the statement as it runs then. Throws `0A000` where only tables as they are can be. */
export function readsPast(
  session: Session,
  statement: RunnableStatement,
  typed: string,
  parameters: Parameters | undefined,
): PastStatement {
  const past = withPastTables(typed);
  session.readPast(past.tables.length === 0 ? NOTHING_PAST : { tables: past.tables, parameters });
  if (past.tables.length === 0) return { statement, text: typed, parameters };
  if (isDefinitionStatement(statement) || (statement.kind === 'temporary' && isStored(typed))) {
    throw new AlopexError(SqlState.featureNotSupported, 'a view or macro cannot read a table as it was', {
      hint: 'The version would be gone one day: use AT in the query itself, or store the rows by CREATE TABLE … AS.',
    });
  }
  const hasParameters = past.tables.some(({ expression }) =>
    tokenize(expression).some((token) => token.kind === 'parameter'),
  );
  const piece = hasParameters ? pieceOf(past.text, parameters) : { sql: past.text, parameters };
  const rewritten = parseStatement(piece.sql);
  if (isControl(rewritten)) return { statement, text: typed, parameters };
  return { statement: rewritten, text: piece.sql, parameters: piece.parameters };
}

/** Whether a statement about temporary objects stores its query, and not the rows. */
function isStored(text: string): boolean {
  return /^\s*CREATE\s+(OR\s+REPLACE\s+)?(TEMP|TEMPORARY)\s+(VIEW|MACRO|FUNCTION)\b/i.test(text);
}
