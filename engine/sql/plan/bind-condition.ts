import type { Parameter, Parameters } from '../../ports/kernel.ts';
import { parseBound } from '../../table/bound-text.ts';
import type { PrimitiveType, TableSchema } from '../../table/schema.ts';
import { isInteger } from './conversion.ts';
import {
  UNKNOWN,
  type CompareOperator,
  type Conversion,
  type Literal,
  type Operand,
  type Predicate,
  type PresentTime,
} from './predicate.ts';
import { presentLiteral } from './present-time.ts';
import { bindOperand } from './prune.ts';

/** What the values of a condition are taken from. */
export interface Given {
  readonly parameters: Parameters | undefined;
  /** When the statement runs: between these, in microseconds since 1970. Only for conditions on the present time. */
  readonly from?: bigint;
  readonly to?: bigint;
}

/**
 * A condition as it was typed, with constants as the kernel would compare them: of the operand's type, or the operand cast to theirs. `undefined` when
 * anything about it is not certain. What is compared with the present time becomes what may hold at some moment between `from` and `to`.
 */
export function bindCondition(predicate: Predicate, schema: TableSchema, given: Given): Predicate | undefined {
  switch (predicate.kind) {
    case 'keys':
      return undefined;
    case 'unknown':
    case 'never':
      return predicate;
    case 'and':
    case 'or': {
      const children = predicate.children.map((child) => bindCondition(child, schema, given));
      return children.every((child) => child !== undefined) ? { kind: predicate.kind, children } : undefined;
    }
    case 'null':
    case 'prefix':
      return bindOperand(predicate.operand, schema) === undefined ? undefined : predicate;
    case 'compare': {
      const type = bindOperand(predicate.operand, schema)?.type;
      return type === undefined ? undefined : bindComparison(predicate, type, given);
    }
  }
}

type Comparison = Predicate & { readonly kind: 'compare' };

function bindComparison(predicate: Comparison, type: PrimitiveType, given: Given): Predicate | undefined {
  const { literal, operand, operator } = predicate;
  // Of a constant that is not the begin of a unit the kernel says that it differs even from null.
  if (operator === '!=' && operand.conversions.some(({ kind }) => kind === 'truncate')) return UNKNOWN;
  if ('written' in literal) return withLiteral(predicate, type, literal);
  if ('present' in literal) return atSomeMoment(predicate, type, literal, given);
  const value = parameterValue(literal.parameter, given.parameters);
  if (value === null) return { kind: 'never' };
  const constant = value === undefined ? undefined : parameterLiteral(value, type);
  return constant === undefined ? undefined : withLiteral(predicate, type, constant);
}

/** Weaker than the condition, so `unknown` stands beside it. */
function atSomeMoment(
  predicate: Comparison,
  type: PrimitiveType,
  literal: PresentTime,
  { from, to }: Given,
): Predicate | undefined {
  const [first, last] = [presentLiteral(literal, from), presentLiteral(literal, to)];
  if (first === undefined || last === undefined) return undefined;
  const isBelow = predicate.operator === '<' || predicate.operator === '<=';
  const sides: [CompareOperator, Literal][] =
    predicate.operator === '='
      ? [
          ['>=', first],
          ['<=', last],
        ]
      : [[predicate.operator, isBelow ? last : first]];
  if (predicate.operator === '!=') return UNKNOWN;
  const children = sides.map(([operator, constant]) => withLiteral({ ...predicate, operator }, type, constant));
  return children.every((child) => child !== undefined) ? { kind: 'and', children: [...children, UNKNOWN] } : undefined;
}

function withLiteral(predicate: Comparison, type: PrimitiveType, literal: Literal): Predicate | undefined {
  const same = literalOf(type, literal);
  if (same !== undefined) return { ...predicate, literal: same };
  const cast = commonType(type, literal);
  const operand = cast === undefined ? undefined : convert(predicate.operand, { kind: 'cast', type: cast });
  const bound = cast === undefined ? undefined : literalOf(cast, literal);
  return operand === undefined || bound === undefined ? undefined : { ...predicate, operand, literal: bound };
}

function convert({ path, conversions }: Operand, conversion: Conversion): Operand {
  return { path, conversions: [...conversions, conversion] };
}

const MICROS = /^\d{4}-\d\d-\d\d$/;

/** The literal as one of `type`, if that is what the kernel makes of it without a change of its value. */
function literalOf(type: PrimitiveType, literal: Literal): Literal | undefined {
  const { text, written } = literal;
  if (written === 'null') return undefined;
  if (written === 'keyword') return type.name === 'BOOLEAN' ? literal : undefined;
  if (written === 'number') return numberOf(type, literal);
  if (literal.type !== undefined && literal.type.name !== type.name) {
    const isMidnight = literal.type.name === 'DATE' && isMoment(type) && MICROS.test(text);
    if (!isMidnight && !(isMoment(literal.type) && isMoment(type))) return undefined;
  }
  if (type.name === 'TIMESTAMP' && literal.type === undefined && /[+-]\d\d(?::\d\d)?$/.test(text.slice(10)))
    return undefined;
  // A text with digits beyond those of the type, which are rounded away, is no bound.
  return !isFloating(type) && parseBound(text, type) !== undefined ? { text, written } : undefined;
}

function numberOf(type: PrimitiveType, { text, written, type: given }: Literal): Literal | undefined {
  if (given !== undefined && given.name !== type.name) return undefined;
  if (isInteger(type)) return /^-?\d{1,18}$/.test(text) ? { text, written } : undefined;
  // Up to 15 digits a DECIMAL and the nearest DOUBLE say the same.
  if (!/^-?(?:\d+\.?\d*|\.\d+)$/.test(text) || text.replace(/\D/g, '').length > 15) return undefined;
  if (type.name === 'DOUBLE') return { text, written };
  return type.name === 'DECIMAL' && parseBound(text, type) !== undefined ? { text, written } : undefined;
}

/** The type in which a column and a constant of another one are compared. */
function commonType(type: PrimitiveType, literal: Literal): PrimitiveType | undefined {
  if (literal.written === 'number') {
    if (!isInteger(type) && type.name !== 'DECIMAL') return undefined;
    if (literal.type?.name === 'DOUBLE') return literal.type;
    const [, fraction = ''] = literal.text.split('.');
    return { kind: 'primitive', name: 'DECIMAL', precision: 38, scale: Math.max(fraction.length, type.scale ?? 0) };
  }
  return type.name === 'DATE' && literal.type !== undefined && isMoment(literal.type) ? literal.type : undefined;
}

function isMoment({ name }: PrimitiveType): boolean {
  return name === 'TIMESTAMP' || name === 'TIMESTAMP WITH TIME ZONE';
}

function isFloating({ name }: PrimitiveType): boolean {
  return name === 'FLOAT' || name === 'DOUBLE';
}

function parameterValue(name: string, parameters: Parameters | undefined): Parameter | undefined {
  if (parameters === undefined) return undefined;
  if (isPositional(parameters)) return /^\d+$/.test(name) ? parameters[Number(name) - 1] : undefined;
  const key = Object.keys(parameters).find((candidate) => candidate.toLowerCase() === name);
  return key === undefined ? undefined : parameters[key];
}

function isPositional(parameters: Parameters): parameters is readonly Parameter[] {
  return Array.isArray(parameters);
}

const DOUBLE: PrimitiveType = { kind: 'primitive', name: 'DOUBLE' };

function parameterLiteral(value: Parameter, type: PrimitiveType): Literal | undefined {
  if (typeof value === 'boolean') return { text: String(value), written: 'keyword' };
  if (typeof value === 'bigint') return { text: String(value), written: 'number' };
  if (typeof value === 'string') return { text: value, written: 'text' };
  if (typeof value !== 'number' || Object.is(value, -0)) return undefined;
  if (Number.isSafeInteger(value)) return { text: String(value), written: 'number' };
  // It is a DOUBLE to the kernel, not a DECIMAL.
  return type.name === 'DOUBLE'
    ? { text: String(value), written: 'number' }
    : { text: String(value), written: 'number', type: DOUBLE };
}
