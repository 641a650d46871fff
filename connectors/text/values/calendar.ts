/**
 * Dates and times as text, for every value that a 64-bit count can hold: in the proleptic Gregorian calendar, by
 * arithmetic alone, since JavaScript's Date ends in the year 275760 and knows milliseconds only.
 *
 * There are two notations. `sql` is what DuckDB and PostgreSQL print and read back: `0044-03-15 (BC) 12:00:00.5+00`.
 * `iso` is ISO 8601 for other programs: `-000043-03-15T12:00:00.500000Z`, where a fraction has 6 digits (9 where
 * nanoseconds need them) and a year outside of 0000–9999 has a sign and at least 6 digits.
 */
export type Notation = 'sql' | 'iso';

const SECONDS_PER_DAY = 86_400n;
const INT64_MAX = 2n ** 63n - 1n;
const INT32_MAX = 2 ** 31 - 1;

/** A date as days since 1970-01-01. The greatest and least 32-bit counts stand for the infinite dates. */
export function dateText(days: number, notation: Notation): string {
  if (days === INT32_MAX) return 'infinity';
  if (days === -INT32_MAX) return '-infinity';
  return calendarDate(days, notation);
}

/** A time since midnight, in units of which a second has `perSecond`. 24:00:00 is a time. */
export function timeText(value: bigint, perSecond: bigint, notation: Notation): string {
  const seconds = Number(value / perSecond);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const text = clock.map((part) => String(part).padStart(2, '0')).join(':');
  return text + fractionText(value % perSecond, perSecond, notation);
}

/** A timestamp since 1970-01-01 00:00, in units of which a second has `perSecond`; `utc` for one that is an instant. */
export function timestampText(value: bigint, perSecond: bigint, utc: boolean, notation: Notation): string {
  if (value === INT64_MAX) return 'infinity';
  if (value === -INT64_MAX) return '-infinity';
  const perDay = SECONDS_PER_DAY * perSecond;
  let days = value / perDay;
  let inDay = value % perDay;
  if (inDay < 0n) {
    days -= 1n;
    inDay += perDay;
  }
  const date = calendarDate(Number(days), notation);
  const time = timeText(inDay, perSecond, notation);
  return notation === 'iso' ? `${date}T${time}${utc ? 'Z' : ''}` : `${date} ${time}${utc ? '+00' : ''}`;
}

/** An interval as DuckDB prints it: `1 year 2 months 3 days 04:05:06.7`. */
export function intervalText(months: number, days: number, nanoseconds: bigint): string {
  const parts: string[] = [];
  const add = (count: number, unit: string): void => {
    if (count !== 0) parts.push(`${count} ${unit}${Math.abs(count) === 1 ? '' : 's'}`);
  };
  add(Math.trunc(months / 12), 'year');
  add(months % 12, 'month');
  add(days, 'day');
  if (nanoseconds !== 0n || parts.length === 0) {
    const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
    parts.push((nanoseconds < 0n ? '-' : '') + timeText(size, 1_000_000_000n, 'sql'));
  }
  return parts.join(' ');
}

function fractionText(fraction: bigint, perSecond: bigint, notation: Notation): string {
  if (fraction === 0n) return '';
  const digits = String(fraction).padStart(String(perSecond).length - 1, '0');
  const trimmed = digits.replace(/0+$/, '');
  if (notation === 'sql') return `.${trimmed}`;
  return `.${trimmed.padEnd(trimmed.length > 6 ? 9 : 6, '0')}`;
}

function calendarDate(days: number, notation: Notation): string {
  const { year, month, day } = civilDate(days);
  const monthDay = `${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  if (notation === 'sql') {
    return year > 0
      ? `${String(year).padStart(4, '0')}-${monthDay}`
      : `${String(1 - year).padStart(4, '0')}-${monthDay} (BC)`;
  }
  if (year >= 0 && year <= 9999) return `${String(year).padStart(4, '0')}-${monthDay}`;
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}-${monthDay}`;
}

/**
 * Year (0 is 1 BC), month and day of a day count. Years are taken to begin in March, so that the leap day comes last;
 * 400 of them always have 146,097 days.
 */
function civilDate(days: number): { year: number; month: number; day: number } {
  const sinceMarch0 = days + 719_468; // days since 0000-03-01
  const era = Math.floor(sinceMarch0 / 146_097);
  const dayOfEra = sinceMarch0 - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
