import { identifierValue, significant, stringValue, tokenize, type Token } from '../lexer.ts';
import type { PrimitiveName } from '../../table/schema.ts';
import type { CompareOperator, Literal, Predicate } from './predicate.ts';

/**
 * Reads the filters that the kernel's optimizer prints for a scan, e.g. `date>='2001-02-01'::TIMESTAMP AND delay<7`.
 * Whatever it does not know becomes `unknown`, which keeps every file: it can be slow, never wrong.
 */
export function parseFilter(text: string): Predicate {
  const body = text.startsWith('optional: ') ? text.slice('optional: '.length) : text;
  const reader = new FilterReader(significant(tokenize(body)));
  const predicate = reader.disjunction();
  return predicate !== undefined && reader.atEnd() ? predicate : { kind: 'unknown' };
}

const OPERATORS: ReadonlySet<string> = new Set(['=', '!=', '<>', '<', '<=', '>', '>=']);
const MIRRORED: Readonly<Record<CompareOperator, CompareOperator>> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

type Operand = { kind: 'column'; name: string } | ({ kind: 'literal' } & Literal);

/** Recursive descent; `undefined` means "not understood", and gives up on the whole filter. */
class FilterReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  disjunction(): Predicate | undefined {
    return this.#list('OR', 'or', () => this.#conjunction());
  }

  #conjunction(): Predicate | undefined {
    return this.#list('AND', 'and', () => this.#condition());
  }

  #list(keyword: string, kind: 'and' | 'or', item: () => Predicate | undefined): Predicate | undefined {
    const children: Predicate[] = [];
    do {
      const child = item();
      if (child === undefined) return undefined;
      children.push(child);
    } while (this.#keyword(keyword));
    return children.length === 1 ? children[0] : { kind, children };
  }

  #condition(): Predicate | undefined {
    const start = this.#at;
    if (this.#symbol('(')) {
      const inner = this.disjunction();
      if (inner !== undefined && this.#symbol(')')) return inner;
      this.#at = start;
    }
    const left = this.#operand();
    if (left === undefined) return undefined;
    if (left.kind === 'column') return this.#columnCondition(left.name);
    const operator = this.#operator();
    const right = this.#operand();
    if (operator === undefined || right?.kind !== 'column') return undefined;
    return { kind: 'compare', column: right.name, operator: MIRRORED[operator], literal: literal(left) };
  }

  #columnCondition(column: string): Predicate | undefined {
    const operator = this.#operator();
    if (operator !== undefined) {
      const right = this.#operand();
      return right?.kind === 'literal' ? { kind: 'compare', column, operator, literal: literal(right) } : undefined;
    }
    if (this.#keyword('IS')) {
      const negated = this.#keyword('NOT');
      return this.#keyword('NULL') ? { kind: 'null', column, negated } : undefined;
    }
    if (this.#keyword('BETWEEN')) return this.#between(column);
    return this.#keyword('IN') ? this.#in(column) : undefined;
  }

  #between(column: string): Predicate | undefined {
    const lower = this.#operand();
    if (lower?.kind !== 'literal' || !this.#keyword('AND')) return undefined;
    const upper = this.#operand();
    if (upper?.kind !== 'literal') return undefined;
    return {
      kind: 'and',
      children: [
        { kind: 'compare', column, operator: '>=', literal: literal(lower) },
        { kind: 'compare', column, operator: '<=', literal: literal(upper) },
      ],
    };
  }

  #in(column: string): Predicate | undefined {
    if (!this.#symbol('(')) return undefined;
    const children: Predicate[] = [];
    do {
      const value = this.#operand();
      if (value?.kind !== 'literal') return undefined;
      children.push({ kind: 'compare', column, operator: '=', literal: literal(value) });
    } while (this.#symbol(','));
    return this.#symbol(')') ? { kind: 'or', children } : undefined;
  }

  #operand(): Operand | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined) return undefined;
    const text = token.unterminated ? undefined : stringValue(token);
    if (text !== undefined) {
      this.#at++;
      return { kind: 'literal', text, ...this.#cast() };
    }
    const sign = this.#symbol('-') ? '-' : '';
    const number = this.#tokens[this.#at];
    if (number?.kind === 'number') {
      this.#at++;
      return { kind: 'literal', text: sign + number.text, ...this.#cast() };
    }
    if (sign !== '' || (token.kind !== 'identifier' && token.kind !== 'quotedIdentifier')) return undefined;
    const next = this.#tokens[this.#at + 1];
    // A function call or a qualified name: not a plain column.
    if (next?.text === '(' || next?.text === '.' || next?.text === '::') return undefined;
    this.#at++;
    return { kind: 'column', name: identifierValue(token) ?? token.text };
  }

  #cast(): { type?: PrimitiveName } {
    if (!this.#symbol('::')) return {};
    const name = this.#tokens[this.#at]?.text.toUpperCase();
    this.#at++;
    if (name === 'TIMESTAMP' && this.#keyword('WITH')) {
      this.#at += 2;
      return { type: 'TIMESTAMP WITH TIME ZONE' };
    }
    if (this.#symbol('(')) while (!this.atEnd() && !this.#symbol(')')) this.#at++;
    return { type: name as PrimitiveName };
  }

  #operator(): CompareOperator | undefined {
    const text = this.#tokens[this.#at]?.text;
    if (text === undefined || !OPERATORS.has(text)) return undefined;
    this.#at++;
    return text === '<>' ? '!=' : (text as CompareOperator);
  }

  #keyword(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'identifier' || token.text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  #symbol(text: string): boolean {
    if (this.#tokens[this.#at]?.text !== text) return false;
    this.#at++;
    return true;
  }
}

function literal(operand: Literal): Literal {
  return operand.type === undefined ? { text: operand.text } : { text: operand.text, type: operand.type };
}
