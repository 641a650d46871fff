import { civilDate, daysFromCivil } from '../../table/civil-date.ts';
import { parseBound } from '../../table/bound-text.ts';
import type { Bound } from '../../table/bound.ts';
import type { PrimitiveType } from '../../table/schema.ts';
import type { Literal } from './predicate.ts';
import type { TokenCursor } from './token-cursor.ts';

/** What is added to a time. */
export interface Shift {
  readonly months: bigint;
  readonly days: bigint;
  readonly micros: bigint;
  /** Written as a number of days, which only a DATE takes. */
  readonly isNumber: boolean;
}

const MICROS_PER_DAY = 86_400_000_000n;

const UNITS: ReadonlyMap<string, Pick<Shift, 'months' | 'days' | 'micros'>> = new Map([
  ['year', { months: 12n, days: 0n, micros: 0n }],
  ['quarter', { months: 3n, days: 0n, micros: 0n }],
  ['month', { months: 1n, days: 0n, micros: 0n }],
  ['week', { months: 0n, days: 7n, micros: 0n }],
  ['day', { months: 0n, days: 1n, micros: 0n }],
  ['hour', { months: 0n, days: 0n, micros: 3_600_000_000n }],
  ['minute', { months: 0n, days: 0n, micros: 60_000_000n }],
  ['second', { months: 0n, days: 0n, micros: 1_000_000n }],
]);

/** `INTERVAL 5 HOUR`, `INTERVAL '5' HOUR`, `INTERVAL '1 month 2 days'`, or a whole number; of one of these the tokens are read. */
export function readInterval(cursor: TokenCursor, sign: bigint): Shift | undefined {
  const first = cursor.peek();
  if (first?.kind === 'number' && /^\d{1,9}$/.test(first.text)) {
    cursor.step();
    return { months: 0n, days: sign * BigInt(first.text), micros: 0n, isNumber: true };
  }
  if (!cursor.keyword('INTERVAL')) return undefined;
  const isGroup = cursor.symbol('(');
  const token = cursor.peek();
  if (token?.kind !== 'number' && token?.kind !== 'string') return undefined;
  const text = token.kind === 'number' ? token.text : token.text.slice(1, -1);
  cursor.step();
  if (isGroup && !cursor.symbol(')')) return undefined;
  const unit = cursor.peek();
  if (/^-?\d{1,9}$/.test(text)) {
    if (unit?.kind !== 'identifier') return undefined;
    cursor.step();
    return shiftOf(`${text} ${unit.text}`, sign);
  }
  // `INTERVAL '1-2' YEAR TO MONTH` and the like.
  return unit !== undefined && unit.kind === 'identifier' && UNITS.has(singular(unit.text))
    ? undefined
    : shiftOf(text, sign);
}

function shiftOf(text: string, sign: bigint): Shift | undefined {
  const words = text.trim().toLowerCase().split(/\s+/);
  let shift: Shift = { months: 0n, days: 0n, micros: 0n, isNumber: false };
  if (words.length % 2 !== 0) return undefined;
  for (let at = 0; at < words.length; at += 2) {
    const [count = '', unit = ''] = words.slice(at, at + 2);
    const one = UNITS.get(singular(unit));
    if (one === undefined || !/^-?\d{1,9}$/.test(count)) return undefined;
    const times = sign * BigInt(count);
    shift = {
      months: shift.months + times * one.months,
      days: shift.days + times * one.days,
      micros: shift.micros + times * one.micros,
      isNumber: false,
    };
  }
  return shift;
}

function singular(unit: string): string {
  return unit.toLowerCase().replace(/s$/, '');
}

/** A DATE with an interval becomes a TIMESTAMP. `undefined` where that makes no sense, or is not known. */
export function shiftLiteral({ text, written, type }: Literal, shift: Shift): Literal | undefined {
  const value = type === undefined || written !== 'text' ? undefined : parseBound(text, type);
  const moved = type === undefined || typeof value !== 'bigint' ? undefined : shiftTime(value, type, shift);
  return moved === undefined ? undefined : timeLiteral(moved.value, moved.type);
}

/** A time as its bound, with something added. */
export function shiftTime(
  value: bigint,
  type: PrimitiveType,
  shift: Shift,
): { readonly value: bigint; readonly type: PrimitiveType } | undefined {
  if (type.name === 'DATE' && shift.isNumber) return { value: value + shift.days, type };
  if (shift.isNumber || !TIMES.has(type.name)) return undefined;
  const micros = type.name === 'DATE' ? value * MICROS_PER_DAY : value;
  const days = floorDivide(micros, MICROS_PER_DAY);
  const moved = addMonths(days, shift.months) + shift.days;
  return {
    value: moved * MICROS_PER_DAY + (micros - days * MICROS_PER_DAY) + shift.micros,
    type: type.name === 'DATE' ? { kind: 'primitive', name: 'TIMESTAMP' } : type,
  };
}

const TIMES: ReadonlySet<string> = new Set(['DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE']);

/** In a month that is too short, its last day. */
function addMonths(days: bigint, months: bigint): bigint {
  if (months === 0n) return days;
  const { year, month, day } = civilDate(days);
  const total = year * 12n + (month - 1n) + months;
  const [newYear, newMonth] = [floorDivide(total, 12n), total - floorDivide(total, 12n) * 12n + 1n];
  const next = daysFromCivil(newMonth === 12n ? newYear + 1n : newYear, newMonth === 12n ? 1n : newMonth + 1n, 1n);
  const first = daysFromCivil(newYear, newMonth, 1n);
  const length = next - first;
  return first + (day < length ? day : length) - 1n;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

/** A time as a constant of its type; `undefined` for years that are not written with four digits. */
export function timeLiteral(value: Bound, type: PrimitiveType): Literal | undefined {
  if (typeof value !== 'bigint' || !TIMES.has(type.name)) return undefined;
  const days = type.name === 'DATE' ? value : floorDivide(value, MICROS_PER_DAY);
  const { year, month, day } = civilDate(days);
  if (year < 1n || year > 9999n) return undefined;
  const two = (number: bigint): string => String(number).padStart(2, '0');
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  if (type.name === 'DATE') return { text: date, written: 'text', type };
  const micros = value - days * MICROS_PER_DAY;
  const seconds = micros / 1_000_000n;
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  const fraction = String(micros % 1_000_000n).padStart(6, '0');
  const zone = type.name === 'TIMESTAMP' ? '' : '+00';
  return { text: `${date} ${clock}.${fraction}${zone}`, written: 'text', type };
}
