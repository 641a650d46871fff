import type { Bound } from './bound.ts';
import { daysFromCivil } from './civil-date.ts';
import type { PrimitiveName, PrimitiveType } from './schema.ts';

/**
 * The kernel's text of a value (in Parquet statistics and in the filters of a plan) as a `Bound` of the type's storage type, so that both compare. `undefined` when the text is not
 * understood, or is not the one text of its value, which only ever means "do not prune". Whether bounds order as values do: `boundOrder`.
 */
export function parseBound(text: string, type: PrimitiveType): Bound | undefined {
  switch (type.name) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
    case 'BIGINT':
    case 'UTINYINT':
    case 'USMALLINT':
    case 'UINTEGER':
    case 'UBIGINT':
      return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
    case 'DECIMAL':
      return parseDecimal(text, type.scale ?? 0);
    case 'FLOAT':
    case 'DOUBLE':
      return parseDouble(text);
    case 'BOOLEAN':
      return parseBoolean(text);
    case 'DATE':
      return parseDate(text);
    case 'TIME':
      return parseTime(text);
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH TIME ZONE':
      return parseTimestamp(text);
    case 'TIMESTAMP_S':
      return multipleOf(SECOND, parseTimestamp(text));
    case 'TIMESTAMP_MS':
      return multipleOf(1000n, parseTimestamp(text));
    case 'TIMESTAMP_NS':
      return parseTimestampNs(text);
    case 'VARCHAR':
    case 'JSON':
    case 'ENUM':
      return text;
    case 'TIME_NS':
      return /^\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?$/.test(text) ? text : undefined;
    case 'HUGEINT':
    case 'UHUGEINT':
    case 'BIGNUM':
      return /^(0|-?[1-9]\d*)$/.test(text) ? text : undefined;
    case 'BIT':
      return /^[01]+$/.test(text) ? text : undefined;
    case 'UUID':
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;
    case 'BLOB':
    case 'GEOMETRY':
    case 'TIME WITH TIME ZONE':
      return undefined;
  }
}

function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  if (fraction.length > scale || whole + fraction === '') return undefined;
  const digits = BigInt(whole + fraction.padEnd(scale, '0'));
  return sign === '-' ? -digits : digits;
}

function parseDouble(text: string): number | undefined {
  if (text === 'inf') return Infinity;
  if (text === '-inf') return -Infinity;
  const value = text === '' ? NaN : Number(text);
  return Number.isNaN(value) ? undefined : value;
}

function parseBoolean(text: string): boolean | undefined {
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}

function parseDate(text: string): bigint | undefined {
  const match = /^(\d{4,})-(\d\d)-(\d\d)( \(BC\))?$/.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', bc] = match;
  return daysFromCivil(bc === undefined ? BigInt(year) : 1n - BigInt(year), BigInt(month), BigInt(day));
}

const SECOND = 1_000_000n;

function parseTime(text: string): bigint | undefined {
  const match = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/.exec(text);
  if (match === null) return undefined;
  const [, hour = '', minute = '', second = '', fraction = ''] = match;
  return (BigInt(hour) * 3600n + BigInt(minute) * 60n + BigInt(second)) * SECOND + BigInt(fraction.padEnd(6, '0'));
}

function parseTimestamp(text: string): bigint | undefined {
  const match = /^(\d{4,}-\d\d-\d\d(?: \(BC\))?)(?: (\d\d:\d\d:\d\d(?:\.\d{1,6})?))?([+-]\d\d(?::\d\d)?)?$/.exec(text);
  if (match === null) return undefined;
  const [, dateText = '', timeText = '00:00:00', offset = '+00'] = match;
  const days = parseDate(dateText);
  const time = parseTime(timeText);
  if (days === undefined || time === undefined) return undefined;
  const [hours = '0', minutes = '0'] = offset.slice(1).split(':');
  const offsetMicros = (BigInt(hours) * 3600n + BigInt(minutes) * 60n) * SECOND;
  return days * 86_400n * SECOND + time - (offset.startsWith('-') ? -offsetMicros : offsetMicros);
}

/** Not understood is what the kernel would round. */
function multipleOf(unit: bigint, value: bigint | undefined): bigint | undefined {
  return value !== undefined && value % unit === 0n ? value : undefined;
}

/** Nanoseconds since 1970. */
function parseTimestampNs(text: string): bigint | undefined {
  const match = /^([^.]*\.\d{1,6})(\d{0,3})$/.exec(text);
  const micros = parseTimestamp(match?.[1] ?? text);
  return micros === undefined ? undefined : micros * 1000n + BigInt((match?.[2] ?? '').padEnd(3, '0'));
}

/** What the bounds of a column say: where a value's place among them is its place among values (`order`), whether a value can be there (`equality`), or nothing (`none`). */
export function boundOrder({ name }: PrimitiveType): 'order' | 'equality' | 'none' {
  if (UNKNOWN_ORDER.has(name)) return 'none';
  return OTHER_ORDER.has(name) ? 'equality' : 'order';
}

/** Their text orders otherwise than they do, and each value has one text. */
const OTHER_ORDER: ReadonlySet<PrimitiveName> = new Set(['HUGEINT', 'UHUGEINT', 'BIGNUM', 'BIT', 'ENUM']);
const UNKNOWN_ORDER: ReadonlySet<PrimitiveName> = new Set(['BLOB', 'GEOMETRY', 'TIME WITH TIME ZONE']);

/** Negative, zero or positive; both bounds are of the same type. Strings and blobs compare by unsigned bytes, as the kernel and Iceberg do. */
export function compareBounds(a: Bound, b: Bound): number {
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  return a < b ? -1 : Number(a > b);
}

/** In the order of their UTF-8 bytes, which is that of UTF-16 units but for surrogates: they stand for characters above all others. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
