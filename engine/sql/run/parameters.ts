import { AlopexError, SqlState } from '../../errors.ts';
import type { Parameter, Parameters } from '../../ports/kernel.ts';
import { tokenize } from '../lexer.ts';

/**
 * Some statements run as several of the kernel's, each of which holds some of the parameters. So `?` is numbered first (`numberParameters`), and each
 * piece is given just the parameters that it names (`pieceOf`).
 */
export function numberParameters(text: string): string {
  if (!text.includes('?')) return text;
  let count = 0;
  return tokenize(text)
    .map((token) => (token.kind === 'parameter' && token.text === '?' ? `$${++count}` : token.text))
    .join('');
}

/** A piece of a statement with the parameters that it names, those by position numbered anew from 1. */
export function pieceOf(sql: string, parameters: Parameters | undefined): { sql: string; parameters?: Parameters } {
  if (parameters === undefined) return { sql };
  return isList(parameters) ? positionalPiece(sql, parameters) : namedPiece(sql, parameters);
}

function positionalPiece(sql: string, values: readonly Parameter[]): { sql: string; parameters: Parameters } {
  const numbers = new Map<string, number>();
  const used: Parameter[] = [];
  const text = tokenize(sql).map((token) => {
    if (token.kind !== 'parameter') return token.text;
    const known = numbers.get(token.text);
    if (known !== undefined) return `$${known}`;
    const index = Number(token.text.slice(1)) - 1;
    const value = values[index];
    if (value === undefined) throw missing(token.text);
    numbers.set(token.text, used.push(value));
    return `$${used.length}`;
  });
  return { sql: text.join(''), parameters: used };
}

function namedPiece(sql: string, values: Readonly<Record<string, Parameter>>): { sql: string; parameters: Parameters } {
  const used: Record<string, Parameter> = {};
  for (const token of tokenize(sql)) {
    if (token.kind !== 'parameter') continue;
    const name = token.text.slice(1);
    const value = values[name];
    if (value === undefined) throw missing(token.text);
    used[name] = value;
  }
  return { sql, parameters: used };
}

function missing(name: string): AlopexError {
  return new AlopexError(SqlState.invalidParameter, `parameter ${name} has no value`);
}

function isList(parameters: Parameters): parameters is readonly Parameter[] {
  return Array.isArray(parameters);
}
