const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z?)?$/;
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const DAY_MICROS = 86_400_000_000n;
const DAYS_TO_1970 = 719_162;

/** Days since 1970 of `YYYY-MM-DD`, from the year 1 on; `undefined` for other forms and days that there are not. */
export function dateDays(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1 || month < 1 || month > 12 || day < 1) return undefined;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const before = DAYS_BEFORE[month - 1] ?? 0;
  const length = (DAYS_BEFORE[month] ?? 0) - before + Number(isLeap && month === 2);
  if (day > length) return undefined;
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  return past * 365 + leapDays + before + Number(isLeap && month > 2) + day - 1 - DAYS_TO_1970;
}

/** Microseconds since midnight of `HH:MM:SS[.ffffff]`. */
export function timeMicros(text: string): bigint | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return BigInt((hours * 3600 + minutes * 60 + seconds) * 1_000_000 + Number((match[4] ?? '').padEnd(6, '0')));
}

/** Microseconds since 1970 of `YYYY-MM-DD[ HH:MM:SS[.ffffff][Z]]`, in UTC. */
export function timestampMicros(text: string): bigint | undefined {
  const match = TIMESTAMP.exec(text);
  const days = match === null ? undefined : dateDays(match[1] ?? '');
  const time = match?.[2] === undefined ? 0n : timeMicros(match[2]);
  return days === undefined || time === undefined ? undefined : BigInt(days) * DAY_MICROS + time;
}
