import { stringValue } from '../lexer.ts';
import type { PrimitiveType } from '../../table/schema.ts';
import { readInterval, shiftLiteral, type Shift } from './interval.ts';
import type { Literal, PresentTime, Value } from './predicate.ts';
import type { TokenCursor } from './token-cursor.ts';
import { readTypeName } from './type-name.ts';

/** Words and functions for the present time, and the type of each. */
const PRESENT: ReadonlyMap<string, PrimitiveType> = new Map([
  ['now', { kind: 'primitive', name: 'TIMESTAMP WITH TIME ZONE' }],
  ['current_timestamp', { kind: 'primitive', name: 'TIMESTAMP WITH TIME ZONE' }],
  ['today', { kind: 'primitive', name: 'DATE' }],
  ['current_date', { kind: 'primitive', name: 'DATE' }],
  ['localtimestamp', { kind: 'primitive', name: 'TIMESTAMP' }],
]);
const CALLED: ReadonlySet<string> = new Set(['now', 'today']);

/** Reads constants, parameters and the present time; `undefined` means "not understood", and then no token has been read. */
export class LiteralReader {
  readonly #cursor: TokenCursor;
  readonly #printed: boolean;

  constructor(cursor: TokenCursor, printed: boolean) {
    this.#cursor = cursor;
    this.#printed = printed;
  }

  value(): Value | undefined {
    return (
      this.#parameter() ?? this.#cursor.attempt(() => this.#present()) ?? this.#cursor.attempt(() => this.#constant())
    );
  }

  number(): Literal | undefined {
    const cursor = this.#cursor;
    const sign = cursor.peek()?.text === '-' ? '-' : '';
    const number = cursor.peek(sign.length);
    if (number?.kind !== 'number') return undefined;
    cursor.step(sign.length + 1);
    return { text: sign + number.text.replaceAll('_', ''), written: 'number' };
  }

  text(): Literal | undefined {
    const token = this.#cursor.peek();
    if (token?.kind !== 'string' || token.unterminated || !/^(?:['$]|e')/i.test(token.text)) return undefined;
    this.#cursor.step();
    return { text: stringValue(token) ?? '', written: 'text' };
  }

  type(): PrimitiveType | undefined {
    const read = readTypeName(this.#cursor.ahead(8));
    if (read === undefined) return undefined;
    this.#cursor.step(read.length);
    return read.type;
  }

  #parameter(): Value | undefined {
    const token = this.#cursor.peek();
    if (token?.kind !== 'parameter' || this.#printed) return undefined;
    if (!token.text.startsWith('$') || this.#cursor.peek(1)?.text === '::') return undefined;
    this.#cursor.step();
    return { parameter: token.text.slice(1).toLowerCase() };
  }

  /** `now()`, `current_date`, maybe cast, and with intervals added. */
  #present(): PresentTime | undefined {
    const token = this.#cursor.peek();
    if (this.#printed || token?.kind !== 'identifier') return undefined;
    const word = token.text.toLowerCase();
    const type = PRESENT.get(word);
    const isCall = this.#cursor.peek(1)?.text === '(';
    if (type === undefined || isCall !== CALLED.has(word)) return undefined;
    if (isCall && this.#cursor.peek(2)?.text !== ')') return undefined;
    this.#cursor.step(isCall ? 3 : 1);
    let steps: PresentTime['steps'] = [];
    for (;;) {
      const cast = this.#cursor.symbol('::') ? this.type() : undefined;
      const shift = cast === undefined ? this.#shift() : undefined;
      if (cast !== undefined) steps = [...steps, { cast }];
      else if (shift !== undefined) steps = [...steps, shift];
      else return this.#goesOn() ? undefined : { present: type, steps };
    }
  }

  #constant(): Literal | undefined {
    const plain = this.number() ?? this.text() ?? this.#word();
    if (plain === undefined) return this.#shifted(this.#typedText());
    if (!this.#cursor.symbol('::')) return this.#goesOn() ? undefined : plain;
    const type = this.type();
    // A number that is cast may be rounded; a printed one is of that type already.
    if (type === undefined || !(this.#printed || plain.written === 'text')) return undefined;
    return this.#shifted({ ...plain, type });
  }

  #word(): Literal | undefined {
    if (this.#cursor.keyword('TRUE')) return { text: 'true', written: 'keyword' };
    if (this.#cursor.keyword('FALSE')) return { text: 'false', written: 'keyword' };
    return this.#cursor.keyword('NULL') ? { text: '', written: 'null' } : undefined;
  }

  /** `DATE '2001-01-01'`. */
  #typedText(): Literal | undefined {
    const type = this.#cursor.peek()?.kind === 'identifier' ? this.type() : undefined;
    const text = type === undefined ? undefined : this.text();
    return type === undefined || text === undefined || this.#cursor.peek()?.text === '::'
      ? undefined
      : { ...text, type };
  }

  #shifted(literal: Literal | undefined): Literal | undefined {
    let result = literal;
    while (result !== undefined) {
      const shift = this.#shift();
      if (shift === undefined) return this.#goesOn() ? undefined : result;
      result = shiftLiteral(result, shift);
    }
    return undefined;
  }

  /** `+ INTERVAL 1 DAY`, `- INTERVAL '2 hours'`, `- 7` of a date. */
  #shift(): Shift | undefined {
    const sign = this.#cursor.peek()?.text;
    if (sign !== '+' && sign !== '-') return undefined;
    return this.#cursor.attempt(() => {
      this.#cursor.step();
      return readInterval(this.#cursor, sign === '-' ? -1n : 1n);
    });
  }

  /** Whether the constant is only a part of an expression. */
  #goesOn(): boolean {
    const token = this.#cursor.peek();
    return token?.kind === 'operator' && /^[-+*/%^&|~#!]/.test(token.text) && token.text !== '!=';
  }
}
