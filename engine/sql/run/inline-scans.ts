import { AlopexError } from '../../errors.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import { identifierValue, isKeyword, significant, tokenize, type Token } from '../lexer.ts';

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

/** Whether a query that names these tables can be given them as CTEs: it begins with SELECT, FROM or WITH, and has no CTE by such a name. */
export function canInline(text: string, tableNames: readonly string[]): boolean {
  if (NOT_INLINED.test(text)) return false;
  const tokens = significant(tokenize(text));
  const [first] = tokens;
  if (!['SELECT', 'FROM', 'WITH'].some((word) => isKeyword(first, word))) return false;
  if (!tokens.some((token) => isKeyword(token, 'WITH'))) return true;
  const names = new Set(tableNames.map((name) => name.toLowerCase()));
  return !tokens.some((token, index) => names.has(nameOf(token)) && isDefined(tokens[index + 1]));
}

function nameOf(token: Token): string {
  return identifierValue(token)?.toLowerCase() ?? '';
}

/** After the name of a CTE. */
function isDefined(token: Token | undefined): boolean {
  return token?.text === '(' || isKeyword(token, 'AS') || isKeyword(token, 'USING');
}

/**
 * Puts the scans of tables in front of a query, as CTEs on lines of their own: the same plan as with views, without a statement for each view, which the kernel would bind to files one more
 * time. The query keeps its lines, so messages need only other numbers.
 */
export function inlineScans(text: string, tables: readonly InlinedTable[]): KernelQuery {
  if (tables.length === 0) return { sql: text, explain: AS_TYPED };
  const scans = tables.map(({ name, sql }) => `${quoteIdentifier(name)} AS NOT MATERIALIZED (${sql})`).join(',\n');
  const tokens = tokenize(text);
  const [first, second] = significant(tokens);
  if (!isKeyword(first, 'WITH') || first === undefined) return shown(text, `WITH ${scans}\n`, text);
  const isRecursive = isKeyword(second, 'RECURSIVE');
  const end = isRecursive ? (second?.end ?? first.end) : first.end;
  const rest = text.slice(0, end).replaceAll(/\S/g, ' ') + text.slice(end);
  return shown(text, `WITH ${isRecursive ? 'RECURSIVE ' : ''}${scans},\n`, rest);
}

function shown(typed: string, prefix: string, rest: string): KernelQuery {
  const added = prefix.split('\n').length - 1;
  return {
    sql: prefix + rest,
    explain: (error) => {
      if (!(error instanceof AlopexError) || !/^LINE \d+: /m.test(error.message)) return error;
      const message = error.message.replace(
        /^LINE (\d+): (.*)$(\n *(?=\^))?/m,
        (whole, number: string, line: string, caret = '') => {
          const at = Number(number) - added;
          if (at < 1) return whole;
          const isUncut = line === rest.split('\n')[at - 1];
          const indent = String(caret).slice(0, String(caret).length - (number.length - String(at).length));
          return `LINE ${at}: ${isUncut ? (typed.split('\n')[at - 1] ?? line) : line}${indent}`;
        },
      );
      return new AlopexError(error.code, message, { ...hintOf(error), cause: error });
    },
  };
}

function hintOf({ hint }: AlopexError): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
