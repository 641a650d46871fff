import { identifierValue, isKeyword, significant, stringValue, tokenize, type Token } from '../lexer.ts';
import type { PrimitiveType } from '../../table/schema.ts';
import {
  MIRRORED,
  negate,
  UNKNOWN,
  type CompareOperator,
  type Conversion,
  type Literal,
  type Operand,
  type ParameterReference,
  type Predicate,
} from './predicate.ts';
import { readTypeName } from './type-name.ts';

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
 * Reads a WHERE condition as it was typed; undefined unless all of it is understood. Only what no definition of a user can change is: operators and casts, no functions.
 * Names may be qualified by one of `qualifiers` (in lower case).
 */
export function readTypedCondition(tokens: readonly Token[], qualifiers: ReadonlySet<string>): Predicate | undefined {
  const reader = new ConditionReader(tokens, false, qualifiers);
  const predicate = reader.disjunction();
  return reader.atEnd ? predicate : undefined;
}

type Value = Literal | ParameterReference;
type Side = { readonly operand: Operand } | { readonly value: Value } | { readonly row: readonly Side[] };

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
  readonly #tokens: readonly Token[];
  /** Printed by the kernel: functions are its own, and types are always equal on both sides. */
  readonly #printed: boolean;
  readonly #qualifiers: ReadonlySet<string>;
  #at = 0;

  constructor(tokens: readonly Token[], printed: boolean, qualifiers: ReadonlySet<string> = new Set()) {
    this.#tokens = tokens;
    this.#printed = printed;
    this.#qualifiers = qualifiers;
  }

  get atEnd(): boolean {
    return this.#at === this.#tokens.length;
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
    } while (this.#keyword(keyword));
    return children.length === 1 ? children[0] : { kind, children };
  }

  /** Steps to the end of the parentheses that this is in; not past an OR, which would make all of this one side of it. */
  #skipConjuncts(): boolean {
    let depth = 0;
    for (; !this.atEnd; this.#at++) {
      const token = this.#tokens[this.#at];
      if (token?.text === ')' && depth-- === 0) return true;
      if (token?.text === '(') depth++;
      else if (depth === 0 && isKeyword(token, 'OR')) return false;
    }
    return true;
  }

  #negation(): Predicate | undefined {
    if (!this.#keyword('NOT')) return this.#condition();
    const inner = this.#negation();
    return inner === undefined ? undefined : negate(inner);
  }

  #condition(): Predicate | undefined {
    const start = this.#at;
    if (this.#symbol('(')) {
      const inner = this.disjunction();
      if (inner !== undefined && this.#symbol(')') && !this.#goesOn()) return inner;
      this.#at = start;
    }
    const prefix = this.#printed ? this.#prefixCall() : undefined;
    if (prefix !== undefined) return prefix;
    const left = this.#side();
    if (left === undefined) return undefined;
    const operator = this.#operator();
    if (operator !== undefined) {
      const right = this.#side();
      return right === undefined || this.#goesOn() ? undefined : comparison(left, operator, right);
    }
    if (!('operand' in left)) return undefined;
    return this.#operandCondition(left.operand);
  }

  /** Whether what was just read is only the left part of something. */
  #goesOn(): boolean {
    const token = this.#tokens[this.#at];
    return token !== undefined && token.text !== ')' && !isKeyword(token, 'AND') && !isKeyword(token, 'OR');
  }

  #operandCondition(operand: Operand): Predicate | undefined {
    if (this.#keyword('IS')) return this.#is(operand);
    const negated = this.#keyword('NOT');
    const condition = this.#words(operand);
    if (condition === undefined || this.#goesOn()) return undefined;
    return negated ? negate(condition) : condition;
  }

  #words(operand: Operand): Predicate | undefined {
    if (this.#keyword('BETWEEN')) return this.#between(operand);
    if (this.#keyword('IN')) return this.#in(operand);
    if (this.#keyword('LIKE')) return this.#like(operand);
    if (this.#printed && this.#symbol('^@')) return this.#startsWith(operand);
    // A column by itself is a condition when it is BOOLEAN.
    return this.#goesOn() ? undefined : isTrue(operand);
  }

  #is(operand: Operand): Predicate | undefined {
    const negated = this.#keyword('NOT');
    if (this.#keyword('NULL')) return { kind: 'null', operand, negated };
    if (!this.#keyword('DISTINCT') || !this.#keyword('FROM')) return undefined;
    const literal = this.#value();
    if (literal === undefined || this.#goesOn()) return undefined;
    const equal: Predicate = { kind: 'compare', operand, operator: '=', literal };
    // A parameter may be null, which is not distinct from null.
    if ('parameter' in literal) return UNKNOWN;
    // Null is no answer here, so the negation of what holds for null does not.
    const nullness: Predicate = { kind: 'null', operand, negated };
    return { kind: negated ? 'and' : 'or', children: [negated ? equal : negate(equal), nullness] };
  }

  #between(operand: Operand): Predicate | undefined {
    const lower = this.#value();
    if (lower === undefined || !this.#keyword('AND')) return undefined;
    const upper = this.#value();
    if (upper === undefined) return undefined;
    return {
      kind: 'and',
      children: [
        { kind: 'compare', operand, operator: '>=', literal: lower },
        { kind: 'compare', operand, operator: '<=', literal: upper },
      ],
    };
  }

  #in(operand: Operand): Predicate | undefined {
    if (!this.#symbol('(')) return undefined;
    const children: Predicate[] = [];
    do {
      // Null is equal to nothing. (Negated, it makes the whole condition null or false; knowing less only keeps more.)
      if (this.#keyword('NULL')) continue;
      const literal = this.#value();
      if (literal === undefined) return undefined;
      children.push({ kind: 'compare', operand, operator: '=', literal });
    } while (this.#symbol(','));
    return this.#symbol(')') ? { kind: 'or', children } : undefined;
  }

  #like(operand: Operand): Predicate | undefined {
    const value = this.#value();
    if (value === undefined || 'parameter' in value || value.written !== 'text' || this.#goesOn()) return undefined;
    const wildcard = value.text.search(/[%_]/);
    // Negated, the rest of the pattern matters: `negate` knows nothing of prefixes, and so keeps all.
    if (wildcard < 0) return { kind: 'compare', operand, operator: '=', literal: value };
    return { kind: 'prefix', operand, prefix: value.text.slice(0, wildcard) };
  }

  #startsWith(operand: Operand): Predicate | undefined {
    const value = this.#value();
    return value !== undefined && 'text' in value ? { kind: 'prefix', operand, prefix: value.text } : undefined;
  }

  /** `starts_with(s, 'a')`, also as `prefix`. */
  #prefixCall(): Predicate | undefined {
    const start = this.#at;
    const name = this.#functionName();
    if (name === 'starts_with' || name === 'prefix') {
      this.#at += 2;
      const operand = this.#operand();
      if (operand !== undefined && this.#symbol(',')) {
        const prefix = this.#startsWith(operand);
        if (prefix !== undefined && this.#symbol(')') && !this.#goesOn()) return prefix;
      }
    }
    this.#at = start;
    return undefined;
  }

  #side(): Side | undefined {
    const value = this.#value();
    if (value !== undefined) return { value };
    const row = this.#row();
    if (row !== undefined) return { row };
    const operand = this.#operand();
    return operand === undefined ? undefined : { operand };
  }

  /** `(a, b)`, printed as `"row"(a, b)`. */
  #row(): Side[] | undefined {
    const start = this.#at;
    if (this.#printed && this.#functionName() === 'row') this.#at++;
    const sides: Side[] = [];
    if (this.#symbol('(')) {
      do {
        const value = this.#value();
        const operand = value === undefined ? this.#operand() : undefined;
        if (value !== undefined) sides.push({ value });
        else if (operand !== undefined) sides.push({ operand });
        else break;
      } while (this.#symbol(','));
      if (sides.length > 1 && this.#symbol(')')) return sides;
    }
    this.#at = start;
    return undefined;
  }

  #value(): Value | undefined {
    const start = this.#at;
    const token = this.#tokens[start];
    if (token === undefined || token.unterminated) return undefined;
    if (token.kind === 'parameter' && !this.#printed) {
      if (!token.text.startsWith('$') || this.#tokens[start + 1]?.text === '::') return undefined;
      this.#at++;
      return { parameter: token.text.slice(1).toLowerCase() };
    }
    const plain = this.#number() ?? this.#text() ?? this.#truth();
    if (plain === undefined) return this.#typedText();
    if (!this.#symbol('::')) return plain;
    const type = this.#type();
    // A number that is cast may be rounded; a printed one is of that type already.
    if (type !== undefined && (this.#printed || plain.written === 'text')) return { ...plain, type };
    this.#at = start;
    return undefined;
  }

  #number(): Literal | undefined {
    const sign = this.#tokens[this.#at]?.text === '-' ? '-' : '';
    const number = this.#tokens[this.#at + sign.length];
    if (number?.kind !== 'number') return undefined;
    this.#at += sign.length + 1;
    return { text: sign + number.text.replaceAll('_', ''), written: 'number' };
  }

  #text(): Literal | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'string' || !/^(?:['$]|e')/i.test(token.text)) return undefined;
    this.#at++;
    return { text: stringValue(token) ?? '', written: 'text' };
  }

  #truth(): Literal | undefined {
    if (this.#keyword('TRUE')) return { text: 'true', written: 'keyword' };
    return this.#keyword('FALSE') ? { text: 'false', written: 'keyword' } : undefined;
  }

  /** `DATE '2001-01-01'`. */
  #typedText(): Literal | undefined {
    const start = this.#at;
    const type = this.#tokens[start]?.kind === 'identifier' ? this.#type() : undefined;
    const text = type === undefined ? undefined : this.#text();
    if (type !== undefined && text !== undefined && this.#tokens[this.#at]?.text !== '::') return { ...text, type };
    this.#at = start;
    return undefined;
  }

  #operand(): Operand | undefined {
    const start = this.#at;
    const operand = this.#call() ?? this.#columnPath();
    if (operand === undefined) {
      this.#at = start;
      return undefined;
    }
    let converted = operand;
    while (this.#symbol('::')) {
      const type = this.#type();
      if (type === undefined) return undefined;
      converted = convert(converted, { kind: 'cast', type });
    }
    return converted;
  }

  #columnPath(): Operand | undefined {
    const path: string[] = [];
    do {
      const token = this.#tokens[this.#at];
      const name = token === undefined || token.unterminated ? undefined : identifierValue(token);
      if (name === undefined) return undefined;
      path.push(name);
      this.#at++;
    } while (this.#symbol('.'));
    const next = this.#tokens[this.#at]?.text;
    if (next === '(' || next === '[') return undefined;
    if (path.length > 1 && this.#qualifiers.has((path[0] ?? '').toLowerCase())) path.shift();
    return { path, conversions: [] };
  }

  #call(): Operand | undefined {
    const start = this.#at;
    const name = this.#functionName();
    if (name === undefined || !(this.#printed || name === 'cast')) return undefined;
    this.#at += 2;
    const inner = this.#operand();
    const result = inner === undefined ? undefined : this.#callOf(name, inner);
    if (result !== undefined && this.#symbol(')')) return result;
    this.#at = start;
    return undefined;
  }

  /** What a function makes of its first argument, the others being constants. */
  #callOf(name: string, inner: Operand): Operand | undefined {
    switch (name) {
      case 'cast': {
        const type = this.#keyword('AS') ? this.#type() : undefined;
        return type === undefined ? undefined : convert(inner, { kind: 'cast', type });
      }
      case 'year':
        return convert(inner, { kind: 'year' });
      case 'left': {
        const length = this.#argument();
        return length === undefined ? undefined : convert(inner, { kind: 'left', length: Number(length) });
      }
      case 'substring': {
        const [from, length] = [this.#argument(), this.#argument()];
        return from === '1' && length !== undefined
          ? convert(inner, { kind: 'left', length: Number(length) })
          : undefined;
      }
      // `st['b']`; of a list or a map there is no such leaf.
      case 'array_extract':
      case 'struct_extract': {
        const field = this.#symbol(',') ? this.#text()?.text : undefined;
        return field === undefined || inner.conversions.length > 0
          ? undefined
          : { path: [...inner.path, field], conversions: [] };
      }
      default:
        return undefined;
    }
  }

  #argument(): string | undefined {
    if (!this.#symbol(',')) return undefined;
    return (this.#number() ?? this.#text())?.text;
  }

  /** The name of the function that is called here, in lower case. */
  #functionName(): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || this.#tokens[this.#at + 1]?.text !== '(') return undefined;
    return identifierValue(token)?.toLowerCase();
  }

  #type(): PrimitiveType | undefined {
    const read = readTypeName(this.#tokens.slice(this.#at, this.#at + 8));
    if (read === undefined) return undefined;
    this.#at += read.length;
    return read.type;
  }

  #operator(): CompareOperator | undefined {
    const operator = OPERATORS.get(this.#tokens[this.#at]?.text ?? '');
    if (operator !== undefined) this.#at++;
    return operator;
  }

  #keyword(word: string): boolean {
    if (!isKeyword(this.#tokens[this.#at], word)) return false;
    this.#at++;
    return true;
  }

  #symbol(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.text !== text || token.kind === 'string' || token.kind === 'quotedIdentifier') return false;
    this.#at++;
    return true;
  }
}

function convert(operand: Operand, conversion: Conversion): Operand {
  return { path: operand.path, conversions: [...operand.conversions, conversion] };
}

function isTrue(operand: Operand): Predicate {
  return { kind: 'compare', operand, operator: '=', literal: { text: 'true', written: 'keyword' } };
}

function comparison(left: Side, operator: CompareOperator, right: Side): Predicate | undefined {
  if ('operand' in left && 'value' in right) {
    return { kind: 'compare', operand: left.operand, operator, literal: right.value };
  }
  if ('value' in left && 'operand' in right) return comparison(right, MIRRORED[operator], left);
  return 'row' in left && 'row' in right ? rowComparison(left.row, operator, right.row) : undefined;
}

/**
 * Rows are equal when all of their members are; otherwise the first members decide, if they differ, and null is above all. That is weaker than the condition, hence the `unknown` beside it: the negation of
 * something weaker would be stronger.
 */
function rowComparison(
  left: readonly Side[],
  operator: CompareOperator,
  right: readonly Side[],
): Predicate | undefined {
  if (left.length !== right.length || operator === '!=') return undefined;
  if (operator === '=') {
    const children = left.map((side, index) => comparison(side, '=', right[index] ?? side));
    return children.every((child) => child !== undefined) ? { kind: 'and', children } : undefined;
  }
  const [first, other] = [left[0], right[0]];
  if (first === undefined || other === undefined || !('operand' in first)) return undefined;
  const below = operator === '<' || operator === '<=';
  const decided = comparison(first, below ? '<=' : '>=', other);
  if (decided === undefined) return undefined;
  const isNull: Predicate = { kind: 'null', operand: first.operand, negated: false };
  return { kind: 'and', children: [below ? decided : { kind: 'or', children: [decided, isNull] }, UNKNOWN] };
}
