/**
 * Splits SQL text into tokens as DuckDB's scanner does (which follows PostgreSQL's). It is total: every text has
 * tokens, and the texts of the tokens put together are the input. What cannot be read (a string without its end) is a
 * token flagged `unterminated`; to complain about it is for those who parse.
 */
export type TokenKind =
  | 'identifier'
  | 'quotedIdentifier'
  | 'string'
  | 'number'
  | 'parameter'
  | 'operator'
  | 'punctuation'
  | 'comment'
  | 'whitespace';

export interface Token {
  readonly kind: TokenKind;
  /** Offset of the first UTF-16 unit in the text. */
  readonly start: number;
  /** Offset after the last UTF-16 unit. */
  readonly end: number;
  /** Exactly as written, quotes and prefixes included. */
  readonly text: string;
  /** True for a string, quoted identifier or comment that the text ends inside of. */
  readonly unterminated: boolean;
}

interface Scan {
  readonly kind: TokenKind;
  readonly end: number;
  readonly unterminated?: boolean;
}

/** Tokens of a text, whitespace and comments included. Never throws. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let start = 0; start < text.length; start = tokens.at(-1)!.end) tokens.push(tokenAt(text, start));
  return tokens;
}

/** The token that starts at an offset below the text's length, which must be where the one before it ends. */
export function tokenAt(text: string, start: number): Token {
  const { kind, end, unterminated = false } = scan(text, start);
  return { kind, start, end, text: text.slice(start, end), unterminated };
}

/** True for what is neither whitespace nor a comment. A comment without its end counts: it is a mistake to report. */
export function isSignificant(token: Token): boolean {
  return token.kind !== 'whitespace' && (token.kind !== 'comment' || token.unterminated);
}

/** The tokens that mean something: no whitespace, no comments. */
export function significant(tokens: readonly Token[]): Token[] {
  return tokens.filter(isSignificant);
}

/** True when the token is this keyword (given in upper case), unquoted. */
export function isKeyword(token: Token | undefined, keyword: string): boolean {
  return token?.kind === 'identifier' && token.text.toUpperCase() === keyword;
}

/** The name that an identifier token stands for, its case kept; undefined when the token is no identifier. */
export function identifierValue(token: Token): string | undefined {
  if (token.kind === 'identifier') return token.text;
  if (token.kind !== 'quotedIdentifier') return undefined;
  const from = token.text.indexOf('"') + 1;
  return token.text.slice(from, token.unterminated ? undefined : -1).replaceAll('""', '"');
}

/** The value that a string token stands for (`''`, `E'\n'`, `$$…$$`); undefined when the token is no string. */
export function stringValue(token: Token): string | undefined {
  if (token.kind !== 'string') return undefined;
  const { text, unterminated } = token;
  if (text.startsWith('$')) {
    const tagLength = text.indexOf('$', 1) + 1;
    return text.slice(tagLength, unterminated ? undefined : -tagLength);
  }
  const body = text.slice(text.indexOf("'") + 1, unterminated ? undefined : -1);
  return /^e/i.test(text) ? unescape(body) : body.replaceAll("''", "'");
}

const ESCAPE = /''|\\(?:x([\dA-Fa-f]{1,2})|u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|([0-7]{1,3})|([^]))/g;
const CONTROL: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescape(body: string): string {
  return body.replace(ESCAPE, (match: string, ...groups: (string | undefined)[]) => {
    if (match === "''") return "'";
    const [hex2, hex4, hex8, octal, letter] = groups;
    if (letter !== undefined) return CONTROL[letter] ?? letter;
    const code = octal === undefined ? Number.parseInt(hex2 ?? hex4 ?? hex8 ?? '', 16) : Number.parseInt(octal, 8);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}

// Beyond ASCII these are the characters that DuckDB takes for spaces; every other one is a letter to it.
const WHITESPACE = /[ \t\n\r\f\u00a0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]+/y;
const LETTERS = String.raw`A-Za-z_\u0080-\u009f\u00a1-\u1fff\u200c-\u202e\u2030-\u205e\u2061-\u2fff\u3001-\ufefe\uff00-\uffff`;
const IDENTIFIER = new RegExp(`[${LETTERS}][${LETTERS}0-9$]*`, 'y');
const DOLLAR_TAG = new RegExp(String.raw`\$(?:[${LETTERS}][${LETTERS}0-9]*)?\$`, 'y');
const PARAMETER = new RegExp(String.raw`\$(?:\d+|[${LETTERS}][${LETTERS}0-9]*)|\?\d*`, 'y');
// `1..2` is 1, `..`, 2. There are no hexadecimal numbers: `0x1F` is 0 named x1F to DuckDB too.
const NUMBER = /(?:\d+(?:_\d+)*(?:\.(?!\.)(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?/y;
const LINE_COMMENT = /--[^\n\r]*/y;
// Bounded, so that no text can make scanning quadratic; names of operators end at 63 characters.
const OPERATOR = /[~!@#^&|`+\-*/%<>=]{1,64}/y;
const COLON = /::|:=|:/y;
const STRING_PREFIX = /(?:[eEbBxXnN]|[uU]&)?'/y;
const QUOTED_IDENTIFIER_PREFIX = /(?:[uU]&)?"/y;

/** Where the sticky pattern's match at `start` ends, or undefined. */
function match(pattern: RegExp, text: string, start: number): number | undefined {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function scan(text: string, start: number): Scan {
  const first = text[start];

  let end = match(WHITESPACE, text, start);
  if (end !== undefined) return { kind: 'whitespace', end };

  if (first === '-' && (end = match(LINE_COMMENT, text, start)) !== undefined) return { kind: 'comment', end };
  if (first === '/' && text[start + 1] === '*') return scanBlockComment(text, start);

  end = match(STRING_PREFIX, text, start);
  if (end !== undefined) return scanString(text, start, end);
  end = match(QUOTED_IDENTIFIER_PREFIX, text, start);
  if (end !== undefined) return { kind: 'quotedIdentifier', ...scanQuoted(text, end, '"') };

  end = match(IDENTIFIER, text, start);
  if (end !== undefined) return { kind: 'identifier', end };
  end = match(NUMBER, text, start);
  if (end !== undefined) return { kind: 'number', end };

  if (first === '$' && (end = match(DOLLAR_TAG, text, start)) !== undefined) {
    const close = text.indexOf(text.slice(start, end), end);
    if (close < 0) return { kind: 'string', end: text.length, unterminated: true };
    return { kind: 'string', end: close + (end - start) };
  }
  end = match(PARAMETER, text, start);
  if (end !== undefined) return { kind: 'parameter', end };

  end = match(OPERATOR, text, start);
  if (end !== undefined) return { kind: 'operator', end: start + operatorLength(text, start, end) };
  end = match(COLON, text, start);
  if (end !== undefined) return { kind: 'operator', end };
  if (text.startsWith('..', start)) return { kind: 'punctuation', end: start + 2 };
  return { kind: 'punctuation', end: start + 1 };
}

function scanString(text: string, start: number, bodyStart: number): Scan {
  const prefix = text[start];
  if (prefix === 'e' || prefix === 'E') return { kind: 'string', ...scanEscaped(text, bodyStart) };
  if (prefix !== undefined && 'bBxX'.includes(prefix)) {
    // Bit strings know no doubled quote.
    const close = text.indexOf("'", bodyStart);
    return close < 0 ? { kind: 'string', end: text.length, unterminated: true } : { kind: 'string', end: close + 1 };
  }
  return { kind: 'string', ...scanQuoted(text, bodyStart, "'") };
}

function scanQuoted(text: string, bodyStart: number, quote: string): { end: number; unterminated: boolean } {
  let from = bodyStart;
  for (;;) {
    const close = text.indexOf(quote, from);
    if (close < 0) return { end: text.length, unterminated: true };
    if (text[close + 1] !== quote) return { end: close + 1, unterminated: false };
    from = close + 2;
  }
}

function scanEscaped(text: string, bodyStart: number): { end: number; unterminated: boolean } {
  let at = bodyStart;
  while (at < text.length) {
    const character = text[at];
    if (character === '\\') at += 2;
    else if (character !== "'") at += 1;
    else if (text[at + 1] === "'") at += 2;
    else return { end: at + 1, unterminated: false };
  }
  return { end: text.length, unterminated: true };
}

const COMMENT_EDGE = /\/\*|\*\//g;

/** Block comments nest. */
function scanBlockComment(text: string, start: number): Scan {
  let depth = 1;
  COMMENT_EDGE.lastIndex = start + 2;
  while (depth > 0) {
    const edge = COMMENT_EDGE.exec(text);
    if (edge === null) return { kind: 'comment', end: text.length, unterminated: true };
    depth += edge[0] === '/*' ? 1 : -1;
  }
  return { kind: 'comment', end: COMMENT_EDGE.lastIndex };
}

/**
 * How much of a run of operator characters is one operator: it ends where a comment starts, and a sign at its end is
 * the next operand's unless a character stands before it that only operators of PostgreSQL's extensible kind have
 * (`=-1` is `=` and `-1`, but `@-` is one operator).
 */
function operatorLength(text: string, start: number, end: number): number {
  const comment = text.slice(start, end + 1).search(/--|\/\*/);
  const run = comment > 0 ? text.slice(start, start + comment) : text.slice(start, end);
  if (/[~!@#^&|`%]/.test(run)) return run.length;
  return Math.max(run.replace(/[+-]+$/, '').length, 1);
}
