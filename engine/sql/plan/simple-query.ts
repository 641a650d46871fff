import { identifierValue, isKeyword, significant, tokenize, type Token } from '../lexer.ts';
import { readTypedCondition } from './condition-reader.ts';
import type { Predicate } from './predicate.ts';

/**
 * A query of one table, with no subquery and nothing before SELECT, as most queries of applications are. What it needs of the table can be read off its text, without the kernel's
 * optimizer.
 */
export interface SimpleQuery {
  readonly table: string;
  /** By which its columns can be qualified. */
  readonly qualifier: string;
  /** Tokens of each item of the select list. */
  readonly items: readonly (readonly Token[])[];
  /** `undefined`: not understood. */
  readonly where: Predicate | undefined;
  /** The condition as it was typed, if there is one. */
  readonly whereText: string | undefined;
  /** From the word FROM on. */
  readonly fromText: string;
  readonly orderBy: readonly Token[];
  /** Rows wanted, OFFSET included; `undefined` without a limit or with one that is no plain number. */
  readonly limit: number | undefined;
  /** There is a LIMIT or an OFFSET. */
  readonly isLimited: boolean;
  /** Nothing but SELECT, FROM, WHERE, ORDER BY and LIMIT, and each row stands for itself. */
  readonly isPlain: boolean;
}

const CLAUSES = ['WHERE', 'GROUP', 'HAVING', 'WINDOW', 'QUALIFY', 'ORDER', 'LIMIT', 'OFFSET'] as const;
type Clause = (typeof CLAUSES)[number];

/** Words with which there is more than one source of rows, or another order of things. */
const FOREIGN: ReadonlySet<string> = new Set([
  'WITH',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'JOIN',
  'PIVOT',
  'UNPIVOT',
  'TABLESAMPLE',
  'FETCH',
  'INTO',
  'AT',
  'USING',
  'TABLE',
  'VALUES',
  'DESCRIBE',
  'SHOW',
  'SUMMARIZE',
]);

/** `undefined` when a query is not of this kind. */
export function readSimpleQuery(text: string): SimpleQuery | undefined {
  const tokens = significant(tokenize(text));
  if (tokens.at(-1)?.text === ';') tokens.pop();
  if (!isKeyword(tokens[0], 'SELECT')) return undefined;
  const words = tokens.map(wordOf);
  if (words.indexOf('SELECT', 1) >= 0 || words.some((word) => FOREIGN.has(word))) return undefined;
  const depths = depthsOf(tokens);
  // A second FROM may be that of a subquery, which needs no SELECT.
  const sources = [...words.keys()].filter((index) => isSource(words, index));
  const [from = 0] = sources;
  if (sources.length !== 1 || depths[from] !== 0) return undefined;
  const source = readSource(tokens, from + 1);
  const clauses = source === undefined ? undefined : splitClauses(tokens, words, depths, source.end);
  if (source === undefined || clauses === undefined) return undefined;
  const isDistinct = isKeyword(tokens[1], 'DISTINCT') || isKeyword(tokens[1], 'ALL');
  const where = clauses.get('WHERE');
  return {
    table: source.table,
    qualifier: source.qualifier,
    items: splitList(tokens.slice(1, from)),
    where:
      where === undefined
        ? { kind: 'and', children: [] }
        : readTypedCondition(where, new Set([source.qualifier.toLowerCase()])),
    whereText: where === undefined ? undefined : text.slice(where[0]?.start, where.at(-1)?.end),
    fromText: text.slice(tokens[from]?.start, tokens.at(-1)?.end),
    orderBy: clauses.get('ORDER') ?? [],
    limit: limitOf(clauses.get('LIMIT'), clauses.get('OFFSET')),
    isLimited: clauses.has('LIMIT') || clauses.has('OFFSET'),
    isPlain: !isDistinct && !(['GROUP', 'HAVING', 'WINDOW', 'QUALIFY'] as const).some((clause) => clauses.has(clause)),
  };
}

/** Not `IS DISTINCT FROM` or `extract(year FROM …)`. */
function isSource(words: readonly string[], index: number): boolean {
  return words[index] === 'FROM' && words[index - 1] !== 'DISTINCT' && words[index - 3] !== 'EXTRACT';
}

/** An unquoted word in upper case; empty for other tokens. */
function wordOf(token: Token): string {
  return token.kind === 'identifier' ? token.text.toUpperCase() : '';
}

function depthsOf(tokens: readonly Token[]): number[] {
  let depth = 0;
  return tokens.map(({ text, kind }) => {
    if (kind !== 'punctuation') return depth;
    if (text === '(' || text === '[' || text === '{') return depth++;
    if (text === ')' || text === ']' || text === '}') depth--;
    return depth;
  });
}

function readSource(
  tokens: readonly Token[],
  start: number,
): { table: string; qualifier: string; end: number } | undefined {
  const nameToken = tokens[start];
  const table = nameToken === undefined ? undefined : identifierValue(nameToken);
  if (table === undefined) return undefined;
  let end = start + 1;
  if (isKeyword(tokens[end], 'AS')) end++;
  const aliasToken = tokens[end];
  const isAlias = aliasToken !== undefined && !(CLAUSES as readonly string[]).includes(wordOf(aliasToken));
  const alias = isAlias ? identifierValue(aliasToken) : undefined;
  if (alias !== undefined) end++;
  else if (end > start + 1) return undefined;
  return { table, qualifier: alias ?? table, end };
}

/** The tokens of each clause; undefined if something else follows the table. */
function splitClauses(
  tokens: readonly Token[],
  words: readonly string[],
  depths: readonly number[],
  start: number,
): Map<Clause, Token[]> | undefined {
  const clauses = new Map<Clause, Token[]>();
  let current: Token[] | undefined;
  for (let index = start; index < tokens.length; index++) {
    const clause = depths[index] === 0 ? CLAUSES.find((name) => name === words[index]) : undefined;
    const token = tokens[index];
    if (clause !== undefined) {
      if (clauses.has(clause)) return undefined;
      clauses.set(clause, (current = []));
      if (clause === 'ORDER' || clause === 'GROUP') {
        if (words[++index] !== 'BY') return undefined;
      }
    } else if (current === undefined || token === undefined) return undefined;
    else current.push(token);
  }
  return clauses;
}

/** The items of a list, split at its own commas. */
export function splitList(tokens: readonly Token[]): Token[][] {
  const items: Token[][] = [[]];
  const depths = depthsOf(tokens);
  for (const [index, token] of tokens.entries()) {
    if (token.text === ',' && depths[index] === 0) items.push([]);
    else items.at(-1)?.push(token);
  }
  return items;
}

function limitOf(limit: readonly Token[] | undefined, offset: readonly Token[] | undefined): number | undefined {
  const [rows, skipped] = [wholeNumber(limit ?? []), offset === undefined ? 0 : wholeNumber(offset)];
  return rows === undefined || rows === 0 || skipped === undefined ? undefined : rows + skipped;
}

function wholeNumber(tokens: readonly Token[]): number | undefined {
  const [token] = tokens;
  return tokens.length === 1 && token?.kind === 'number' && /^\d{1,9}$/.test(token.text)
    ? Number(token.text)
    : undefined;
}
