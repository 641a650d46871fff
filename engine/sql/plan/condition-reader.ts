import { isKeyword, significant, tokenize, type Token } from '../lexer.ts';
import { compareWith, comparison, isNull, isTrue, type Side } from './comparison.ts';
import { LiteralReader } from './literal-reader.ts';
import { OperandReader } from './operand-reader.ts';
import { negate, UNKNOWN, type CompareOperator, type Operand, type Predicate } from './predicate.ts';
import { TokenCursor } from './token-cursor.ts';

/**
 * Reads a filter that the kernel's optimizer prints, e.g. `date>='2001-02-01'::TIMESTAMP AND delay<7`, or the expression of a filter above a scan. What it does not
 * know becomes `unknown`, which keeps every file: it can be slow, never wrong.
 */
export function readPlanFilter(text: string): Predicate {
  const body = text.startsWith('optional: ') ? text.slice('optional: '.length) : text;
  const reader = new ConditionReader(significant(tokenize(body)), true);
  const predicate = reader.disjunction();
  return predicate !== undefined && reader.atEnd ? predicate : UNKNOWN;
}

/**
 * Reads a WHERE condition as it was typed; undefined unless all of it is understood. Functions are taken for the kernel's own: not for texts with names of macros in them.
 * Names may be qualified by one of `qualifiers` (in lower case).
 */
export function readTypedCondition(tokens: readonly Token[], qualifiers: ReadonlySet<string>): Predicate | undefined {
  const reader = new ConditionReader(tokens, false, qualifiers);
  const predicate = reader.disjunction();
  return reader.atEnd ? predicate : undefined;
}

const OPERATORS: ReadonlyMap<string, CompareOperator> = new Map([
  ['=', '='],
  ['==', '='],
  ['!=', '!='],
  ['<>', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

/** Recursive descent; `undefined` means "not understood". */
class ConditionReader {
  readonly #cursor: TokenCursor;
  readonly #literals: LiteralReader;
  readonly #operands: OperandReader;
  /** Printed by the kernel: types are always equal on both sides. */
  readonly #printed: boolean;

  constructor(tokens: readonly Token[], printed: boolean, qualifiers: ReadonlySet<string> = new Set()) {
    this.#cursor = new TokenCursor(tokens);
    this.#literals = new LiteralReader(this.#cursor, printed);
    this.#operands = new OperandReader(this.#cursor, this.#literals, qualifiers);
    this.#printed = printed;
  }

  get atEnd(): boolean {
    return this.#cursor.atEnd;
  }

  disjunction(): Predicate | undefined {
    return this.#list('OR', 'or', () => this.#conjunction());
  }

  #conjunction(): Predicate | undefined {
    return this.#list('AND', 'and', () => this.#negation());
  }

  #list(keyword: string, kind: 'and' | 'or', item: () => Predicate | undefined): Predicate | undefined {
    const children: Predicate[] = [];
    do {
      const child = item();
      if (child !== undefined) children.push(child);
      // What has been understood of a conjunction still holds.
      else if (this.#printed && kind === 'and' && this.#skipConjuncts()) {
        children.push(UNKNOWN);
        break;
      } else return undefined;
    } while (this.#cursor.keyword(keyword));
    return children.length === 1 ? children[0] : { kind, children };
  }

  /** Steps to the end of the parentheses that this is in; not past an OR, which would make all of this one side of it. */
  #skipConjuncts(): boolean {
    let depth = 0;
    for (; !this.#cursor.atEnd; this.#cursor.step()) {
      const token = this.#cursor.peek();
      if (token?.text === ')' && depth-- === 0) return true;
      if (token?.text === '(') depth++;
      else if (depth === 0 && isKeyword(token, 'OR')) return false;
    }
    return true;
  }

  #negation(): Predicate | undefined {
    if (!this.#cursor.keyword('NOT')) return this.#condition();
    const inner = this.#negation();
    return inner === undefined ? undefined : negate(inner);
  }

  #condition(): Predicate | undefined {
    const inner = this.#cursor.attempt(() => this.#parenthesized()) ?? this.#cursor.attempt(() => this.#prefixCall());
    if (inner !== undefined) return inner;
    const left = this.#side();
    if (left === undefined) return undefined;
    const operator = this.#operator();
    if (operator !== undefined) {
      const right = this.#side();
      return right === undefined || this.#goesOn() ? undefined : comparison(left, operator, right);
    }
    return 'operand' in left ? this.#operandCondition(left.operand) : undefined;
  }

  #parenthesized(): Predicate | undefined {
    if (!this.#cursor.symbol('(')) return undefined;
    const inner = this.disjunction();
    return inner !== undefined && this.#cursor.symbol(')') && !this.#goesOn() ? inner : undefined;
  }

  /** Whether what was just read is only the left part of something. */
  #goesOn(): boolean {
    const token = this.#cursor.peek();
    return token !== undefined && token.text !== ')' && !isKeyword(token, 'AND') && !isKeyword(token, 'OR');
  }

  #operandCondition(operand: Operand): Predicate | undefined {
    if (this.#cursor.keyword('IS')) return this.#is(operand);
    const negated = this.#cursor.keyword('NOT');
    const condition = this.#words(operand);
    if (condition === undefined || this.#goesOn()) return undefined;
    return negated ? negate(condition) : condition;
  }

  #words(operand: Operand): Predicate | undefined {
    if (this.#cursor.keyword('BETWEEN')) return this.#between(operand);
    if (this.#cursor.keyword('IN')) return this.#in(operand);
    if (this.#cursor.keyword('LIKE')) return this.#like(operand);
    if (this.#cursor.symbol('^@')) return this.#startsWith(operand);
    return this.#goesOn() ? undefined : isTrue(operand);
  }

  #is(operand: Operand): Predicate | undefined {
    const negated = this.#cursor.keyword('NOT');
    if (this.#cursor.keyword('NULL')) return { kind: 'null', operand, negated };
    if (!this.#cursor.keyword('DISTINCT') || !this.#cursor.keyword('FROM')) return undefined;
    const literal = this.#literals.value();
    if (literal === undefined || this.#goesOn()) return undefined;
    if (isNull(literal)) return { kind: 'null', operand, negated: !negated };
    // A parameter may be null, which is not distinct from null.
    if ('parameter' in literal) return undefined;
    const equal: Predicate = { kind: 'compare', operand, operator: '=', literal };
    // Null is no answer here, so the negation of what holds for null does not.
    const nullness: Predicate = { kind: 'null', operand, negated };
    return { kind: negated ? 'and' : 'or', children: [negated ? equal : negate(equal), nullness] };
  }

  #between(operand: Operand): Predicate | undefined {
    const lower = this.#literals.value();
    if (lower === undefined || !this.#cursor.keyword('AND')) return undefined;
    const upper = this.#literals.value();
    if (upper === undefined) return undefined;
    return { kind: 'and', children: [compareWith(operand, '>=', lower), compareWith(operand, '<=', upper)] };
  }

  #in(operand: Operand): Predicate | undefined {
    if (!this.#cursor.symbol('(')) return undefined;
    const children: Predicate[] = [];
    do {
      const literal = this.#literals.value();
      if (literal === undefined) return undefined;
      children.push(compareWith(operand, '=', literal));
    } while (this.#cursor.symbol(','));
    return this.#cursor.symbol(')') ? { kind: 'or', children } : undefined;
  }

  #like(operand: Operand): Predicate | undefined {
    const value = this.#literals.value();
    if (value === undefined || !('written' in value) || value.written !== 'text' || this.#goesOn()) return undefined;
    const wildcard = value.text.search(/[%_]/);
    if (wildcard < 0) return { kind: 'compare', operand, operator: '=', literal: value };
    const prefix: Predicate = { kind: 'prefix', operand, prefix: value.text.slice(0, wildcard) };
    // The rest of the pattern is a condition too.
    return value.text.slice(wildcard) === '%' ? prefix : { kind: 'and', children: [prefix, UNKNOWN] };
  }

  #startsWith(operand: Operand): Predicate | undefined {
    const value = this.#literals.value();
    return value !== undefined && 'written' in value && value.written === 'text'
      ? { kind: 'prefix', operand, prefix: value.text }
      : undefined;
  }

  /** `starts_with(s, 'a')`, also as `prefix`. */
  #prefixCall(): Predicate | undefined {
    const name = this.#cursor.functionName();
    if (name !== 'starts_with' && name !== 'prefix') return undefined;
    this.#cursor.step(2);
    const operand = this.#operands.operand();
    if (operand === undefined || !this.#cursor.symbol(',')) return undefined;
    const prefix = this.#startsWith(operand);
    return this.#cursor.symbol(')') && !this.#goesOn() ? prefix : undefined;
  }

  #side(): Side | undefined {
    const value = this.#literals.value();
    if (value !== undefined) return { value };
    const row = this.#cursor.attempt(() => this.#row());
    if (row !== undefined) return { row };
    const operand = this.#operands.operand();
    return operand === undefined ? undefined : { operand };
  }

  /** `(a, b)`, printed as `"row"(a, b)`. */
  #row(): Side[] | undefined {
    if (this.#printed && this.#cursor.functionName() === 'row') this.#cursor.step();
    if (!this.#cursor.symbol('(')) return undefined;
    const sides: Side[] = [];
    do {
      const value = this.#literals.value();
      const operand = value === undefined ? this.#operands.operand() : undefined;
      if (value !== undefined) sides.push({ value });
      else if (operand !== undefined) sides.push({ operand });
      else return undefined;
    } while (this.#cursor.symbol(','));
    return sides.length > 1 && this.#cursor.symbol(')') ? sides : undefined;
  }

  #operator(): CompareOperator | undefined {
    const operator = OPERATORS.get(this.#cursor.peek()?.text ?? '');
    if (operator !== undefined) this.#cursor.step();
    return operator;
  }
}
