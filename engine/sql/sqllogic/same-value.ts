import type { ColumnType } from './database.ts';

/** Whether two values of a numeric or boolean column are the same though their texts differ: `1` and `1.0`, `t` and `1`. */
export function sameValue(actual: string, expected: string, type: ColumnType): boolean {
  switch (type.kind) {
    case 'boolean':
      return booleanOf(actual) !== undefined && booleanOf(actual) === booleanOf(expected);
    case 'float':
      return nearlySame(numberOf(actual, type.bits), numberOf(expected, type.bits));
    case 'decimal': {
      const [left, right] = [unscaled(actual, type.scale), unscaled(expected, type.scale)];
      return left !== undefined && left === right;
    }
    case 'other':
      return false;
  }
}

function booleanOf(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === '1') return true;
  return lower === 'false' || lower === '0' ? false : undefined;
}

/** The format allows floating-point numbers a hundredth, as scripts round what they expect. */
function nearlySame(actual: number | undefined, expected: number | undefined): boolean {
  if (actual === undefined || expected === undefined) return false;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Object.is(actual, expected);
  return Math.abs(actual - expected) <= Math.abs(expected) * 0.01 + 1e-8;
}

function numberOf(text: string, bits: 32 | 64): number | undefined {
  const lower = text.trim().toLowerCase();
  if (lower === 'nan' || lower === '-nan') return NaN;
  const infinite = /^([+-]?)inf(inity)?$/.exec(lower);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  if (lower === 'true' || lower === 'false') return lower === 'true' ? 1 : 0;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(lower)) return undefined;
  return bits === 32 ? Math.fround(Number(lower)) : Number(lower);
}

/** A decimal number times 10 to the scale, rounded half away from zero. */
function unscaled(text: string, scale: number): bigint | undefined {
  const lower = text.trim().toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true' ? 10n ** BigInt(scale) : 0n;
  const match = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/.exec(lower);
  const [, sign, whole = '', fraction = '', exponent = '0'] = match ?? [];
  if (match === null || whole + fraction === '') return undefined;
  const shift = scale + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  const divisor = shift < 0 ? 10n ** BigInt(-shift) : 1n;
  const magnitude = shift < 0 ? (digits + divisor / 2n) / divisor : digits * 10n ** BigInt(shift);
  return sign === '-' ? -magnitude : magnitude;
}
