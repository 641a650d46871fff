import type { Parameter, Scalar } from '../../../ports/kernel.ts';
import type { PrimitiveName, PrimitiveType } from '../../../table/schema.ts';
import { DecimalLiteral, TypedLiteral, type Literal } from './literal.ts';
import { dateDays, timestampMicros, timeMicros } from './moment.ts';

/** Longer values go through the kernel: what is pending stays small. */
const MAX_BYTES = 64 << 10;
/** Largest integer that a FLOAT and all below it hold exactly. */
const FLOAT_EXACT = 1n << 24n;
const DOUBLE_EXACT = 1n << 53n;

const INTEGER_RANGES: Partial<Record<PrimitiveName, readonly [bigint, bigint]>> = {
  TINYINT: [-(1n << 7n), (1n << 7n) - 1n],
  SMALLINT: [-(1n << 15n), (1n << 15n) - 1n],
  INTEGER: [-(1n << 31n), (1n << 31n) - 1n],
  BIGINT: [-(1n << 63n), (1n << 63n) - 1n],
  UTINYINT: [0n, (1n << 8n) - 1n],
  USMALLINT: [0n, (1n << 16n) - 1n],
  UINTEGER: [0n, (1n << 32n) - 1n],
};

/**
 * A value as a column of this type holds it, where the kernel's cast is certain to give the same; `undefined` where it is for the kernel to say, errors included. Parameters are what `engine/kernel/parameter.ts`
 * binds them as.
 */
export function toScalar(value: Literal | Parameter, type: PrimitiveType): Scalar | undefined {
  if (value === null) return null;
  if (typeof value === 'string') return fromString(value, type);
  if (typeof value === 'bigint') return fromInteger(value, type);
  if (typeof value === 'boolean') return type.name === 'BOOLEAN' ? value : undefined;
  if (typeof value === 'object') return fromObject(value, type);
  if (typeof value !== 'number') return undefined;
  const isInteger = Number.isSafeInteger(value) && !Object.is(value, -0);
  return isInteger ? fromInteger(BigInt(value), type) : fromDouble(value, type);
}

function fromObject(value: object, type: PrimitiveType): Scalar | undefined {
  if (value instanceof TypedLiteral) return value.typeName === type.name ? fromString(value.text, type) : undefined;
  if (value instanceof DecimalLiteral) return fromDecimal(value, type);
  if (value instanceof Uint8Array) {
    // A copy: the caller may go on to use its array.
    return type.name === 'BLOB' && value.length <= MAX_BYTES ? value.slice() : undefined;
  }
  if (Object.prototype.toString.call(value) !== '[object Date]') return undefined;
  if (type.name !== 'TIMESTAMP' && type.name !== 'TIMESTAMP WITH TIME ZONE') return undefined;
  const ms = (value as { getTime(): number }).getTime();
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1000n;
}

function fromInteger(value: bigint, type: PrimitiveType): Scalar | undefined {
  const range = INTEGER_RANGES[type.name];
  if (range !== undefined) {
    if (value < range[0] || value > range[1]) return undefined;
    return type.name === 'BIGINT' ? value : Number(value);
  }
  if (type.name === 'DECIMAL') return scaled(value, 0, type);
  const exact = type.name === 'DOUBLE' ? DOUBLE_EXACT : type.name === 'FLOAT' ? FLOAT_EXACT : undefined;
  return exact !== undefined && value <= exact && value >= -exact ? Number(value) : undefined;
}

function fromDouble(value: number, type: PrimitiveType): Scalar | undefined {
  if (type.name === 'DOUBLE') return value;
  if (type.name === 'DECIMAL') return roundedDecimal(value, type);
  if (type.name !== 'FLOAT') return undefined;
  const float = Math.fround(value);
  return Number.isFinite(float) || !Number.isFinite(value) ? float : undefined;
}

/** The kernel multiplies and rounds; halves are left to it. */
function roundedDecimal(value: number, type: PrimitiveType): bigint | undefined {
  const product = value * 10 ** (type.scale ?? 0);
  const bound = Math.min(10 ** (type.precision ?? 0), Number.MAX_SAFE_INTEGER);
  if (!(Math.abs(product) < bound - 1)) return undefined;
  const rounded = Math.round(product);
  return Math.abs(product - Math.trunc(product)) === 0.5 ? undefined : BigInt(rounded);
}

function fromDecimal(value: DecimalLiteral, type: PrimitiveType): Scalar | undefined {
  const { unscaled, scale } = value;
  if (type.name === 'DECIMAL') return scaled(unscaled, scale, type);
  // A quotient of two numbers that are exact is rounded once.
  const isExact = unscaled <= DOUBLE_EXACT && unscaled >= -DOUBLE_EXACT && scale <= 22;
  return type.name === 'DOUBLE' && isExact ? Number(unscaled) / 10 ** scale : undefined;
}

function scaled(unscaled: bigint, scale: number, type: PrimitiveType): bigint | undefined {
  const digits = (type.scale ?? 0) - scale;
  if (digits < 0) return undefined;
  const result = unscaled * 10n ** BigInt(digits);
  const bound = 10n ** BigInt(type.precision ?? 0);
  return result < bound && result > -bound ? result : undefined;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DECIMAL = /^(-?)(\d{1,38})(?:\.(\d{1,38}))?$/;

const FROM_STRING: Partial<Record<PrimitiveName, (value: string, type: PrimitiveType) => Scalar | undefined>> = {
  // Native code takes a NUL character for the end, and half of a surrogate pair for another character.
  VARCHAR: (value) => (value.length <= MAX_BYTES && !value.includes('\0') && value.isWellFormed() ? value : undefined),
  UUID: (value) => (UUID.test(value) ? value.toLowerCase() : undefined),
  DATE: dateDays,
  TIME: timeMicros,
  TIMESTAMP: timestampMicros,
  'TIMESTAMP WITH TIME ZONE': timestampMicros,
  DECIMAL: decimalOf,
};

function fromString(value: string, type: PrimitiveType): Scalar | undefined {
  return FROM_STRING[type.name]?.(value, type);
}

function decimalOf(value: string, type: PrimitiveType): bigint | undefined {
  const [, sign, whole = '', fraction = ''] = DECIMAL.exec(value) ?? [];
  if (sign === undefined) return undefined;
  const digits = BigInt(whole + fraction);
  return scaled(sign === '-' ? -digits : digits, fraction.length, type);
}
