import { AlopexError } from '../../errors.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import { isKeyword, significant, tokenize, type Token } from '../lexer.ts';

/** A table that a query reads, and the query that yields its rows. */
export interface InlinedTable {
  readonly name: string;
  readonly sql: string;
}

/** A query as the kernel is given it, and how to show its errors to the one who typed it. */
export interface KernelQuery {
  readonly sql: string;
  /** An error as it would be without what was added. */
  readonly explain: (error: unknown) => unknown;
}

export const AS_TYPED = (error: unknown): unknown => error;

/** Words with which the kernel takes a query apart, or samples tables themselves. */
const NOT_INLINED = /\b(pivot|unpivot|pivot_wider|pivot_longer|tablesample|using\s+sample)\b/i;

/**
 * Whether a query can be given its tables as CTEs: it begins with SELECT or FROM, and its only subqueries stand in FROM. With CTEs of its own, and with subqueries in expressions, the kernel's
 * plan would be another than with views: it materializes fewer of those, and joins these otherwise.
 */
export function canInline(text: string): boolean {
  if (NOT_INLINED.test(text)) return false;
  const tokens = significant(tokenize(text));
  if (!isKeyword(tokens[0], 'SELECT') && !isKeyword(tokens[0], 'FROM')) return false;
  return !tokens.some(
    (token, index) =>
      isKeyword(token, 'WITH') ||
      (token.text === '(' && startsQuery(tokens[index + 1]) && !isSource(tokens[index - 1])),
  );
}

function startsQuery(token: Token | undefined): boolean {
  return ['SELECT', 'FROM', 'VALUES', 'TABLE', 'WITH'].some((word) => isKeyword(token, word));
}

function isSource(before: Token | undefined): boolean {
  return isKeyword(before, 'FROM') || isKeyword(before, 'JOIN');
}

/**
 * Puts the scans of tables in front of a query, as CTEs on lines of their own: the same plan as with views, without a statement for each view, which the kernel would bind to files one more
 * time. The query keeps its lines, so messages need only other numbers.
 */
export function inlineScans(text: string, tables: readonly InlinedTable[]): KernelQuery {
  if (tables.length === 0) return { sql: text, explain: AS_TYPED };
  const scans = tables.map(({ name, sql }) => `${quoteIdentifier(name)} AS NOT MATERIALIZED (${sql})`).join(',\n');
  const prefix = `WITH ${scans}\n`;
  const added = prefix.split('\n').length - 1;
  return { sql: prefix + text, explain: (error) => explained(error, added) };
}

function explained(error: unknown, added: number): unknown {
  if (!(error instanceof AlopexError) || !/^LINE \d+: /m.test(error.message)) return error;
  const message = error.message.replace(
    /^LINE (\d+): (.*)$(\n *(?=\^))?/m,
    (whole, number: string, line: string, caret = '') => {
      const at = Number(number) - added;
      if (at < 1) return whole;
      const indent = String(caret).slice(0, String(caret).length - (number.length - String(at).length));
      return `LINE ${at}: ${line}${indent}`;
    },
  );
  return new AlopexError(error.code, message, { ...hintOf(error), cause: error });
}

function hintOf({ hint }: AlopexError): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
