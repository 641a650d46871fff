import type { Parameter, Parameters } from '../../ports/kernel.ts';
import { parseBound } from '../../table/bound-text.ts';
import type { PrimitiveType, TableSchema } from '../../table/schema.ts';
import { isInteger } from './conversion.ts';
import type { Conversion, Literal, Operand, Predicate } from './predicate.ts';
import { bindOperand } from './prune.ts';

/**
 * A condition as it was typed, with constants as the kernel would compare them: of the operand's type, or the operand cast to theirs. `undefined` when
 * anything about it is not certain. Without `parameters` it has none.
 */
export function bindCondition(
  predicate: Predicate,
  schema: TableSchema,
  parameters: Parameters | undefined,
): Predicate | undefined {
  switch (predicate.kind) {
    case 'unknown':
    case 'keys':
      return undefined;
    case 'and':
    case 'or': {
      const children = predicate.children.map((child) => bindCondition(child, schema, parameters));
      return children.every((child) => child !== undefined) ? { kind: predicate.kind, children } : undefined;
    }
    case 'null':
    case 'prefix':
      return bindOperand(predicate.operand, schema) === undefined ? undefined : predicate;
    case 'compare': {
      const type = bindOperand(predicate.operand, schema)?.type;
      if (type === undefined) return undefined;
      const { literal } = predicate;
      if (!('parameter' in literal)) return withLiteral(predicate, type, literal);
      const value = parameterValue(literal.parameter, parameters);
      if (value === null) return nothing(predicate.operand);
      const given = value === undefined ? undefined : parameterLiteral(value, type);
      return given === undefined ? undefined : withLiteral(predicate, type, given);
    }
  }
}

/** Null compares to nothing: no row matches. */
function nothing(operand: Operand): Predicate {
  return {
    kind: 'and',
    children: [
      { kind: 'null', operand, negated: false },
      { kind: 'null', operand, negated: true },
    ],
  };
}

function withLiteral(
  predicate: Predicate & { kind: 'compare' },
  type: PrimitiveType,
  literal: Literal,
): Predicate | undefined {
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
