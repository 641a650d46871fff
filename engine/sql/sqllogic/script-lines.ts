import { AlopexError, SqlState } from '../../errors.ts';

/** Reads a script line by line. Records are apart from each other by empty lines; lines that begin with `#` are comments. */
export class ScriptLines {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.replaceAll('\r', '').split('\n');
  }

  /** Line of the script, from 1. */
  get number(): number {
    return this.#at + 1;
  }

  /** Words of the next record's first line, which stays the current line; undefined at the end. */
  nextRecord(): string[] | undefined {
    while (this.#at < this.#lines.length && this.#isGap(this.#at)) this.#at++;
    return this.#at < this.#lines.length ? this.words() : undefined;
  }

  words(): string[] {
    return (this.#lines[this.#at] ?? '').split(/\s+/).filter((word) => word !== '');
  }

  /** The record goes on in the next line. */
  advance(): void {
    this.#at++;
  }

  skipRecord(): void {
    while (this.#at < this.#lines.length && !this.#isGap(this.#at)) this.#at++;
  }

  /** For records of one line. */
  endLine(): void {
    this.#at++;
    if (!this.#isGap(this.#at)) throw this.error('an empty line must stand between records');
  }

  /** SQL up to `----`, a comment or an empty line. */
  sql(): string {
    const first = this.#at;
    while (!this.#isGap(this.#at) && this.#lines[this.#at] !== '----') this.#at++;
    return this.#lines.slice(first, this.#at).join('\n');
  }

  /** Lines below `----`, up to an empty one; undefined without `----`. */
  expected(): string[] | undefined {
    if (this.#lines[this.#at] !== '----') return undefined;
    const first = ++this.#at;
    while (this.#at < this.#lines.length && this.#lines[this.#at] !== '') this.#at++;
    return this.#lines.slice(first, this.#at);
  }

  error(message: string): AlopexError {
    return new AlopexError(SqlState.syntaxError, `line ${this.number}: ${message}`);
  }

  #isGap(at: number): boolean {
    const line = this.#lines[at];
    return line === undefined || line === '' || line.startsWith('#');
  }
}
