import { isSignificant, significant, tokenAt, tokenize, type Token } from './lexer.ts';

/** One statement of a longer text. */
export interface StatementText {
  /** Without its semicolon and without whitespace and comments around it; comments inside are kept. */
  readonly text: string;
  /** Offset of `text` in the whole, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** False for a last statement without its semicolon. */
  readonly terminated: boolean;
}

/** Splits at the semicolons outside of strings, quoted names and comments. Empty statements are dropped. */
export function splitStatements(text: string): StatementText[] {
  const statements: StatementText[] = [];
  let first: Token | undefined;
  let last: Token | undefined;
  const finish = (terminated: boolean): void => {
    if (first !== undefined && last !== undefined) {
      statements.push({ text: text.slice(first.start, last.end), start: first.start, end: last.end, terminated });
    }
    first = last = undefined;
  };
  let at = 0;
  while (at < text.length) {
    const token = tokenAt(text, at);
    at = token.end;
    if (isSemicolon(token)) finish(true);
    else if (isSignificant(token)) {
      first ??= token;
      last = token;
    }
  }
  finish(false);
  return statements;
}

/** True when a text typed so far can run: it has no statement, or its last statement has its semicolon. */
export function isComplete(text: string): boolean {
  const last = significant(tokenize(text)).at(-1);
  return last === undefined || isSemicolon(last);
}

function isSemicolon(token: Token): boolean {
  return token.kind === 'punctuation' && token.text === ';';
}
