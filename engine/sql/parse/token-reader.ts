import { AlopexError, SqlState } from '../../errors.ts';
import { SYSTEM_SCHEMA, type ObjectName } from '../../table/object-name.ts';
import { showingPlace } from '../error-position.ts';
import { identifierValue, isKeyword, significant, stringValue, tokenize, type Token } from '../lexer.ts';

/** Reads the tokens of one statement from left to right. Positions are indexes into its significant tokens. */
export class TokenReader {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.text = text;
    this.#tokens = significant(tokenize(text));
    const open = this.#tokens.find((token) => token.unterminated);
    if (open !== undefined) throw syntaxError(`unterminated ${open.kind}`, text, open.start);
  }

  get position(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  seek(position: number): void {
    this.#at = position;
  }

  peek(offset = 0): Token | undefined {
    return this.#tokens[this.#at + offset];
  }

  next(): Token {
    const token = this.peek();
    if (token === undefined) throw this.error('unexpected end of statement');
    this.#at++;
    return token;
  }

  /** True when these keywords come next. */
  isNext(...words: readonly string[]): boolean {
    return words.every((word, offset) => isKeyword(this.peek(offset), word));
  }

  /** Steps over these keywords if all of them come next. */
  accept(...words: readonly string[]): boolean {
    if (!this.isNext(...words)) return false;
    this.#at += words.length;
    return true;
  }

  expect(...words: readonly string[]): void {
    if (!this.accept(...words)) throw this.error(`expected ${words.join(' ')}`);
  }

  acceptSymbol(symbol: string): boolean {
    if (this.peek()?.text !== symbol) return false;
    this.#at++;
    return true;
  }

  expectSymbol(symbol: string): void {
    if (!this.acceptSymbol(symbol)) throw this.error(`expected "${symbol}"`);
  }

  identifier(what: string): string {
    const token = this.peek();
    const value = token === undefined ? undefined : identifierValue(token);
    if (value === undefined) throw this.error(`expected ${what}`);
    this.#at++;
    return value;
  }

  /** `name` or `schema.name`. Throws `42939` for the schema of the system tables. */
  tableName(): ObjectName {
    return this.objectName('a table name');
  }

  /** `name` or `schema.name` of whatever `what` says. Throws `42939` for the schema of the system tables. */
  objectName(what: string): ObjectName {
    const first = this.identifier(what);
    if (!this.acceptSymbol('.')) return { name: first };
    const name = this.identifier(what);
    if (this.peek()?.text === '.') {
      throw new AlopexError(SqlState.featureNotSupported, 'a name has a schema at most, and no database', {
        hint: `Write ${name}.${this.peek(1)?.text ?? '…'}.`,
      });
    }
    if (first.toLowerCase() === SYSTEM_SCHEMA) {
      throw new AlopexError(
        SqlState.reservedName,
        `schema "${first}" is the system's own: what is in it can only be read`,
      );
    }
    return { schemaName: first, name };
  }

  string(what: string): string {
    const token = this.peek();
    const value = token === undefined ? undefined : stringValue(token);
    if (value === undefined) throw this.error(`expected ${what}`);
    this.#at++;
    return value;
  }

  /** Steps over a group in parentheses, which must come next, and returns the text between them. */
  group(): string {
    const open = this.peek();
    this.expectSymbol('(');
    let depth = 1;
    for (;;) {
      const token = this.next();
      if (token.text === '(') depth++;
      else if (token.text === ')' && --depth === 0) return this.text.slice(open?.end ?? 0, token.start);
    }
  }

  /** Position of the first of these keyword sequences at this level of parentheses and CASE, from here to `end`; `end` when there is none. */
  find(sequences: readonly (readonly string[])[], end = this.#tokens.length): number {
    const start = this.#at;
    let depth = 0;
    try {
      for (; this.#at < end; this.#at++) {
        const text = this.peek()?.text ?? '';
        if (depth === 0 && sequences.some((sequence) => this.isNext(...sequence))) return this.#at;
        depth += nesting(this.peek(), text);
      }
      return end;
    } finally {
      this.#at = start;
    }
  }

  /** The text from here up to a position, which becomes the current one. */
  textUntil(position: number): string {
    const first = this.#tokens[this.#at];
    const last = this.#tokens[position - 1];
    const text =
      first === undefined || last === undefined || position <= this.#at ? '' : this.text.slice(first.start, last.end);
    this.#at = position;
    return text;
  }

  rest(): string {
    return this.textUntil(this.#tokens.length);
  }

  get end(): number {
    return this.#tokens.length;
  }

  /** Splits what lies between here and a position at the commas of this level. */
  listUntil(position: number): string[] {
    const items: string[] = [];
    while (this.#at < position) {
      const comma = this.#comma(position);
      items.push(this.textUntil(comma));
      if (comma < position) this.#at++;
    }
    return items;
  }

  #comma(end: number): number {
    let depth = 0;
    for (let at = this.#at; at < end; at++) {
      const text = this.#tokens[at]?.text ?? '';
      if (depth === 0 && text === ',') return at;
      if (text === '(' || text === '[' || text === '{') depth++;
      else if (text === ')' || text === ']' || text === '}') depth--;
    }
    return end;
  }

  expectEnd(): void {
    if (!this.atEnd) throw this.error('unexpected text');
  }

  /** A syntax error here, showing the place. */
  error(message: string): AlopexError {
    const token = this.peek();
    const near = token === undefined ? ' at the end of the statement' : ` at or near "${token.text}"`;
    return syntaxError(message + near, this.text, token?.start ?? this.text.length);
  }
}

/** How a token changes the depth: parentheses, and CASE, which holds words that end clauses elsewhere. */
function nesting(token: Token | undefined, text: string): number {
  if (text === '(' || text === '[' || text === '{' || isKeyword(token, 'CASE')) return 1;
  return text === ')' || text === ']' || text === '}' || isKeyword(token, 'END') ? -1 : 0;
}

function syntaxError(message: string, text: string, offset: number): AlopexError {
  return new AlopexError(SqlState.syntaxError, showingPlace(message, text, offset));
}
