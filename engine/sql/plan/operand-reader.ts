import { identifierValue } from '../lexer.ts';
import type { LiteralReader } from './literal-reader.ts';
import type { Conversion, Operand, TruncateUnit } from './predicate.ts';
import type { TokenCursor } from './token-cursor.ts';

const UNITS: readonly TruncateUnit[] = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'];

/** Reads columns, and functions and casts of them that keep the order of values; `undefined` means "not understood", and then no token has been read. */
export class OperandReader {
  readonly #cursor: TokenCursor;
  readonly #literals: LiteralReader;
  /** Names that may stand before a column's, in lower case. */
  readonly #qualifiers: ReadonlySet<string>;

  constructor(cursor: TokenCursor, literals: LiteralReader, qualifiers: ReadonlySet<string>) {
    this.#cursor = cursor;
    this.#literals = literals;
    this.#qualifiers = qualifiers;
  }

  operand(): Operand | undefined {
    return this.#cursor.attempt(() => {
      let operand = this.#cursor.attempt(() => this.#call()) ?? this.#columnPath();
      while (operand !== undefined && this.#cursor.symbol('::')) {
        const type = this.#literals.type();
        operand = type === undefined ? undefined : convert(operand, { kind: 'cast', type });
      }
      return operand;
    });
  }

  #columnPath(): Operand | undefined {
    const path: string[] = [];
    do {
      const token = this.#cursor.peek();
      const name = token === undefined || token.unterminated ? undefined : identifierValue(token);
      if (name === undefined) return undefined;
      path.push(name);
      this.#cursor.step();
    } while (this.#cursor.symbol('.'));
    const next = this.#cursor.peek()?.text;
    if (next === '(' || next === '[') return undefined;
    if (path.length > 1 && this.#qualifiers.has((path[0] ?? '').toLowerCase())) path.shift();
    return { path, conversions: [] };
  }

  #call(): Operand | undefined {
    const name = this.#cursor.functionName();
    if (name === undefined) return undefined;
    this.#cursor.step(2);
    if (name === 'date_trunc' || name === 'datetrunc') return this.#truncation();
    if (name === 'extract') return this.#extraction();
    const inner = this.operand();
    const result = inner === undefined ? undefined : this.#callOf(name, inner);
    return result !== undefined && this.#cursor.symbol(')') ? result : undefined;
  }

  /** `date_trunc('month', column)`, after its parenthesis. */
  #truncation(): Operand | undefined {
    const text = this.#literals.text()?.text.toLowerCase();
    const unit = UNITS.find((each) => each === text);
    const inner = unit !== undefined && this.#cursor.symbol(',') ? this.operand() : undefined;
    return unit !== undefined && inner !== undefined && this.#cursor.symbol(')')
      ? convert(inner, { kind: 'truncate', unit })
      : undefined;
  }

  /** `extract(year FROM column)`, after its parenthesis. */
  #extraction(): Operand | undefined {
    const inner = this.#cursor.keyword('YEAR') && this.#cursor.keyword('FROM') ? this.operand() : undefined;
    return inner !== undefined && this.#cursor.symbol(')') ? convert(inner, { kind: 'year' }) : undefined;
  }

  /** What a function makes of its first argument, the others being constants. */
  #callOf(name: string, inner: Operand): Operand | undefined {
    switch (name) {
      case 'cast': {
        const type = this.#cursor.keyword('AS') ? this.#literals.type() : undefined;
        return type === undefined ? undefined : convert(inner, { kind: 'cast', type });
      }
      case 'year':
        return convert(inner, { kind: 'year' });
      case 'left': {
        const length = this.#argument();
        return length === undefined ? undefined : convert(inner, { kind: 'left', length: Number(length) });
      }
      case 'substr':
      case 'substring': {
        const [from, length] = [this.#argument(), this.#argument()];
        return from === '1' && length !== undefined
          ? convert(inner, { kind: 'left', length: Number(length) })
          : undefined;
      }
      // `st['b']`; of a list or a map there is no such leaf.
      case 'array_extract':
      case 'struct_extract': {
        const field = this.#cursor.symbol(',') ? this.#literals.text()?.text : undefined;
        return field === undefined || inner.conversions.length > 0
          ? undefined
          : { path: [...inner.path, field], conversions: [] };
      }
      default:
        return undefined;
    }
  }

  #argument(): string | undefined {
    if (!this.#cursor.symbol(',')) return undefined;
    return (this.#literals.number() ?? this.#literals.text())?.text;
  }
}

function convert(operand: Operand, conversion: Conversion): Operand {
  return { path: operand.path, conversions: [...operand.conversions, conversion] };
}
