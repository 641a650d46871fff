import type { ObjectName } from '../../table/object-name.ts';
import { identifierValue, isKeyword, isSignificant, tokenize, type Token } from '../lexer.ts';

/** Begins the names of the schemas in which a session shows tables as they were. They are reserved, like all names that begin with `alopex`. */
const PAST_SCHEMA = 'alopex_';

/** A table that a statement reads as it was: `name AT (VERSION => expression)` or `name AT (TIMESTAMP => expression)`. */
export interface PastTable {
  readonly name: ObjectName;
  /** The schema by which the rewritten text names it. */
  readonly schemaName: string;
  readonly unit: 'version' | 'timestamp';
  readonly expression: string;
}

export interface PastText {
  /** As long as the text that was typed, so that what comes later keeps its position. */
  readonly text: string;
  readonly tables: readonly PastTable[];
}

/** A text in which each table that is read as it was is named by a schema of its own, in place of the AT clause. */
export function withPastTables(text: string): PastText {
  if (!/\bat\b/i.test(text)) return { text, tables: [] };
  const tokens = tokenize(text).filter(isSignificant);
  const tables: PastTable[] = [];
  let rewritten = '';
  let copied = 0;
  for (let at = 1; at < tokens.length; at++) {
    const clause = clauseAt(tokens, at);
    const named = clause === undefined ? undefined : nameBefore(tokens, at);
    const begin = tokens[at];
    if (clause === undefined || named === undefined || begin === undefined) continue;
    const schemaName = `${PAST_SCHEMA}${tables.length + 1}`;
    const { first, last, name } = named;
    const expression = text.slice(clause.expression.start, clause.expression.end);
    tables.push({ name, schemaName, unit: clause.unit, expression });
    const replaced = `${schemaName}.${last.text}`;
    const grown = replaced.length - (last.end - first.start);
    rewritten += text.slice(copied, first.start) + replaced + text.slice(last.end, begin.start);
    rewritten += blank(text.slice(begin.start, clause.end)).slice(grown);
    copied = clause.end;
    at = clause.next - 1;
  }
  return { text: rewritten + text.slice(copied), tables };
}

/** Without the names of tables that are read as they were: what is left names the others. */
export function withoutPastTables(text: string): string {
  return text.replaceAll(/\balopex_\d+\.("(?:[^"]|"")*"|[^\s(),;.]+)/g, '');
}

export function isPastSchema(schemaName: string): boolean {
  return /^alopex_\d+$/.test(schemaName);
}

interface Clause {
  readonly unit: PastTable['unit'];
  readonly expression: { readonly start: number; readonly end: number };
  /** Offset in the text after the closing parenthesis, and index of the token there. */
  readonly end: number;
  readonly next: number;
}

function clauseAt(tokens: readonly Token[], at: number): Clause | undefined {
  const [word, open, unit, arrow] = tokens.slice(at, at + 4);
  if (!isKeyword(word, 'AT') || open?.text !== '(' || arrow?.text !== '=>') return undefined;
  const isVersion = isKeyword(unit, 'VERSION');
  if (!isVersion && !isKeyword(unit, 'TIMESTAMP')) return undefined;
  let depth = 1;
  for (let next = at + 4; next < tokens.length; next++) {
    const token = tokens[next];
    if (token === undefined) return undefined;
    if (token.text === '(') depth++;
    if (token.text === ')') depth--;
    if (depth > 0) continue;
    const expression = { start: arrow.end, end: token.start };
    return { unit: isVersion ? 'version' : 'timestamp', expression, end: token.end, next: next + 1 };
  }
  return undefined;
}

interface NameBefore {
  readonly first: Token;
  readonly last: Token;
  readonly name: ObjectName;
}

/** Words that stand in front of a table, and are no table with an alias behind. */
const BEFORE_TABLE: ReadonlySet<string> = new Set([
  'FROM',
  'JOIN',
  'USING',
  'LATERAL',
  'TABLE',
  'POSITIONAL',
  'INTO',
  'UPDATE',
  'DESCRIBE',
  'SUMMARIZE',
]);

/** The table in front of a clause: `t`, `s.t`, `t x` or `t AS x`. */
function nameBefore(tokens: readonly Token[], at: number): NameBefore | undefined {
  let end = at - 1;
  const before = tokens[end - 1];
  if (isKeyword(before, 'AS')) end -= 2;
  else if (before !== undefined && isName(before)) end -= 1;
  const last = tokens[end];
  const name = last === undefined ? undefined : identifierValue(last);
  if (last === undefined || name === undefined) return undefined;
  const schema = tokens[end - 1]?.text === '.' ? tokens[end - 2] : undefined;
  const schemaName = schema === undefined ? undefined : identifierValue(schema);
  if (schema === undefined || schemaName === undefined) return { first: last, last, name: { name } };
  return { first: schema, last, name: { schemaName, name } };
}

function isName(token: Token): boolean {
  return (
    identifierValue(token) !== undefined && !(token.kind === 'identifier' && BEFORE_TABLE.has(token.text.toUpperCase()))
  );
}

/** Spaces, with the line breaks where they were. */
function blank(text: string): string {
  return text.replaceAll(/[^\r\n]/g, ' ');
}
