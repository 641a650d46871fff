import type { Statement } from './parse/statement.ts';

/** A statement as it is run: its text with numbered parameters, and what it says. */
export interface ParsedStatement {
  readonly text: string;
  readonly statement: Statement;
  /** Where it is in the text that was given. */
  readonly start: number;
  readonly end: number;
}

const MAX_TEXTS = 256;
/** Longer texts are not seen again. */
const MAX_LENGTH = 4_096;

/** Texts that were run lately with the statements in them: a program runs the same few over and over. */
export class ParsedTexts {
  readonly #texts = new Map<string, readonly ParsedStatement[]>();
  readonly #parse: (text: string) => readonly ParsedStatement[];

  constructor(parse: (text: string) => readonly ParsedStatement[]) {
    this.#parse = parse;
  }

  of(text: string): readonly ParsedStatement[] {
    let parsed = this.#texts.get(text);
    if (parsed === undefined) {
      parsed = this.#parse(text);
      if (text.length > MAX_LENGTH) return parsed;
      if (this.#texts.size >= MAX_TEXTS) this.#forgetOldest();
    } else {
      this.#texts.delete(text);
    }
    this.#texts.set(text, parsed);
    return parsed;
  }

  #forgetOldest(): void {
    for (const oldest of this.#texts.keys()) {
      this.#texts.delete(oldest);
      return;
    }
  }
}
