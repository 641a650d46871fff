import type { Bound } from '../../table/bound.ts';
import { civilDate, daysFromCivil } from '../../table/civil-date.ts';
import { INTEGER_NAMES, type PrimitiveName, type PrimitiveType } from '../../table/schema.ts';
import type { Conversion, TruncateUnit } from './predicate.ts';

/** What a conversion makes of a type, and of its values: `undefined` where it cannot be said. It keeps the order of values, though different ones may become equal. */
interface Converted {
  readonly type: PrimitiveType;
  readonly convert: (bound: Bound) => Bound | undefined;
}

const MICROS_PER_DAY = 86_400_000_000n;
const MAX_EXACT = 2n ** 53n;

export function isInteger({ name }: PrimitiveType): boolean {
  return INTEGER_NAMES.has(name);
}

export function applyConversions(type: PrimitiveType, conversions: readonly Conversion[]): Converted | undefined {
  // Of a FLOAT some bounds are its shortest text and others its bits.
  const round = (bound: Bound): Bound => (typeof bound === 'number' ? Math.fround(bound) : bound);
  let result: Converted = { type, convert: type.name === 'FLOAT' ? round : (bound) => bound };
  for (const conversion of conversions) {
    const next = applyConversion(result.type, conversion);
    if (next === undefined) return undefined;
    const before = result;
    result = {
      type: next.type,
      convert: (bound) => {
        const value = before.convert(bound);
        return value === undefined ? undefined : next.convert(value);
      },
    };
  }
  return result;
}

function applyConversion(from: PrimitiveType, conversion: Conversion): Converted | undefined {
  switch (conversion.kind) {
    case 'year':
      return from.name === 'DATE' || from.name === 'TIMESTAMP'
        ? { type: { kind: 'primitive', name: 'BIGINT' }, convert: (bound) => yearOf(daysOf(from, bound)) }
        : undefined;
    case 'truncate':
      return truncation(from, conversion.unit);
    case 'left':
      return from.name === 'VARCHAR' && conversion.length > 0
        ? { type: from, convert: (bound) => leftOf(bound, conversion.length) }
        : undefined;
    case 'cast':
      return applyCast(from, conversion.type);
  }
}

function applyCast(from: PrimitiveType, to: PrimitiveType): Converted | undefined {
  const result = (convert: Converted['convert']): Converted => ({ type: to, convert });
  if (from.name === to.name && from.name !== 'DECIMAL') return result((bound) => bound);
  // A value that does not fit the narrower type is an error when the query runs.
  if (isInteger(from) && isInteger(to)) return result((bound) => bound);
  if ((isInteger(from) || from.name === 'DECIMAL') && to.name === 'DECIMAL') return decimalCast(from, to);
  if ((isInteger(from) || from.name === 'DECIMAL') && to.name === 'DOUBLE') {
    const divisor = 10 ** (from.scale ?? 0);
    return result((bound) => (isExact(bound) ? Number(bound) / divisor : undefined));
  }
  if (from.name === 'FLOAT' && to.name === 'DOUBLE') {
    return result((bound) => bound);
  }
  if (TEXTS.has(from.name) && to.name === 'VARCHAR') return result((bound) => bound);
  return temporalCast(from, to);
}

/** Types whose bounds are the kernel's text of their values. */
const TEXTS: ReadonlySet<PrimitiveName> = new Set(['ENUM', 'JSON', 'HUGEINT', 'UHUGEINT', 'BIGNUM', 'BIT', 'TIME_NS']);

function decimalCast(from: PrimitiveType, to: PrimitiveType): Converted | undefined {
  const digits = (to.scale ?? 0) - (from.scale ?? 0);
  // With fewer digits it rounds.
  if (digits < 0) return undefined;
  const factor = 10n ** BigInt(digits);
  return { type: to, convert: (bound) => (typeof bound === 'bigint' ? bound * factor : undefined) };
}

/** The kernel's sessions are in UTC, or nothing is pruned. */
function temporalCast(from: PrimitiveType, to: PrimitiveType): Converted | undefined {
  const isMoment = (type: PrimitiveType): boolean =>
    type.name === 'TIMESTAMP' || type.name === 'TIMESTAMP WITH TIME ZONE';
  // Their bounds are microseconds too; the way to them rounds.
  const isCoarse = from.name === 'TIMESTAMP_S' || from.name === 'TIMESTAMP_MS';
  if ((isMoment(from) || isCoarse) && isMoment(to)) return { type: to, convert: (bound) => bound };
  if (isMoment(from) && to.name === 'DATE') return { type: to, convert: (bound) => daysOf(from, bound) };
  if (from.name === 'DATE' && isMoment(to)) {
    return { type: to, convert: (bound) => (typeof bound === 'bigint' ? bound * MICROS_PER_DAY : undefined) };
  }
  return undefined;
}

function isExact(bound: Bound): boolean {
  return typeof bound === 'bigint' && bound <= MAX_EXACT && bound >= -MAX_EXACT;
}

function daysOf(type: PrimitiveType, bound: Bound): bigint | undefined {
  if (typeof bound !== 'bigint') return undefined;
  if (type.name === 'DATE') return bound;
  const days = bound / MICROS_PER_DAY;
  return bound % MICROS_PER_DAY < 0n ? days - 1n : days;
}

function yearOf(days: bigint | undefined): bigint | undefined {
  return days === undefined ? undefined : civilDate(days).year;
}

/** The first day of the unit in which a day lies. */
function truncateDay(days: bigint, unit: TruncateUnit): bigint {
  const { year, month } = civilDate(days);
  switch (unit) {
    case 'year':
      return daysFromCivil(year, 1n, 1n);
    case 'quarter':
      return daysFromCivil(year, ((month - 1n) / 3n) * 3n + 1n, 1n);
    case 'month':
      return daysFromCivil(year, month, 1n);
    case 'week': {
      // Weeks begin on Monday; the first day of 1970 was a Thursday.
      const weekday = (days + 3n) % 7n;
      return days - (weekday < 0n ? weekday + 7n : weekday);
    }
    case 'day':
    case 'hour':
    case 'minute':
    case 'second':
      return days;
  }
}

const MICROS_PER_UNIT: Readonly<Partial<Record<TruncateUnit, bigint>>> = {
  hour: 3_600_000_000n,
  minute: 60_000_000n,
  second: 1_000_000n,
};

/** `date_trunc`, which makes a TIMESTAMP of a DATE too. */
function truncation(from: PrimitiveType, unit: TruncateUnit): Converted | undefined {
  if (from.name !== 'DATE' && from.name !== 'TIMESTAMP') return undefined;
  const micros = MICROS_PER_UNIT[unit];
  return {
    type: { kind: 'primitive', name: 'TIMESTAMP' },
    convert: (bound) => {
      const days = daysOf(from, bound);
      if (days === undefined || typeof bound !== 'bigint') return undefined;
      if (micros === undefined) return truncateDay(days, unit) * MICROS_PER_DAY;
      const value = from.name === 'DATE' ? bound * MICROS_PER_DAY : bound;
      const rest = value % micros;
      return value - (rest < 0n ? rest + micros : rest);
    },
  };
}

function leftOf(bound: Bound, length: number): string | undefined {
  // The kernel counts code points.
  return typeof bound === 'string'
    ? Array.from(bound.slice(0, length * 2))
        .slice(0, length)
        .join('')
    : undefined;
}
