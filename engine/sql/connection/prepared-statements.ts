import { AlopexError, SqlState } from '../../errors.ts';
import { significant, tokenize } from '../lexer.ts';
import { numberParameters } from '../run/parameters.ts';
import { parseStatement } from '../parse/parse-statement.ts';
import { TokenReader } from '../parse/token-reader.ts';

/** Statements that a connection has prepared by name, as text: their parameters are filled in as expressions, so that literals are typed as they would be in place. */
export class PreparedStatements {
  readonly #texts = new Map<string, string>();

  /** Throws `42P05` when the name is taken. */
  add(name: string, text: string): void {
    if (this.#texts.has(name)) {
      throw new AlopexError('42P05', `prepared statement "${name}" exists already`, {
        hint: `DEALLOCATE ${name} removes it.`,
      });
    }
    const numbered = numberParameters(text);
    const { kind } = parseStatement(numbered);
    if (!PREPARABLE.has(kind)) {
      throw new AlopexError(SqlState.featureNotSupported, 'only queries and statements that change rows are prepared');
    }
    this.#texts.set(name, numbered);
  }

  /** The text of a prepared statement with these values in place of its parameters. Throws `26000` and `42601`. */
  expand(name: string, values: string): string {
    const text = this.#texts.get(name);
    if (text === undefined) throw undefinedStatement(name);
    const given = valuesByName(values);
    const used = new Set<string>();
    const expanded = tokenize(text)
      .map((token) => {
        if (token.kind !== 'parameter') return token.text;
        const key = token.text.slice(1).toLowerCase();
        const value = given.get(key);
        if (value === undefined) throw wrongValues(name, `has no value for parameter ${token.text}`);
        used.add(key);
        return isWhole(value) ? value : `(${value})`;
      })
      .join('');
    if (used.size < given.size) throw wrongValues(name, `takes ${used.size} values, and ${given.size} are given`);
    return expanded;
  }

  /** Throws `26000`. */
  remove(name: string): void {
    if (!this.#texts.delete(name)) throw undefinedStatement(name);
  }

  clear(): void {
    this.#texts.clear();
  }

  get size(): number {
    return this.#texts.size;
  }
}

/** A literal or a list, which needs no parentheses: a list in them would be a value of IN, and not the values. */
function isWhole(value: string): boolean {
  const tokens = significant(tokenize(value));
  if (tokens.length === 1) return true;
  let depth = 0;
  return (
    tokens[0]?.text === '[' &&
    tokens.every(({ text }, at) => {
      if (text === '[') depth++;
      else if (text === ']') depth--;
      return depth > 0 || at === tokens.length - 1;
    })
  );
}

const PREPARABLE: ReadonlySet<string> = new Set([
  'query',
  'insert',
  'update',
  'delete',
  'merge',
  'copy-from',
  'explain',
]);

/** `1, 'a'` by position, `name := 1` by name. */
function valuesByName(values: string): Map<string, string> {
  const reader = new TokenReader(values);
  const byName = new Map<string, string>();
  for (const item of reader.listUntil(reader.end)) {
    const single = new TokenReader(item);
    const isNamed = single.peek(1)?.text === ':=';
    const key = isNamed ? single.identifier('the name of a parameter').toLowerCase() : String(byName.size + 1);
    if (isNamed) single.next();
    byName.set(key, single.rest());
  }
  return byName;
}

function undefinedStatement(name: string): AlopexError {
  return new AlopexError('26000', `prepared statement "${name}" does not exist`);
}

function wrongValues(name: string, problem: string): AlopexError {
  return new AlopexError(SqlState.syntaxError, `prepared statement "${name}" ${problem}`);
}
