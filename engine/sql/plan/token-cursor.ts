import { identifierValue, isKeyword, type Token } from '../lexer.ts';

/** Walks over tokens; what does not fit is not stepped over. */
export class TokenCursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  peek(offset = 0): Token | undefined {
    return this.#tokens[this.#at + offset];
  }

  /** The next tokens, at most `count` of them. */
  ahead(count: number): readonly Token[] {
    return this.#tokens.slice(this.#at, this.#at + count);
  }

  step(count = 1): void {
    this.#at += count;
  }

  /** What `read` finds; if that is nothing, no token has been read. */
  attempt<T>(read: () => T | undefined): T | undefined {
    const start = this.#at;
    const found = read();
    if (found === undefined) this.#at = start;
    return found;
  }

  keyword(word: string): boolean {
    if (!isKeyword(this.peek(), word)) return false;
    this.#at++;
    return true;
  }

  symbol(text: string): boolean {
    const token = this.peek();
    if (token?.text !== text || token.kind === 'string' || token.kind === 'quotedIdentifier') return false;
    this.#at++;
    return true;
  }

  /** The name of the function that is called here, in lower case. */
  functionName(): string | undefined {
    const token = this.peek();
    if (token === undefined || this.peek(1)?.text !== '(') return undefined;
    return identifierValue(token)?.toLowerCase();
  }
}
