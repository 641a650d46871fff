import type { Bound } from './bound.ts';
import type { PrimitiveType } from './schema.ts';

/**
 * The kernel's text of a value (in Parquet statistics and in the filters of a plan) as a `Bound`, so that both compare. `undefined` when the text is not
 * understood, which only ever means "do not prune".
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
    case 'VARCHAR':
      return text;
    case 'UUID':
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;
    case 'BLOB':
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

/** Days since 1970-01-01, proleptic Gregorian. */
function daysFromCivil(year: bigint, month: bigint, day: bigint): bigint {
  const y = month <= 2n ? year - 1n : year;
  const era = (y >= 0n ? y : y - 399n) / 400n;
  const yearOfEra = y - era * 400n;
  const dayOfYear = (153n * (month + (month > 2n ? -3n : 9n)) + 2n) / 5n + day - 1n;
  const dayOfEra = yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear;
  return era * 146097n + dayOfEra - 719468n;
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
  const match = /^(\d{4,}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d{1,6})?))?( \(BC\))?([+-]\d\d(?::\d\d)?)?$/.exec(text);
  if (match === null) return undefined;
  const [, dateText = '', timeText = '00:00:00', bc = '', offset = '+00'] = match;
  const days = parseDate(dateText + bc);
  const time = parseTime(timeText);
  if (days === undefined || time === undefined) return undefined;
  const [hours = '0', minutes = '0'] = offset.slice(1).split(':');
  const offsetMicros = (BigInt(hours) * 3600n + BigInt(minutes) * 60n) * SECOND;
  return days * 86_400n * SECOND + time - (offset.startsWith('-') ? -offsetMicros : offsetMicros);
}

const encoder = new TextEncoder();

/** Negative, zero or positive; both bounds are of the same type. Strings and blobs compare by unsigned bytes, as the kernel and Iceberg do. */
export function compareBounds(a: Bound, b: Bound): number {
  if (typeof a === 'string' && typeof b === 'string') return compareBytes(encoder.encode(a), encoder.encode(b));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  return a < b ? -1 : Number(a > b);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
