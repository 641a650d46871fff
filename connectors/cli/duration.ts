import { UsageError } from './options.ts';

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of a duration such as `90s`, `1.5h` or `7d`. */
export function parseDuration(text: string, command: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text);
  const durationMs = Number(match?.[1]) * (UNITS_MS[match?.[2] ?? ''] ?? Number.NaN);
  if (durationMs > 0 && Number.isSafeInteger(Math.ceil(durationMs))) return Math.ceil(durationMs);
  throw new UsageError(`${JSON.stringify(text)} is no duration; write it as 500ms, 90s, 30m, 12h, 7d or 2w`, command);
}
